/** The addresses of a server and of its sessions. A server may be reached under a path, as in `https://example.com/proofroom/`. */
import { serverBase } from '../session/server-urls.ts';

/**
 * A server's address with a slash at its end, so that other addresses can be resolved against it.
 * @param server absolute, or relative to the page; absent or empty: the root of the page's origin
 * @throws {TypeError} when `server` is no address
 */
export function serverAddress(server: string | null | undefined): string {
  return serverBase(new URL(server || '/', location.href));
}

/** The link to a session: with the key it lets one decide. The key stands in the fragment, which no server sees (rule W5). */
export function sessionLink(
  server: string | null | undefined,
  sessionId: string,
  sessionKey: string | undefined,
): string {
  return `${serverAddress(server)}s/${encodeURIComponent(sessionId)}${sessionKey ? `#${sessionKey}` : ''}`;
}

/** A server refuses a longer session id. */
const LONGEST_ID = 256;

/** What the address of a page says: which server it is from, and which session it opens. */
export function parsePageAddress({ pathname, hash }: Pick<Location, 'pathname' | 'hash'>): {
  /** The path of the server, with a slash at both ends. */
  readonly base: string;
  readonly sessionId: string | undefined;
  readonly sessionKey: string | undefined;
} {
  const [, base = '/', encodedId] = /^(.*?\/)(?:s\/([^/]+)|[^/]*)$/.exec(pathname) ?? [];
  return {
    base,
    sessionId: encodedId === undefined ? undefined : decoded(encodedId).slice(0, LONGEST_ID),
    sessionKey: hash.slice(1) || undefined,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
