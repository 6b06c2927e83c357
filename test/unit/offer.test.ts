import { expect, test } from 'vitest';
import { defaultLimits } from '../../server/platform/limits.ts';
import { offerOf, problemWithAsk } from '../../server/session/capabilities.ts';
import type { Command } from '../../shared/protocol.ts';

const supports = { sizes: ['1024x1024', '8192x8192'], anySize: true as const, refine: true };
const offer = offerOf({ supports }, defaultLimits);
const problemWith = (size: string) => {
  const command: Command = { type: 'generate', commandId: 'c', prompt: 'p', options: { size } };
  return problemWithAsk(command, offer, defaultLimits);
};

test('S4 a size of more pixels than are taken from upstream is refused before it is paid for', () => {
  expect(problemWith('9000x9000')).toBe('The option size must have 40,000,000 pixels or fewer on this server.');
  expect(problemWith('8000x5001')).toBeDefined();
  for (const size of ['auto', '8000x5000', '1024x1024']) expect(problemWith(size)).toBeUndefined();
});

test('S4 such a size is not offered either', () => {
  expect(offer.sizes).toEqual(['1024x1024']);
});

test.each([
  [{}, 4],
  [{ CANDIDATES_PER_GENERATION: 9 }, 4],
  [{ ATTEMPTS_PER_SESSION: 2 }, 2],
  [{ CONCURRENT_CANDIDATES: 1, QUEUED_CANDIDATES: 1 }, 2],
  [{ CONCURRENT_CANDIDATES: 1, QUEUED_CANDIDATES: 3 }, 4],
  [{ IMAGE_MEMORY_BYTES: 3 * defaultLimits.UPSTREAM_IMAGE_BYTES }, 3],
  [{ IMAGE_MEMORY_BYTES: 3 * defaultLimits.UPSTREAM_IMAGE_BYTES, CONCURRENT_CANDIDATES: 3 }, 4],
  [{ IMAGE_MEMORY_BYTES: 1, UPSTREAM_IMAGE_BYTES: 1 }, 1],
])('R7 no more images of one ask are offered than there can ever be room for: %j', (limits, candidates) => {
  expect(offerOf({ supports }, { ...defaultLimits, ...limits }).candidates).toBe(candidates);
});
