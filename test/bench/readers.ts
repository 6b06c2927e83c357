/** A process of its own that opens many raw sockets, counts what arrives, and reports when each has had its share. */
import { connect, type Socket } from 'node:net';

export interface ReadersJob {
  readonly port: number;
  readonly count: number;
  /** Sent by each socket once it is open; here as text, since it is an HTTP request and a WebSocket frame, or nothing. */
  readonly greeting: readonly string[];
}

export interface ReadersOrder {
  /** Report when every socket has received so many bytes since the last report. */
  readonly bytes: number;
}

const sockets: { readonly socket: Socket; received: number }[] = [];
let expected = Number.POSITIVE_INFINITY;

function report(): void {
  if (!sockets.every(({ received }) => received >= expected)) return;
  expected = Number.POSITIVE_INFINITY;
  for (const entry of sockets) entry.received = 0;
  process.send?.('done');
}

async function open({ port, count, greeting }: ReadersJob): Promise<void> {
  const opened = Array.from({ length: count }, () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const socket = connect(port, '127.0.0.1', () => {
      for (const part of greeting) socket.write(part, 'latin1');
      if (greeting.length === 0) resolve();
    });
    const entry = { socket, received: 0 };
    socket.on('data', (chunk) => {
      resolve();
      entry.received += chunk.length;
      report();
    });
    sockets.push(entry);
    return promise;
  });
  await Promise.all(opened);
  process.send?.('open');
}

process.on('message', (message: ReadersJob | ReadersOrder) => {
  if ('port' in message) return void open(message);
  for (const entry of sockets) entry.received = 0;
  expected = message.bytes;
  process.send?.('armed');
});
