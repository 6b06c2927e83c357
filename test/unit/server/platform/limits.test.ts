import { expect, test } from 'vitest';
import { imageMemoryBytes } from '../../../../server/platform/limits.ts';

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
