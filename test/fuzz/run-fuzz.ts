/**
 * The long attack: `npm run fuzz`, or `node test/fuzz/run-fuzz.ts --frames 50000 --seed 7`. Prints what was sent, how it was answered and
 * what the server held. Exits with 1 when something happened that must not, or when the server holds more at the end than after the
 * first tenth.
 */
import { parseArgs } from 'node:util';
import { startFakeOpenAI } from '../support/fake-openai.ts';
import { growthProblems, mib } from '../support/memory-growth.ts';
import { startWatchedServer } from '../support/watched-server.ts';
import { attack, attackedEnvironment } from './attack.ts';

const { values } = parseArgs({
  options: { frames: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
});
const fake = await startFakeOpenAI();
const server = await startWatchedServer({
  ...attackedEnvironment,
  OPENAI_API_KEY: 'sk-fuzz',
  OPENAI_BASE_URL: fake.baseURL,
});
const { counts, seconds, loops, before, after } = await attack(server, {
  frames: Number(values.frames),
  seed: Number(values.seed),
  onTenth: (tenth, { rssBytes, heapBytes, bufferBytes, sockets }) =>
    console.log(
      `${tenth}/10: rss ${mib(rssBytes)} MiB, heap ${mib(heapBytes)}, buffers ${mib(bufferBytes)}, ${sockets} sockets`,
    ),
});
await server.kill();
await fake.close();
const { frames, connections, answers, closes, violations } = counts;
console.log(`seed ${values.seed}: ${frames} frames on ${connections} connections in ${seconds.toFixed(0)} s`);
console.log(
  `rss ${mib(before.rssBytes)} → ${mib(after.rssBytes)} MiB, heap ${mib(before.heapBytes)} → ${mib(after.heapBytes)} MiB`,
);
console.log(`the ordinary client went ${loops} times from prompt to approval`);
console.log('answers', answers);
console.log('closes', closes);
const problems = [
  ...violations,
  ...server.faults,
  ...growthProblems(before, after),
  ...(loops > 0 ? [] : ['the ordinary client got nowhere']),
];
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
