/** Whether a thousand cost a thousand times as much as one: the cost per watcher, per session and per attempt, beside that of a few. */
import { greeting, Reviewer, startHost } from '../proofroom.ts';
import { Readers } from '../readers.ts';
import { type Row, type Side, scaled } from '../row.ts';

const FLAT = 1.15;
const generate = { type: 'generate', commandId: 'bench', prompt: 'a quiet sea' };

/** CPU of a generation and its approval, for each watcher. */
const watchers =
  (most: number): Side =>
  async (bench) => {
    const count = scaled(bench, most);
    const host = await startHost(bench);
    const reviewer = await Reviewer.join(bench, host);
    const readers = Readers.start(bench);
    const join = { type: 'join', sessionId: reviewer.sessionId };
    await readers.untilQuiet(300, () => readers.open({ port: host.port, count, greeting: greeting(join) }));
    return async () => {
      const before = host.process.cpuMs;
      const decide = async () => {
        await reviewer.generate();
        await reviewer.approve();
      };
      await readers.untilQuiet(200, decide);
      const cpu = ((host.process.cpuMs - before) * 1000) / count;
      await reviewer.startOver();
      return { cpu };
    };
  };

/** What a session in review with its reviewer costs: CPU from its creation to its picture, and memory. The pictures are small.
 * Less than a hundred sessions are lost in what the heap does by itself. */
const sessions =
  (most: number): Side =>
  async (bench) => {
    const count = scaled(bench, most);
    return async () => {
      await using scope = new AsyncDisposableStack();
      const host = await startHost({ ...bench, scope });
      const readers = Readers.start({ ...bench, scope });
      const open = (sessionCount: number) =>
        readers.untilQuiet(300, () =>
          readers.open({ port: host.port, count: sessionCount, greeting: greeting({ type: 'join' }, generate) }),
        );
      await open(scaled(bench, 500)); // They warm up what all share.
      const heldBefore = await host.process.call<number>('heldBytes');
      const cpuBefore = host.process.cpuMs;
      await open(count);
      const cpu = ((host.process.cpuMs - cpuBefore) * 1000) / count;
      const memory = ((await host.process.call<number>('heldBytes')) - heldBefore) / count / 1024;
      return { cpu, memory };
    };
  };

/** CPU of one more attempt, for a session that 100 watch and that has this many by then. */
const attempts =
  (number: number): Side =>
  async (bench) => {
    const host = await startHost(bench);
    const reviewer = await Reviewer.join(bench, host);
    const readers = Readers.start(bench);
    const join = { type: 'join', sessionId: reviewer.sessionId };
    await readers.open({ port: host.port, count: scaled(bench, 100), greeting: greeting(join) });
    return async () => {
      await reviewer.generateMany(number - 1);
      await readers.untilQuiet(100, () => undefined);
      const before = host.process.cpuMs;
      await readers.untilQuiet(100, () => reviewer.generate());
      const cpu = host.process.cpuMs - before;
      await reviewer.startOver();
      return { cpu };
    };
  };

export const rows: readonly Row[] = [
  {
    name: 'growth-watchers',
    title: 'Growth: a generation and its approval, for each watcher',
    figures: { cpu: { unit: 'µs of CPU', target: { limit: FLAT } } },
    sides: { '1,000 watchers': watchers(1_000), '100 watchers': watchers(100), '10 watchers': watchers(10) },
    limit: '10 watchers',
  },
  {
    name: 'growth-sessions',
    title: 'Growth: a session in review',
    figures: { cpu: { unit: 'µs of CPU', target: { limit: FLAT } }, memory: { unit: 'KB', target: { limit: FLAT } } },
    sides: { '10,000 sessions': sessions(10_000), '1,000 sessions': sessions(1_000), '100 sessions': sessions(100) },
    limit: '100 sessions',
    startsAnew: true,
  },
  {
    name: 'growth-attempts',
    title: 'Growth: one more attempt, 100 watchers',
    figures: { cpu: { unit: 'ms of CPU', target: { limit: FLAT } } },
    sides: { '12th attempt': attempts(12), '6th attempt': attempts(6), '1st attempt': attempts(1) },
    limit: '1st attempt',
  },
];
