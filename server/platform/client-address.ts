/** The address that a request's limits are counted by (rule S8). */
import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import type { Logger } from './logger.ts';

export class ClientAddresses {
  readonly #trustProxy: boolean;
  readonly #log: Logger;
  #hasWarned = false;

  constructor(trustProxy: boolean, log: Logger) {
    this.#trustProxy = trustProxy;
    this.#log = log;
  }

  /** The nearest address that can't be forged: the proxy's own entry, the last one, counts where the proxy is trusted. */
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

/** IPv4 within IPv6: addresses of a socket that listens to both, and https://www.rfc-editor.org/rfc/rfc6052#section-2.1. */
const ipv4Prefixes = ['0:0:0:0:0:ffff', '64:ff9b:0:0:0:0'];

/**
 * An IPv6 address counts by its first 64 bits, since whoever has one has all that begin with them; an IPv4 address
 * counts by itself, within IPv6 too. What is no address counts by its text.
 */
export function countedAs(entry: string): string {
  // Some proxies add the port, and link-local addresses carry the name of an interface.
  const [, bracketed, before] = /^(?:\[([^\]]+)\]|([\d.]+))(?::\d+)?$/.exec(entry) ?? [];
  const [address = ''] = (bracketed ?? before ?? entry).split('%', 1);
  if (!isIPv6(address)) return address;
  const groups = groupsOf(address);
  if (ipv4Prefixes.includes(groups.slice(0, 6).join(':'))) return groups.slice(6).flatMap(bytesOf).join('.');
  return `${groups.slice(0, 4).join(':')}::/64`;
}

/** The eight groups in hex, each in its shortest form; `URL` reads every spelling and writes the one of RFC 5952. */
function groupsOf(address: string): string[] {
  const [head = [], tail = []] = new URL(`http://[${address}]`).hostname
    .slice(1, -1)
    .split('::')
    .map((side) => side.split(':').filter((group) => group !== ''));
  return [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
}

function bytesOf(group: string): number[] {
  const value = Number.parseInt(group, 16);
  return [value >> 8, value & 0xff];
}
