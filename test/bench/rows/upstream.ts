/**
 * From the last byte of an image upstream to its last byte at every tab, in a stream of 10 MB: two previews, and the final image twice.
 * Time counts from the first copy of the final. Beside a script that reads the stream, looks at nothing, and writes as many bytes
 * for each of the three.
 */
import { startNode } from '../processes.ts';
import { greeting, Reviewer, startBuilt } from '../proofroom.ts';
import { Readers } from '../readers.ts';
import { type Row, type Side, scaled } from '../row.ts';
import { startUpstream } from '../start-upstream.ts';

const IMAGE_BYTES = 1_875_000;
const BASE64_BYTES = (IMAGE_BYTES / 3) * 4;
const options = { imageBytes: IMAGE_BYTES, modelMs: 300 };

function proofroom(tabs: number): Side {
  return async (bench) => {
    const upstream = await startUpstream(bench, options);
    const server = await startBuilt(bench, upstream.baseURL, 'responses');
    const reviewer = await Reviewer.join(bench, server);
    const readers = Readers.start(bench);
    const join = { type: 'join', sessionId: reviewer.sessionId };
    await readers.open({ port: server.port, count: scaled(bench, tabs), greeting: greeting(join) });
    return async () => {
      const before = server.process.cpuMs;
      const { lastImageAt } = await readers.untilQuiet(300, () => reviewer.generate());
      return { time: lastImageAt - (await upstream.sentAt()), cpu: server.process.cpuMs - before };
    };
  };
}

function draining(tabs: number): Side {
  return async (bench) => {
    const upstream = await startUpstream(bench, options);
    const env = { OPENAI_BASE_URL: upstream.baseURL };
    const script = startNode(bench, 'test/bench/stand-ins/drain-and-broadcast.ts', { env });
    const readers = Readers.start(bench);
    await readers.open({ port: await script.call('port'), count: scaled(bench, tabs), greeting: [] });
    return async () => {
      const before = script.cpuMs;
      const { lastImageAt } = await readers.untilQuiet(300, () => script.call('generate', { bytes: BASE64_BYTES }));
      return { time: lastImageAt - (await upstream.sentAt()), cpu: script.cpuMs - before };
    };
  };
}

const row = (tabs: number): Row => ({
  name: `upstream-${tabs}`,
  title: `Last byte from upstream → last byte at ${tabs === 1 ? '1 tab' : `${tabs} tabs`}`,
  figures: {
    time: { unit: 'ms', target: { limit: 1.3 } },
    cpu: { unit: 'ms of CPU', target: { limit: 2 } },
  },
  sides: { Proofroom: proofroom(tabs), 'drain and broadcast': draining(tabs) },
  limit: 'drain and broadcast',
});

export const rows: readonly Row[] = [row(1), row(10), row(100)];
