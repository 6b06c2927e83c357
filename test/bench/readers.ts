/** Processes with many sockets, and the servers that only broadcast to them. */
import { frame, upgradeRequest } from '../support/raw-client.ts';
import { startPeer } from './peers.ts';
import { type Process, startNode } from './processes.ts';
import type { Bench } from './row.ts';
import type { Broadcast } from './stand-ins/broadcasting.ts';
import type { ReadersOrder, ReadersTarget, Received } from './stand-ins/readers.ts';

export class Readers {
  readonly #process: Process;

  constructor(process: Process) {
    this.#process = process;
  }

  static start(bench: Bench): Readers {
    return new Readers(startNode(bench, 'test/bench/stand-ins/readers.ts'));
  }

  /** Resolves when all are connected and, with a greeting, have got something. */
  open(order: ReadersOrder): Promise<void> {
    return this.#process.call('open', order);
  }

  /** Does something, and resolves with the moment when all sockets had received what they must. */
  async until(target: ReadersTarget, act: () => unknown): Promise<number> {
    await this.#process.call('arm', target);
    await act();
    return this.#process.call<number>('reached');
  }

  /** Does something, and resolves with what all sockets have received when nothing more comes. */
  async untilQuiet(quietMs: number, act: () => unknown): Promise<Received> {
    await this.#process.call('arm', {});
    await act();
    return this.#process.call<Received>('quiet', quietMs);
  }

  close(): Promise<void> {
    return this.#process.call('close');
  }
}

/** WebSocket clients that say nothing but hello, whatever the server is. */
export const silentGreeting: ReadersOrder['greeting'] = [upgradeRequest()];

const socketIoGreeting: ReadersOrder['greeting'] = [
  upgradeRequest({ path: '/socket.io/?EIO=4&transport=websocket' }),
  frame('40').toString('latin1'),
];

const programs = {
  tcp: { start: (bench: Bench) => startBroadcaster(bench, 'tcp'), greeting: [] },
  ws: { start: (bench: Bench) => startBroadcaster(bench, 'ws'), greeting: silentGreeting },
  'ws-shared': { start: (bench: Bench) => startBroadcaster(bench, 'ws-shared'), greeting: silentGreeting },
  'hono-node-ws': { start: (bench: Bench) => startPeer(bench, 'hono-node-ws'), greeting: silentGreeting },
  'socket.io': { start: (bench: Bench) => startPeer(bench, 'socket-io'), greeting: socketIoGreeting },
} as const;

export type Broadcasting = keyof typeof programs;

const startBroadcaster = (bench: Bench, kind: string) =>
  startNode(bench, 'test/bench/stand-ins/broadcaster.ts', { args: [kind] });

/** A server that only broadcasts. */
export interface Broadcaster {
  readonly process: Process;
  readonly port: number;
  readonly greeting: ReadersOrder['greeting'];
  prepare(what: Broadcast): Promise<void>;
  /** Resolves with the moment when it began. */
  broadcast(times?: number): Promise<number>;
}

export async function startBroadcasting(bench: Bench, kind: Broadcasting): Promise<Broadcaster> {
  const { start, greeting } = programs[kind];
  const process = start(bench);
  return {
    process,
    greeting,
    port: await process.call<number>('port'),
    prepare: (what) => process.call('prepare', what),
    broadcast: (times = 1) => process.call<number>('broadcast', { times }),
  };
}
