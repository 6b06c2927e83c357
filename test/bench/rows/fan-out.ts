/** An image of 3 MB is in the server: how long until its last byte has come to every tab, beside the same bytes written to bare TCP. */
import { greeting, Reviewer, startHost } from '../proofroom.ts';
import { type Broadcasting, Readers, startBroadcasting } from '../readers.ts';
import { type Row, type Side, scaled } from '../row.ts';

const IMAGE_BYTES = 3_000_000;
const BASE64_BYTES = (IMAGE_BYTES / 3) * 4;

function proofroom(tabs: number): Side {
  return async (bench) => {
    const host = await startHost(bench);
    await host.process.call('plan', { imageBytes: IMAGE_BYTES, isHeld: true });
    const reviewer = await Reviewer.join(bench, host);
    const readers = Readers.start(bench);
    const join = { type: 'join', sessionId: reviewer.sessionId };
    await readers.open({ port: host.port, count: scaled(bench, tabs), greeting: greeting(join) });
    return async () => {
      await reviewer.begin();
      let releasedAt = 0;
      const lastAt = await readers.until({ bytes: BASE64_BYTES }, async () => {
        releasedAt = await host.process.call<number>('release');
      });
      await reviewer.generated();
      return { time: lastAt - releasedAt };
    };
  };
}

function broadcasting(kind: Broadcasting, tabs: number): Side {
  return async (bench) => {
    const server = await startBroadcasting(bench, kind);
    await server.prepare({ bytes: BASE64_BYTES });
    const readers = Readers.start(bench);
    await readers.open({ port: server.port, count: scaled(bench, tabs), greeting: server.greeting });
    return async () => {
      let startedAt = 0;
      const lastAt = await readers.until({ bytes: BASE64_BYTES }, async () => {
        startedAt = await server.broadcast();
      });
      return { time: lastAt - startedAt };
    };
  };
}

const row = (tabs: number, limit: number): Row => ({
  name: `fan-out-${tabs}`,
  title: `Image in the server → last byte at ${tabs === 1 ? '1 tab' : `${tabs} tabs`}`,
  figures: { time: { unit: 'ms', target: { limit } } },
  sides: {
    Proofroom: proofroom(tabs),
    'Socket.IO': broadcasting('socket.io', tabs),
    'bare TCP': broadcasting('tcp', tabs),
  },
  limit: 'bare TCP',
});

export const rows: readonly Row[] = [row(1, 1.5), row(10, 1.2), row(100, 1.1)];
