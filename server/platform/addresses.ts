/** The addresses of a request: the host that it names, and the client that it comes from. */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Logger } from './logger.ts';

/**
 * Whether a `Host` header names an IP literal, `localhost`, or one of the allowed hosts (lower case, without port). Otherwise a foreign
 * name could be pointed at the server (DNS rebinding, rule S1).
 */
export function isAllowedHost(header: string | undefined, allowed: readonly string[]): boolean {
  const match = /^(\[[\da-f:.]+\]|[^:@/\\?#\s]+)(:\d+)?$/i.exec(header ?? '');
  const host = match?.[1]?.toLowerCase() ?? '';
  return host === 'localhost' || isIP(host.replace(/^\[|\]$/g, '')) !== 0 || allowed.includes(host);
}

/** The `Host` header. Several are joined to a text that names no host, since a proxy may have read another one than this server. */
export const hostOf = ({ headersDistinct }: IncomingMessage): string | undefined => headersDistinct.host?.join(', ');

/** Whether an address, to listen on or to be reached from, is this machine's own (rule S2). */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || parseAddress(host)?.range() === 'loopback';
}

/** Finds the address that a request's limits are counted by (rule S8). */
export class ClientAddresses {
  readonly #trustProxy: boolean;
  readonly #log: Logger;
  #hasWarned = false;

  constructor(trustProxy: boolean, log: Logger) {
    this.#trustProxy = trustProxy;
    this.#log = log;
  }

  /** The nearest address that a client can't forge: the last one in `X-Forwarded-For` if the proxy is trusted, else the socket's. */
  of(request: IncomingMessage): string {
    const direct = request.socket.remoteAddress ?? '';
    const forwarded = String(request.headers['x-forwarded-for'] ?? '');
    if (forwarded !== '' && !this.#trustProxy) this.#warnOnce();
    const entry = this.#trustProxy ? forwarded.split(',').at(-1)?.trim() : undefined;
    return countedAs(entry || direct);
  }

  #warnOnce(): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#log.warn(
      'X-Forwarded-For was seen and ignored: set PROOFROOM_TRUST_PROXY=1 if a proxy stands before this server',
    );
  }
}

/**
 * The key that an address is counted by: an IPv4 address by itself; an IPv6 address by its /64, since one client usually has a whole
 * /64; a text that is no address by itself.
 */
export function countedAs(entry: string): string {
  // Some proxies add the port.
  const [, bracketed, beforePort] = /^(?:\[([^\]]+)\]|([\d.]+))(?::\d+)?$/.exec(entry) ?? [];
  const text = bracketed ?? beforePort ?? entry;
  const address = parseAddress(text);
  if (!address) return text;
  if (address.kind() === 'ipv4') return address.toString();
  // IPv4 within IPv6: https://www.rfc-editor.org/rfc/rfc6052#section-2.1.
  if (address.range() === 'rfc6052') return ipaddr.fromByteArray(address.toByteArray().slice(12)).toString();
  const network = [...address.toByteArray().slice(0, 8), ...Array<number>(8).fill(0)];
  return `${ipaddr.fromByteArray(network)}/64`;
}

/** Undefined for a text that is no address. An IPv4 address that is mapped to IPv6, as by a socket that listens to both, is IPv4 again. */
function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  // Link-local addresses may name an interface.
  const [address = ''] = text.split('%', 1);
  // ipaddr.js alone would also read short and octal forms of IPv4, which mean different addresses to different programs.
  return isIP(address) === 0 ? undefined : ipaddr.process(address);
}
