/**
 * The stranger of the flood, in a thread of its own, so that its work does not delay the client whose steps are timed. Keeps connections
 * open that send and read nothing, until the thread is ended.
 */
import { connect } from 'node:net';
import { workerData } from 'node:worker_threads';
import { frame, upgradeRequest } from '../support/raw-client.ts';

export interface Flood {
  readonly port: number;
  /** The address that it comes from. */
  readonly from: string;
  readonly connections: number;
  /** What each connection sends: so many requests for a path, or a `join` of a session and messages that are no JSON. */
  readonly sends: { readonly path: string; readonly times: number } | { readonly joins: string };
}

const { port, from, connections, sends } = workerData as Flood;
const bytes =
  'path' in sends
    ? Buffer.from(`GET ${sends.path} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(sends.times))
    : Buffer.concat([
        Buffer.from(upgradeRequest()),
        frame(JSON.stringify({ type: 'join', sessionId: sends.joins })),
        ...Array.from({ length: 40 }, () => frame('['.repeat(60_000))),
      ]);

/** One that is closed is replaced. */
function open(): void {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from });
  socket.on('error', () => undefined);
  socket.once('connect', () => socket.pause().write(bytes));
  socket.once('close', () => setTimeout(open, 20));
}

for (let opened = 0; opened < connections; opened += 1) open();
