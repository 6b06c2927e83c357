import { describe, expect, test } from 'vitest';
import { defaultLimits } from '../../../../server/platform/limits.ts';
import { capabilitiesOf, capabilityProblem } from '../../../../server/session/capabilities.ts';
import type { Command } from '../../../../shared/protocol.ts';

const generator = { capabilities: { sizes: ['1024x1024', '8192x8192'], anySize: true as const, refine: true } };
const { UPSTREAM_IMAGE_BYTES } = defaultLimits;
const capabilities = capabilitiesOf(generator, defaultLimits);

describe('capabilities', () => {
  test('S4: a size with more pixels than the server takes is neither listed nor accepted', () => {
    const problemWith = (size: string) => {
      const command: Command = { type: 'generate', commandId: 'c', prompt: 'p', options: { size } };
      return capabilityProblem(command, capabilities, defaultLimits);
    };
    expect(capabilities.sizes).toEqual(['1024x1024']);
    expect(problemWith('9000x9000')).toBe('The option size must have 40,000,000 pixels or fewer on this server.');
    expect(problemWith('8000x5001')).toBeDefined();
    for (const size of ['auto', '8000x5000', '1024x1024']) expect(problemWith(size)).toBeUndefined();
  });

  test('refine and an option that the generator does not know are refused with a sentence that names them', () => {
    const refine: Command = { type: 'refine', commandId: 'c', imageId: 'i', feedback: 'f' };
    const options: Command = { type: 'regenerate', commandId: 'c', options: { quality: 'high' } };
    expect(capabilityProblem(refine, { ...capabilities, refine: false }, defaultLimits)).toContain('change an image');
    expect(capabilityProblem(options, capabilities, defaultLimits)).toContain('quality');
    expect(capabilityProblem(refine, capabilities, defaultLimits)).toBeUndefined();
  });

  test.each([
    [4, {}],
    [4, { CANDIDATES_PER_GENERATION: 9 }],
    [2, { ATTEMPTS_PER_SESSION: 2 }],
    [2, { CONCURRENT_CANDIDATES: 1, QUEUED_CANDIDATES: 1 }],
    [3, { CONCURRENT_CANDIDATES: 1, QUEUED_CANDIDATES_PER_ADDRESS: 2 }],
    [2, { CONCURRENT_CANDIDATES: 1, QUEUED_CANDIDATES_PER_SESSION: 1 }],
    [3, { IMAGE_MEMORY_BYTES: 3 * UPSTREAM_IMAGE_BYTES }],
    [1, { IMAGE_MEMORY_BYTES: 1, UPSTREAM_IMAGE_BYTES: 2 }],
  ])('R7: a generation may have %i candidates, no more than fit, with %j', (candidates, limits) => {
    expect(capabilitiesOf(generator, { ...defaultLimits, ...limits }).candidates).toBe(candidates);
  });
});
