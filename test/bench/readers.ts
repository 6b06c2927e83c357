/** A process that opens many raw sockets, counts the bytes that each receives, and reports when all have received enough. */
import { connect, type Socket } from 'node:net';

export interface ReadersJob {
  readonly port: number;
  readonly count: number;
  /** What each socket sends once it is open: an upgrade request and a frame in Latin-1, or nothing. */
  readonly greeting: readonly string[];
}

export interface ReadersOrder {
  /** Report when every socket has received that many bytes since this order. */
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
