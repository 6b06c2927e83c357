/** Which `Host` the server answers to: without this check a foreign name could be pointed at it (DNS rebinding, rule S1). */
import { isIP } from 'node:net';

/** Whether a `Host` header names an IP literal, `localhost`, or one of the allowed hosts (lower case, without port). */
export function isAllowedHost(header: string | undefined, allowed: readonly string[]): boolean {
  const match = /^(\[[\da-f:.]+\]|[^:@/\\?#\s]+)(:\d+)?$/i.exec(header ?? '');
  const host = match?.[1]?.toLowerCase() ?? '';
  return host === 'localhost' || isIP(host.replace(/^\[|\]$/g, '')) !== 0 || allowed.includes(host);
}
