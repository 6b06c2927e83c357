import { expect, onTestFinished, test } from 'vitest';
import { startFakeOpenAI } from '../support/fake-openai.ts';
import { attack, attackedEnvironment } from './attack.ts';
import { bentBytes, brokenBytes } from './bytes.ts';
import { FrameReader } from './frames.ts';
import { growthProblems } from './growth.ts';
import { bentText, validMessage } from './messages.ts';
import { Random } from './random.ts';
import { startWatchedServer } from './watched-server.ts';

/** `npm run fuzz` sends a million. */
const FRAMES = 50_000;

/** The first frames that a seed gives, as one buffer. */
function framesOf(seed: number): Buffer {
  const random = new Random(seed);
  const text = () =>
    bentText(
      random,
      validMessage(random, { commandIds: [] }, () => 'c'),
    );
  return Buffer.concat(
    Array.from({ length: 50 }, () => [bentBytes(random, text()).bytes, brokenBytes(random, text()).bytes]).flat(),
  );
}

test('a seed gives the same frames again, and another one others', () => {
  expect(framesOf(7).equals(framesOf(7))).toBe(true);
  expect(framesOf(7).equals(framesOf(8))).toBe(false);
});

test('the reader takes whole frames out of bytes that come as they like, and refuses what no server sends', () => {
  const reader = new FrameReader();
  const bytes = Buffer.concat([
    Buffer.from([0x81, 2]),
    Buffer.from('{}'),
    Buffer.from([0x81, 126, 0, 126]),
    Buffer.alloc(126, 32),
  ]);
  const frames = [...bytes].flatMap((byte) => [...reader.read(Buffer.from([byte]))]);
  expect(frames.map(({ payload }) => payload.length)).toEqual([2, 126]);
  for (const odd of [
    [0x81, 0x80],
    [0x01, 0],
    [0xc1, 0],
  ])
    expect(() => [...new FrameReader().read(Buffer.from(odd))]).toThrow();
});

test('R8: no frame, whatever its bytes, shape or order, ends the process, leaks, breaks the protocol or disturbs another session', async () => {
  const seed = Date.now() % 1_000_000;
  const fake = await startFakeOpenAI();
  onTestFinished(() => fake.close());
  const upstream = { OPENAI_API_KEY: 'sk-fuzz', OPENAI_BASE_URL: fake.baseURL };
  const server = await startWatchedServer({ ...attackedEnvironment, ...upstream });
  onTestFinished(() => server.kill());
  const { tally, loops, before, after } = await attack(server, { frames: FRAMES, seed });

  expect(tally.violations, `node test/fuzz/run.ts --frames ${FRAMES} --seed ${seed}`).toEqual([]);
  expect(server.faults).toEqual([]);
  expect(loops).toBeGreaterThan(0);
  expect(growthProblems(before, after)).toEqual([]);
  // What was meant to be tried was tried: every refusal that an attack can provoke, and every way of being shown out.
  expect(Object.keys(tally.answers)).toEqual(expect.arrayContaining(['ack', 'snapshot', 'image', ...refusals]));
  expect(Object.keys(tally.closes)).toEqual(expect.arrayContaining(['1002', '1007', '1008', '1009', '4403', '4404']));
}, 300_000);

const refusals = [
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
].map((code) => `reject ${code}`);
