// @hono/node-ws, as a server that broadcasts.
import { serve } from '@hono/node-server';
import { createNodeWebSocket } from '@hono/node-ws';
import { Hono } from 'hono';
import { offerBroadcasts } from '../stand-ins/broadcasting.ts';

const app = new Hono();
const { injectWebSocket, upgradeWebSocket } = createNodeWebSocket({ app });
const sockets = new Set();
app.get(
  '/ws',
  upgradeWebSocket(() => ({
    onOpen(_event, socket) {
      sockets.add(socket);
      socket.send('x'.repeat(1_500));
    },
    onClose: (_event, socket) => sockets.delete(socket),
  })),
);
const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
  offerBroadcasts(port, (payload) => {
    for (const socket of sockets) socket.send(payload);
  }),
);
injectWebSocket(server);
