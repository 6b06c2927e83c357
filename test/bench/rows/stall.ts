/** Eight streams of 10 MB at once: the longest time for which the server's event loop takes no event. */
import { startNode } from '../processes.ts';
import { greeting, startBuilt } from '../proofroom.ts';
import { Readers } from '../readers.ts';
import type { Row, Side } from '../row.ts';
import { startUpstream } from '../start-upstream.ts';

const STREAMS = 8;
const options = { imageBytes: 1_875_000, modelMs: 300 };
const join = { type: 'join' };
const generate = { type: 'generate', commandId: 'bench', prompt: 'a quiet sea' };

const proofroom: Side = async (bench) => {
  const upstream = await startUpstream(bench, options);
  const server = await startBuilt(bench, upstream.baseURL, 'responses');
  const readers = Readers.start(bench);
  return async () => {
    await server.process.call('watchStalls');
    const order = { port: server.port, count: STREAMS, greeting: greeting(join, generate) };
    await readers.untilQuiet(500, () => readers.open(order));
    const stall = await server.process.call<number>('worstStallMs');
    await readers.close();
    return { stall };
  };
};

const draining: Side = async (bench) => {
  const upstream = await startUpstream(bench, options);
  const env = { OPENAI_BASE_URL: upstream.baseURL };
  const script = startNode(bench, 'test/bench/stand-ins/drain-and-broadcast.ts', { env });
  const readers = Readers.start(bench);
  await readers.open({ port: await script.call('port'), count: 1, greeting: [] });
  return async () => {
    await script.call('watchStalls');
    await Promise.all(Array.from({ length: STREAMS }, () => script.call('generate', { bytes: 1_000 })));
    return { stall: await script.call<number>('worstStallMs') };
  };
};

export const rows: readonly Row[] = [
  {
    name: 'stall',
    title: `Worst stall of the loop, ${STREAMS} streams of 10 MB at once`,
    figures: { stall: { unit: 'ms', target: { value: 25 } } },
    sides: { Proofroom: proofroom, 'draining alone': draining },
    limit: 'draining alone',
  },
];
