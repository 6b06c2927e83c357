import { expect, test } from 'vitest';
import { defaultLimits, imageMemoryBytes, limitsOf, messageBytes } from '../../../../server/platform/limits.ts';

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

test.each([
  ['of a container with a limit is half of that limit', GiB, 16 * GiB, 512 * MiB],
  ['without a limit is half of the machine', 0, 4 * GiB, 2 * GiB],
  // cgroup v1 reports a number beyond all memory where there is no limit.
  ['with a limit beyond the machine is half of the machine', 2 ** 63, 4 * GiB, 2 * GiB],
  ['of a tiny container still holds a few images', 64 * MiB, 16 * GiB, 128 * MiB],
  ['of a huge machine has a ceiling', 0, 1024 * GiB, 4 * GiB],
])('R7: the default image memory %s', (_, constrained, total, bytes) => {
  expect(imageMemoryBytes(constrained, total)).toBe(bytes);
});

test('S4: prompts may be as long as the generator takes them, and a message carries the longest', () => {
  expect(limitsOf({})).toEqual(defaultLimits);
  const raised = limitsOf({}, { promptCharacters: 32_000 });
  expect(raised).toMatchObject({ PROMPT_CHARACTERS: 32_000, INBOUND_MESSAGE_BYTES: messageBytes(32_000) });
  // The longest text in UTF-8: each of these takes three bytes.
  const prompt = '語'.repeat(32_000);
  const longest = { type: 'generate', commandId: 'c'.repeat(64), turn: 2 ** 53 - 1, prompt };
  expect(Buffer.byteLength(JSON.stringify(longest))).toBeLessThan(raised.INBOUND_MESSAGE_BYTES);
});

test('S4: what the owner sets holds, whatever the generator takes', () => {
  expect(limitsOf({ PROMPT_CHARACTERS: 4_000 }, { promptCharacters: 32_000 })).toEqual(defaultLimits);
  expect(limitsOf({ INBOUND_MESSAGE_BYTES: 9 }, { promptCharacters: 32_000 }).INBOUND_MESSAGE_BYTES).toBe(9);
});
