/** One of several servers that do nothing but publish to Redis what a WebSocket sends, and write to all theirs what they hear of it. */
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { WebSocketServer } from 'ws';
import { now } from '../processes.ts';
import { offer } from './offer.ts';

const CHANNEL = 'relay';
/** As long as what a client is told when it joins. */
const welcome = 'x'.repeat(1_500);
const url = process.env.REDIS_URL ?? '';
const [publisher, subscriber] = [new Redis(url), new Redis(url)];
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
let heard = Promise.withResolvers<number>();

await once(server, 'listening');
server.on('connection', (socket) => {
  socket.on('error', () => undefined);
  socket.on('message', (data) => void publisher.publish(CHANNEL, String(data)));
  socket.send(welcome);
});
subscriber.on('message', (_channel, message) => {
  heard.resolve(now());
  for (const socket of server.clients) socket.send(message);
});
await subscriber.subscribe(CHANNEL);

offer({
  port: () => {
    const address = server.address();
    return typeof address === 'object' ? address?.port : undefined;
  },
  arm(): void {
    heard = Promise.withResolvers();
  },
  /** When the next message came. */
  heard: () => heard.promise,
  /** Returns when it began to. */
  publish({ bytes }: { readonly bytes: number }): number {
    const sentAt = now();
    void publisher.publish(CHANNEL, 'x'.repeat(bytes));
    return sentAt;
  },
});
