import { expect, test } from 'vitest';
import { offerOf, problemWithAsk } from '../../server/connect/offer.ts';
import { defaultLimits } from '../../server/limits.ts';
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
