/** Names and addresses of hosts: which are the server's own. */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/**
 * Whether a `Host` header names an IP literal, `localhost`, or one of the allowed hosts (lower case, without port). Without this
 * check a foreign name could be pointed at the server (DNS rebinding, rule S1).
 */
export function isAllowedHost(header: string | undefined, allowed: readonly string[]): boolean {
  const match = /^(\[[\da-f:.]+\]|[^:@/\\?#\s]+)(:\d+)?$/i.exec(header ?? '');
  const host = match?.[1]?.toLowerCase() ?? '';
  return host === 'localhost' || isIP(host.replace(/^\[|\]$/g, '')) !== 0 || allowed.includes(host);
}

/** The `Host` header; several are joined to one that names no host, since a proxy may have looked at another than we. */
export const hostOf = ({ headersDistinct }: IncomingMessage): string | undefined => headersDistinct.host?.join(', ');

/** Whether an address to listen on, or to be reached from, is this machine's own (rule S2). */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);
