/**
 * The limits: servers that do nothing but write the same bytes to everybody. The argument says how.
 *
 * - `tcp`: to bare sockets
 * - `ws`: a frame for each socket, as `send` of `ws` makes it; a message from one is a reason to broadcast; one timer pings all
 * - `ws-shared`: one frame for all sockets
 */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { offerBroadcasts } from './broadcasting.ts';

const PING_MS = 5_000;
/** As long as what a client is told when it joins. */
const welcome = 'x'.repeat(1_500);
const kind = process.argv[2];

if (kind === 'tcp') {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  offerBroadcasts(portOf(server.address()), (payload) => {
    const bytes = Buffer.from(payload, 'latin1');
    for (const socket of sockets) socket.write(bytes);
  });
} else {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false, clientTracking: true });
  await once(server, 'listening');
  server.on('connection', (socket) => {
    socket.on('error', () => undefined);
    socket.on('message', (data) => sendToAll(String(data)));
    socket.send(welcome);
  });
  setInterval(() => {
    for (const socket of server.clients) socket.ping();
  }, PING_MS);
  const sendToAll = (payload: string) => {
    for (const socket of server.clients) socket.send(payload);
  };
  const sendShared = (payload: string) => {
    const frame = textFrame(payload);
    for (const { _socket } of server.clients as unknown as Set<{ readonly _socket: Socket }>) _socket.write(frame);
  };
  offerBroadcasts(portOf(server.address()), kind === 'ws-shared' ? sendShared : sendToAll);
}

function portOf(address: ReturnType<WebSocketServer['address']>): number {
  if (typeof address !== 'object' || !address) throw new Error('The server does not listen.');
  return address.port;
}

/** As servers send it, unmasked; for texts of 126 to 65,535 bytes. */
function textFrame(payload: string): Buffer {
  const header = Buffer.from([0x81, 126, 0, 0]);
  header.writeUInt16BE(payload.length, 2);
  return Buffer.concat([header, Buffer.from(payload, 'latin1')]);
}
