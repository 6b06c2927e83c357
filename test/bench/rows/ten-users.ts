/** Ten users at once, each with a picture of 3 MB, streamed, from a model that takes 2 s: the CPU that it costs the server.
 * Gradio’s users take their turn in its queue and fetch their file, but not its page. */
import { gradioPicture, startGradio } from '../peers.ts';
import { greeting, startBuilt } from '../proofroom.ts';
import { Readers } from '../readers.ts';
import type { Bench, Row, Side } from '../row.ts';
import { startUpstream } from '../start-upstream.ts';

const USERS = 10;
const IMAGE_BYTES = 3_000_000;
const optionsOf = ({ isQuick }: Bench) => ({ imageBytes: IMAGE_BYTES, modelMs: isQuick ? 100 : 2_000 });
const join = { type: 'join' };
const generate = { type: 'generate', commandId: 'bench', prompt: 'a quiet sea' };

const proofroom =
  (api: 'responses' | 'images'): Side =>
  async (bench) => {
    const upstream = await startUpstream(bench, optionsOf(bench));
    const server = await startBuilt(bench, upstream.baseURL, api);
    const readers = Readers.start(bench);
    return async () => {
      const before = server.process.cpuMs;
      const order = { port: server.port, count: USERS, greeting: greeting(join, generate) };
      await readers.until({ bytes: IMAGE_BYTES * (api === 'responses' ? 3.6 : 1.3) }, () => readers.open(order));
      const cpu = server.process.cpuMs - before;
      await readers.close();
      return { cpu };
    };
  };

const gradio: Side = async (bench) => {
  const upstream = await startUpstream(bench, optionsOf(bench));
  const { process, address } = await startGradio(bench, upstream.baseURL);
  return async () => {
    const before = process.cpuMs;
    await Promise.all(Array.from({ length: USERS }, () => gradioPicture(address)));
    return { cpu: process.cpuMs - before };
  };
};

export const rows: readonly Row[] = [
  {
    name: 'ten-users',
    title: 'Ten users at once, CPU of the server',
    figures: { cpu: { unit: 'ms', target: { value: 1_000 } } },
    sides: { Proofroom: proofroom('responses'), 'Proofroom, plain API': proofroom('images'), Gradio: gradio },
  },
];
