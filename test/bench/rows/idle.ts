/** Connections in which nothing happens: what each of them costs in memory and in CPU, each time in a new process. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Process } from '../processes.ts';
import { greeting, Reviewer, startHost } from '../proofroom.ts';
import { type Broadcasting, Readers, startBroadcasting } from '../readers.ts';
import { type Bench, type Measure, type Row, type Side, scaled } from '../row.ts';

/** Of one session, so that telling all of them who is there costs little. */
const TABS = 20;
/** A whole number of the server's heartbeats. */
const WATCH_MS = 10_000;
/** Until V8 has compiled what a beat runs, and has collected what opening them left. */
const SETTLE_MS = 10_000;

interface Opened {
  readonly process: Process;
  /** Opens so many connections. */
  readonly connect: (count: number) => Promise<void>;
}

/** Opens all anew each time. */
const measured = (bench: Bench, open: (bench: Bench) => Promise<Opened>): Measure => {
  const count = scaled(bench, 2_000);
  const watchMs = bench.isQuick ? 100 : WATCH_MS;
  const settleMs = bench.isQuick ? 100 : SETTLE_MS;
  return async () => {
    await using scope = new AsyncDisposableStack();
    const { process, connect } = await open({ ...bench, scope });
    // The first connections make the heap grow, so memory is measured only for those that come after them.
    await connect(count);
    const rssBefore = await process.settledRssBytes();
    await connect(count);
    await wait(settleMs);
    const cpuBefore = process.cpuMs;
    await wait(watchMs);
    const cpuMs = process.cpuMs - cpuBefore;
    const rss = (await process.settledRssBytes()) - rssBefore;
    return { memory: rss / count / 1024, cpu: (cpuMs * 1000) / (watchMs / 1000) / (2 * count) };
  };
};

const proofroom: Side = async (bench) =>
  measured(bench, async (inner) => {
    // Sides end in reverse order, so that the connections are in the profile of the heap.
    const readers = Readers.start(inner);
    const host = await startHost(inner);
    const connect = async (count: number) => {
      for (let opened = 0; opened < count; opened += TABS) {
        const { sessionId } = await Reviewer.join(inner, host);
        const join = { type: 'join', sessionId };
        await readers.open({ port: host.port, count: TABS - 1, greeting: greeting(join) });
      }
    };
    return { process: host.process, connect };
  });

function broadcasting(kind: Broadcasting): Side {
  return async (bench) =>
    measured(bench, async (inner) => {
      const { process, port, greeting } = await startBroadcasting(inner, kind);
      const readers = Readers.start(inner);
      return { process, connect: (count) => readers.open({ port, count, greeting }) };
    });
}

export const rows: readonly Row[] = [
  {
    name: 'idle',
    title: 'Idle connection',
    figures: {
      memory: { unit: 'KB', target: { value: 10 } },
      cpu: { unit: 'µs a second', target: { value: 10 } },
    },
    sides: {
      Proofroom: proofroom,
      '@hono/node-ws': broadcasting('hono-node-ws'),
      'Socket.IO': broadcasting('socket.io'),
      ws: broadcasting('ws'),
    },
    limit: 'ws',
    startsAnew: true,
  },
];
