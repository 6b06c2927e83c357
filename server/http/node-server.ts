/** Node's HTTP server around a Proofroom, with the settings that keep it alive. */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** A request or an answer of which no byte moves for so long is given up. WebSockets have a heartbeat of their own (rule R4). */
const STALL_MS = 30_000;
/** Enough for a slow phone, and too little to hold a connection with a byte now and then. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;

export interface NodeServer {
  /** Not listening yet. */
  readonly server: Server;
  /** Stops listening and destroys every connection. */
  close(): Promise<void>;
}

export function createNodeServer(proofroom: {
  readonly listener: RequestListener;
  connection(socket: Socket): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}): NodeServer {
  const options = {
    // A request for another upgrade, such as h2c, is answered like one that asks for none. Node before 22.21 ignores this option.
    shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === 'websocket',
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    connectionsCheckingInterval: HEADERS_MS / 2,
  };
  const server = createServer(options, proofroom.listener);
  const sockets = new Set<Duplex>();
  server.timeout = STALL_MS;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('connection', proofroom.connection);
  server.on('upgrade', proofroom.upgrade);
  return {
    server,
    close: () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      return closed;
    },
  };
}
