/** The addresses of a request: the host that it names, and the client that it comes from. */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Logger } from './logger.ts';

/** What is read of a request. */
export type RequestHeaders = Pick<IncomingMessage, 'headers' | 'headersDistinct'>;

export interface AddressOptions {
  /** Hosts that the server answers to besides IP literals and `localhost`, in lower case and without port. */
  readonly allowedHosts: readonly string[];
  /** Origins besides the server's own whose pages may connect. */
  readonly allowedOrigins: readonly string[];
  /** Whether a proxy stands in front, which sets `X-Forwarded-For`, and maybe `-Host` and `-Proto`. */
  readonly trustProxy: boolean;
}

/** The addresses in a request: the host that it asks for, the page that it comes from, and the client that sent it. */
export class RequestAddresses {
  readonly #options: AddressOptions;
  readonly #log: Logger;
  #hasWarned = false;

  constructor(options: AddressOptions, log: Logger) {
    this.#options = options;
    this.#log = log;
  }

  /**
   * Whether the request asks for a host of this server (rule S1). Otherwise a foreign name could have been pointed at the server (DNS
   * rebinding). A proxy's own name for the server must be allowed, and so must the name that the proxy was asked for.
   */
  isAllowedHost(request: RequestHeaders): boolean {
    const { allowedHosts } = this.#options;
    const forwarded = this.#forwarded(request, 'x-forwarded-host');
    // Several `Host` headers are joined to a text that names no host, since a proxy may have read another one than this server.
    return [request.headersDistinct.host?.join(', '), forwarded ?? 'localhost'].every((header) =>
      isAllowedHost(header, allowedHosts),
    );
  }

  /** Whether the page that a request comes from is this server's own, or allowed (rule S1). A client that is no page has no origin. */
  isAllowedOrigin(request: RequestHeaders): boolean {
    const { origin } = request.headers;
    if (origin === undefined || this.#options.allowedOrigins.includes(origin)) return true;
    const url = URL.parse(origin);
    const protocol = this.#forwarded(request, 'x-forwarded-proto');
    return url?.host === this.#hostOf(request) && (protocol === undefined || url?.protocol === `${protocol}:`);
  }

  /** Whether a refused origin differs from the host in its port alone: some proxies pass on the host without it. */
  isOtherPort(request: RequestHeaders): boolean {
    const origin = URL.parse(request.headers.origin ?? '');
    const host = URL.parse(`http://${this.#hostOf(request)}`);
    return origin !== null && host?.port === '' && origin.port !== '' && origin.hostname === host.hostname;
  }

  /**
   * The address that limits are counted by (rule S8): the nearest one that a client can't forge, which is the last one in
   * `X-Forwarded-For` if the proxy is trusted, else the socket's.
   */
  clientOf(request: IncomingMessage): string {
    if (request.headers['x-forwarded-for'] && !this.#options.trustProxy) this.#warnOnce();
    return countedAs(this.#forwarded(request, 'x-forwarded-for') || (request.socket.remoteAddress ?? ''));
  }

  #hostOf(request: RequestHeaders): string | undefined {
    return this.#forwarded(request, 'x-forwarded-host')?.toLowerCase() ?? request.headers.host?.toLowerCase();
  }

  /** The last entry of a header that the proxy sets; what stands before it may come from the client. */
  #forwarded({ headers }: RequestHeaders, name: string): string | undefined {
    return this.#options.trustProxy
      ? String(headers[name] ?? '')
          .split(',')
          .at(-1)
          ?.trim() || undefined
      : undefined;
  }

  #warnOnce(): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#log.warn(
      'X-Forwarded-For was seen and ignored: set PROOFROOM_TRUST_PROXY=1 if a proxy stands before this server',
    );
  }
}

/** Whether a `Host` header names an IP literal, `localhost`, or one of the allowed hosts (lower case, without port). */
export function isAllowedHost(header: string | undefined, allowed: readonly string[]): boolean {
  const match = /^(\[[\da-f:.]+\]|[^:@/\\?#\s]+)(:\d+)?$/i.exec(header ?? '');
  const host = match?.[1]?.toLowerCase() ?? '';
  return host === 'localhost' || isIP(host.replace(/^\[|\]$/g, '')) !== 0 || allowed.includes(host);
}

/** Whether an address, to listen on or to be reached from, is this machine's own (rule S2). */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || parseAddress(host)?.range() === 'loopback';
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
