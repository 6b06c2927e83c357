import { expect, test, vi } from 'vitest';
import { command } from '../../client/model/intent-commands.ts';
import type { Session } from '../../client/model/session-controller.ts';
import type { Generation } from '../../shared/model.ts';
import type { SnapshotMessage } from '../../shared/protocol.ts';

const error = { code: 'no_image', message: 'No image came.', retryable: true } as const;
const generation: Generation = {
  generationId: 'g1',
  prompt: 'a red kite',
  options: { size: '1024x1024' },
  candidates: 1,
  startedAt: '2026-01-01T00:00:00.000Z',
};

/** What is asked for when a person wants once more what `lastGeneration` was, in `stage`. */
async function retried(lastGeneration: Generation | undefined, stage: SnapshotMessage['stage'] = 'user_feedback') {
  const asked = vi.fn();
  const ask =
    (name: string) =>
    (...what: unknown[]) =>
      Promise.resolve(asked(name, ...what));
  const state = { snapshot: { stage, lastGeneration } };
  const session = { state, generate: ask('generate'), regenerate: ask('regenerate'), refine: ask('refine') };
  await command({ type: 'retry' }, session as unknown as Session);
  return asked.mock.calls[0];
}

test('a first picture that failed is asked for as before', async () => {
  expect(await retried(generation, 'initial_input')).toEqual(['generate', 'a red kite', generation.options]);
});

test('another picture that failed is asked for from the one that it was to follow', async () => {
  const last = { ...generation, parent: 'i1' };
  const { prompt, options } = generation;
  expect(await retried(last)).toEqual(['regenerate', { imageId: 'i1', prompt, options }]);
});

test('a change that failed is asked for in the same words, of the same picture', async () => {
  const last = { ...generation, parent: 'i1', feedback: 'darker' };
  expect(await retried(last)).toEqual(['refine', 'i1', 'darker', generation.options]);
});

test('of several pictures only those that failed are asked for again', async () => {
  const options = { ...generation.options, candidates: 4 };
  const failures = [1, 3].map((candidate) => ({ candidate, error }));
  const last = { ...generation, parent: 'i1', options, candidates: 4, failures };
  expect(await retried(last)).toMatchObject(['regenerate', { options: { candidates: 2 } }]);
  const all = { ...last, failures: [0, 1, 2, 3].map((candidate) => ({ candidate, error })) };
  expect(await retried(all)).toMatchObject(['regenerate', { options: { candidates: 4 } }]);
});

test('nothing failed: nothing is asked for', async () => {
  expect(await retried(undefined)).toBeUndefined();
});
