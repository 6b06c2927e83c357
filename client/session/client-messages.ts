/** What the client sends, as text, and where to. */
import type { ClientMessage, JoinMessage, WantMessage } from '../../shared/protocol.ts';

/** What a session is joined with; `images` are those whose bytes are here. */
export interface Credentials {
  readonly sessionId: string | undefined;
  readonly sessionKey: string | undefined;
  readonly token: string | undefined;
  readonly name: string | undefined;
}

/** The WebSocket's address on the server; @throws {TypeError} when `server` is no address */
export function socketUrl(server: string | URL): string {
  const url = new URL('/ws', server);
  url.protocol = url.protocol.replace(/^http/, 'ws');
  return url.href;
}

/** The token goes along only where it counts, in creating a session: into one that exists, its id and key lead (rule W5). */
export function joinMessage({ sessionId, sessionKey, token, name }: Credentials, have: string[]): JoinMessage {
  return {
    type: 'join',
    ...(sessionId !== undefined && { sessionId }),
    ...(sessionId !== undefined && sessionKey !== undefined && { key: sessionKey }),
    ...(sessionId === undefined && token !== undefined && { token }),
    ...(name !== undefined && { name }),
    ...(have.length > 0 && { have }),
  };
}

/** As many messages as it takes with at most `limit` ids in each. */
export function wantMessages(imageIds: readonly string[], limit: number): WantMessage[] {
  const messages: WantMessage[] = [];
  for (let at = 0; at < imageIds.length; at += limit) {
    messages.push({ type: 'want', imageIds: imageIds.slice(at, at + limit) });
  }
  return messages;
}

/** Whether a message is small enough to be sent: a bigger one would end the connection (rule W7, 1009). */
export function fits(message: ClientMessage, limitBytes: number): boolean {
  return new TextEncoder().encode(JSON.stringify(message)).byteLength <= limitBytes;
}
