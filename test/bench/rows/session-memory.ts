/** Sessions in review, each with a picture of 3 MB and its reviewer: the memory that they take beside the bytes of the pictures. */
import { setTimeout as wait } from 'node:timers/promises';
import { greeting, startHost } from '../proofroom.ts';
import { Readers } from '../readers.ts';
import { type Row, type Side, scaled } from '../row.ts';

const IMAGE_BYTES = 3_000_000;

const proofroom: Side = async (bench) => {
  const count = scaled(bench, 100);
  return async () => {
    await using scope = new AsyncDisposableStack();
    // Sides end in reverse order, so that the sessions are in the profile of the heap.
    const readers = Readers.start({ ...bench, scope });
    const host = await startHost({ ...bench, scope });
    await host.process.call('plan', { imageBytes: IMAGE_BYTES, isHeld: false });
    const order = { port: host.port, greeting: greeting({ type: 'join' }, generate) };
    // A few first: they warm up what all share.
    await readers.untilQuiet(500, () => readers.open({ ...order, count: 3 }));
    const before = await host.process.settledRssBytes();
    await readers.untilQuiet(500, () => readers.open({ ...order, count }));
    await wait(bench.isQuick ? 0 : 1_000);
    const bytes = (await host.process.settledRssBytes()) - before;
    return { overhead: (bytes / (count * IMAGE_BYTES) - 1) * 100 };
  };
};

const generate = { type: 'generate', commandId: 'bench', prompt: 'a quiet sea' };

export const rows: readonly Row[] = [
  {
    name: 'session-memory',
    title: 'Session in review, beyond its image’s bytes',
    figures: { overhead: { unit: '%', target: { value: 10 } } },
    sides: { Proofroom: proofroom },
    startsAnew: true,
  },
];
