/** Sockets that are opened before the session client is loaded, so that a page does both at the same time. */
import type { SUBPROTOCOL } from '../../shared/protocol.ts';
import { webSocketUrl } from './server-urls.ts';

/** The text alone, without the module that has all schemas. */
const subprotocol: typeof SUBPROTOCOL = 'proofroom.v1';

/** By address. */
const sockets = new Map<string, WebSocket>();

/**
 * Begins to connect. Where a page may not, nothing happens: the session client then tries by itself, and reports why it failed.
 * @param server with a slash at its end
 */
export function openEarly(server: string): void {
  const url = webSocketUrl(server);
  if (sockets.has(url)) return;
  try {
    sockets.set(url, new WebSocket(url, subprotocol));
  } catch {
    // `ws:` from a page on `https:`, say.
  }
}

/** Gives the socket to whoever asks first; undefined where none is open or opening. A server closes one over which nobody joins. */
export function takeEarly(url: string): WebSocket | undefined {
  const socket = sockets.get(url);
  sockets.delete(url);
  return socket && socket.readyState <= OPEN ? socket : undefined;
}

/** The `readyState` of an open socket. */
export const OPEN = 1;
