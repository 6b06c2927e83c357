/** A reviewer approves: how long until 100 other tabs have the new stage, beside a text of the same length sent to all by bare `ws`. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { now } from '../processes.ts';
import { greeting, Reviewer, startHost } from '../proofroom.ts';
import { Readers, startBroadcasting } from '../readers.ts';
import { type Row, type Side, scaled } from '../row.ts';

const TABS = 100;
/** About as long as a snapshot with one attempt, and what each further attempt adds. */
const SNAPSHOT_BYTES = 1_500;
const ATTEMPT_BYTES = 455;

function proofroom(attempts: number): Side {
  return async (bench) => {
    const host = await startHost(bench);
    const reviewer = await Reviewer.join(bench, host);
    const readers = Readers.start(bench);
    const join = { type: 'join', sessionId: reviewer.sessionId };
    await readers.open({ port: host.port, count: scaled(bench, TABS), greeting: greeting(join) });
    return async () => {
      await reviewer.generateMany(attempts);
      await readers.untilQuiet(100, () => undefined);
      let sentAt = 0;
      const lastAt = await readers.until({ frames: 1 }, () => {
        sentAt = now();
        return reviewer.approve();
      });
      await reviewer.startOver();
      return { time: lastAt - sentAt };
    };
  };
}

function bareWs(attempts: number): Side {
  return async (bench) => {
    const server = await startBroadcasting(bench, 'ws');
    const readers = Readers.start(bench);
    await readers.open({ port: server.port, count: scaled(bench, TABS), greeting: server.greeting });
    const reviewer = new WebSocket(`ws://127.0.0.1:${server.port}`, { perMessageDeflate: false });
    bench.scope.defer(() => reviewer.terminate());
    await once(reviewer, 'open');
    const snapshot = 'x'.repeat(SNAPSHOT_BYTES + (attempts - 1) * ATTEMPT_BYTES);
    return async () => {
      await readers.untilQuiet(100, () => undefined);
      let sentAt = 0;
      const lastAt = await readers.until({ frames: 1 }, () => {
        sentAt = now();
        reviewer.send(snapshot);
      });
      return { time: lastAt - sentAt };
    };
  };
}

const row = (attempts: number): Row => ({
  name: `approve-${attempts}`,
  title: `Approve → new stage in ${TABS} other tabs, ${attempts === 1 ? '1 attempt' : `${attempts} attempts`} on record`,
  figures: { time: { unit: 'ms', target: { limit: 1.3 } } },
  sides: { Proofroom: proofroom(attempts), 'bare ws': bareWs(attempts) },
  limit: 'bare ws',
});

export const rows: readonly Row[] = [row(1), row(12)];
