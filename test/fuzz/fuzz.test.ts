import { expect, onTestFinished, test } from 'vitest';
import { startFakeOpenAI } from '../support/fake-openai.ts';
import { growthProblems } from '../support/memory-growth.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { startWatchedServer } from '../support/watched-server.ts';
import { attack, attackedEnvironment } from './attack.ts';
import { brokenFrames, unusualFrames } from './fuzzed-frames.ts';
import { fuzzedText, validMessage } from './fuzzed-messages.ts';
import { FrameReader } from './websocket-frames.ts';

/** `npm run fuzz` sends a million. */
const FRAMES = 20_000;

/** The first frames of a seed, as one buffer. */
function framesOf(seed: number): Buffer {
  const random = new SeededRandom(seed);
  const text = () =>
    fuzzedText(
      random,
      validMessage(random, { commandIds: [] }, () => 'c'),
    );
  const pair = () => [unusualFrames(random, text()).bytes, brokenFrames(random, text()).bytes];
  return Buffer.concat(Array.from({ length: 50 }, pair).flat());
}

test('a seed gives the same frames each time, and another seed gives others', () => {
  expect(framesOf(7).equals(framesOf(7))).toBe(true);
  expect(framesOf(7).equals(framesOf(8))).toBe(false);
});

test('the frame reader puts frames together from single bytes, and throws on frames that no server sends', () => {
  const reader = new FrameReader();
  const bytes = Buffer.concat([
    Buffer.from([0x81, 2]),
    Buffer.from('{}'),
    Buffer.from([0x81, 126, 0, 126]),
    Buffer.alloc(126, 32),
  ]);
  const frames = [...bytes].flatMap((byte) => [...reader.read(Buffer.from([byte]))]);
  expect(frames.map(({ payload }) => payload.length)).toEqual([2, 126]);
  for (const invalid of [
    [0x81, 0x80],
    [0x01, 0],
    [0xc1, 0],
  ])
    expect(() => [...new FrameReader().read(Buffer.from(invalid))]).toThrow();
});

test('R8: no frames end the process, leak memory, get an answer outside the protocol or disturb another session', async () => {
  const seed = Date.now() % 1_000_000;
  const fake = await startFakeOpenAI();
  onTestFinished(() => fake.close());
  const upstream = { OPENAI_API_KEY: 'sk-fuzz', OPENAI_BASE_URL: fake.baseURL };
  const server = await startWatchedServer({ ...attackedEnvironment, ...upstream });
  onTestFinished(() => server.kill());
  const { counts, loops, before, after } = await attack(server, { frames: FRAMES, seed });

  expect(counts.violations, `node test/fuzz/run-fuzz.ts --frames ${FRAMES} --seed ${seed}`).toEqual([]);
  expect(server.faults).toEqual([]);
  expect(loops).toBeGreaterThan(0);
  expect(growthProblems(before, after)).toEqual([]);
  // The attack has provoked every rejection and every close that a client can provoke.
  const rejections = rejectCodes.map((code) => `reject ${code}`);
  expect(Object.keys(counts.answers)).toEqual(expect.arrayContaining(['ack', 'snapshot', 'image', ...rejections]));
  expect(Object.keys(counts.closes)).toEqual(expect.arrayContaining(['1002', '1007', '1008', '1009', '4403', '4404']));
}, 600_000);

const rejectCodes = [
  'invalid_message',
  'not_joined',
  'session_not_found',
  'rate_limited',
  'not_allowed',
  'prompt_empty',
  'prompt_too_long',
  'stale',
  'wrong_stage',
  'image_not_found',
];
