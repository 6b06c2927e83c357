/**
 * Progress to 100 tabs: how many updates a second they get, beside one frame that is shared by all sockets of `ws`. In bursts several
 * updates come in one turn of the event loop; one message may then stand for all of them.
 */
import { greeting, Reviewer, startHost } from '../proofroom.ts';
import { type Broadcasting, Readers, startBroadcasting } from '../readers.ts';
import { type Row, type Side, scaled } from '../row.ts';

const TABS = 100;
const PROGRESS_BYTES = 180;
/** In one turn of the event loop. */
const BURST = 10;
const UPDATES = 500;

function proofroom(burst: number): Side {
  return async (bench) => {
    const tabs = scaled(bench, TABS);
    const host = await startHost(bench);
    await host.process.call('plan', { imageBytes: 1_000, isHeld: true });
    const reviewer = await Reviewer.join(bench, host);
    const readers = Readers.start(bench);
    const join = { type: 'join', sessionId: reviewer.sessionId };
    await readers.open({ port: host.port, count: tabs, greeting: greeting(join) });
    await reviewer.begin();
    const updates = scaled(bench, UPDATES);
    return async () => {
      let startedAt = 0;
      const { lastAt } = await readers.untilQuiet(300, async () => {
        startedAt = await host.process.call<number>('progress', { updates, burst });
      });
      return { rate: ((updates * tabs) / (lastAt - startedAt)) * 1000 };
    };
  };
}

const broadcasting =
  (kind: Broadcasting): Side =>
  async (bench) => {
    const tabs = scaled(bench, TABS);
    const server = await startBroadcasting(bench, kind);
    await server.prepare({ bytes: PROGRESS_BYTES });
    const readers = Readers.start(bench);
    await readers.open({ port: server.port, count: tabs, greeting: server.greeting });
    const updates = scaled(bench, UPDATES);
    return async () => {
      let startedAt = 0;
      const { frames, lastAt } = await readers.untilQuiet(300, async () => {
        startedAt = await server.broadcast(updates);
      });
      return { rate: (frames / (lastAt - startedAt)) * 1000 };
    };
  };

const row = (name: string, title: string, burst: number, limit: number): Row => ({
  name,
  title,
  figures: { rate: { unit: 'a second', isMoreBetter: true, target: { limit } } },
  sides: {
    Proofroom: proofroom(burst),
    'Socket.IO': broadcasting('socket.io'),
    'one shared frame': broadcasting('ws-shared'),
  },
  limit: 'one shared frame',
});

export const rows: readonly Row[] = [
  row('progress', `Progress to ${TABS} tabs, updates delivered`, 1, 1),
  row('progress-bursts', `Progress to ${TABS} tabs, ${BURST} updates at once, updates delivered`, BURST, 3),
];
