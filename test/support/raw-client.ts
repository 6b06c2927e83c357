/** A client on a bare TCP socket, for bytes that no library would send. */
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';

export interface UpgradeParts {
  readonly path?: string;
  readonly host?: string;
  readonly origin?: string;
  /** `null` offers no subprotocol. */
  readonly protocol?: string | null;
  /** Whole lines, such as `X-Forwarded-For: 192.0.2.1`. */
  readonly headers?: readonly string[];
}

export function upgradeRequest(parts: UpgradeParts = {}): string {
  const { path = '/ws', host = '127.0.0.1', origin, protocol = 'proofroom.v1', headers = [] } = parts;
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...(protocol === null ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
    ...(origin === undefined ? [] : [`Origin: ${origin}`]),
    ...headers,
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** One frame as a client sends it, masked with zeros. `opcode` 1 is text, 2 binary, 8 close, 9 ping. */
export function frame(payload: string | Uint8Array, opcode = 1): Buffer {
  const body = Buffer.from(payload);
  const length = Buffer.alloc(body.length < 126 ? 0 : 2);
  if (length.length > 0) length.writeUInt16BE(body.length);
  const second = 0x80 | (body.length < 126 ? body.length : 126);
  return Buffer.concat([Buffer.from([0x80 | opcode, second]), length, Buffer.alloc(4), body]);
}

/** The client keeps its end open, so that only the server can end the connection. */
export async function rawClient(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once('connect', resolve);
  await promise;
  return socket;
}

/** The HTTP status that an upgrade is answered with; 101 is success. */
export async function upgradeStatus(port: number, parts: UpgradeParts = {}): Promise<number> {
  return statusOf(await answerTo(port, upgradeRequest(parts)));
}

/** Sends a request, and returns what comes back until the server closes the connection, or has upgraded it. */
export async function answerTo(port: number, request: string | Uint8Array): Promise<string> {
  const socket = await rawClient(port);
  socket.write(request);
  const first = await firstBytes(socket);
  // The server may reset the connection while a refused request is still being sent.
  const rest = statusOf(first) === 101 ? '' : await text(socket).catch(() => '');
  socket.destroy();
  return first + rest;
}

/** A socket that is upgraded to a WebSocket, and has not joined. */
export async function upgraded(port: number): Promise<Socket> {
  const socket = await rawClient(port);
  socket.write(upgradeRequest());
  const answer = await firstBytes(socket);
  if (statusOf(answer) !== 101) throw new Error(`The upgrade was answered with:\n${answer}`);
  return socket;
}

function firstBytes(socket: Socket): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.once('data', (data) => {
    socket.pause();
    resolve(data.toString('latin1'));
  });
  socket.once('close', () => resolve(''));
  return promise;
}

export const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
