/** Node's HTTP server around a Proofroom, with the settings that keep it alive. */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { Duplex } from 'node:stream';

/** A request or an answer of which no byte moves for so long is given up. WebSockets have a heartbeat of their own (rule R4). */
const STALL_MS = 30_000;

export interface NodeServer {
  /** Not listening yet. */
  readonly server: Server;
  /** Stops listening and destroys every connection. */
  close(): Promise<void>;
}

export function createNodeServer(proofroom: {
  readonly listener: RequestListener;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}): NodeServer {
  // A request for another upgrade, such as h2c, is answered like one that asks for none. Node before 22.21 ignores this option.
  const shouldUpgradeCallback = ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === 'websocket';
  const server = createServer({ shouldUpgradeCallback }, proofroom.listener);
  const sockets = new Set<Duplex>();
  server.timeout = STALL_MS;
  server.on('connection', (socket) => {
    sockets.add(socket);
    // Without a listener, a client that resets at the wrong moment would end the process (rule R8).
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request, socket, head) => proofroom.upgrade(request, socket, head));
  return {
    server,
    close: () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      return closed;
    },
  };
}
