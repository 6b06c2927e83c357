/**
 * The long attack: `npm run fuzz`, or `node test/fuzz/run.ts --frames 50000 --seed 7`. Prints what was sent, how it was answered and
 * what the server held; exits with 1 when anything happened that must not, or when it holds more at the end than after the first tenth.
 */
import { parseArgs } from 'node:util';
import { startFakeOpenAI } from '../support/fake-openai.ts';
import { attack, attackedEnvironment } from './attack.ts';
import { growthProblems, mib } from './growth.ts';
import { startWatchedServer } from './watched-server.ts';

const { values } = parseArgs({
  options: { frames: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
});
const fake = await startFakeOpenAI();
const server = await startWatchedServer({
  ...attackedEnvironment,
  OPENAI_API_KEY: 'sk-fuzz',
  OPENAI_BASE_URL: fake.baseURL,
});
const { tally, seconds, loops, before, after } = await attack(server, {
  frames: Number(values.frames),
  seed: Number(values.seed),
  onTenth: (tenth, { rssBytes, heapBytes, bufferBytes, sockets }) =>
    console.log(
      `${tenth}/10: rss ${mib(rssBytes)} MiB, heap ${mib(heapBytes)}, buffers ${mib(bufferBytes)}, ${sockets} sockets`,
    ),
});
await server.kill();
await fake.close();
console.log(
  `seed ${values.seed}: ${tally.frames} frames in ${tally.visits} visits, ${seconds.toFixed(0)} s under attack`,
);
console.log(
  `rss ${mib(before.rssBytes)} → ${mib(after.rssBytes)} MiB, heap ${mib(before.heapBytes)} → ${mib(after.heapBytes)} MiB`,
);
console.log(`the witness went through ${loops} loops`);
console.log('answers', tally.answers);
console.log('closes', tally.closes);
const problems = [
  ...tally.violations,
  ...server.faults,
  ...growthProblems(before, after),
  ...(loops > 0 ? [] : ['the witness went through no loop']),
];
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
