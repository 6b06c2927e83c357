import { expect, onTestFinished, test, vi } from 'vitest';
import { sendCommand } from '../../../../client/model/intended-command.ts';
import type { SessionClientApi } from '../../../../client/model/session-controller.ts';
import type { Generation } from '../../../../shared/model.ts';
import type { SnapshotMessage } from '../../../../shared/protocol.ts';

const error = { code: 'no_image', message: 'No image came.', retryable: true } as const;
const generation: Generation = {
  generationId: 'g1',
  prompt: 'a red kite',
  options: { size: '1024x1024' },
  candidates: 1,
  startedAt: '2026-01-01T00:00:00.000Z',
};

/** The client method that a retry of `lastGeneration` calls in `stage`, with its arguments. */
async function retried(lastGeneration: Generation | undefined, stage: SnapshotMessage['stage'] = 'user_feedback') {
  const called = vi.fn();
  const method =
    (name: string) =>
    (...args: unknown[]) =>
      Promise.resolve(called(name, ...args));
  const state = { snapshot: { stage, lastGeneration } };
  const client = {
    state,
    generate: method('generate'),
    regenerate: method('regenerate'),
    refine: method('refine'),
  };
  await sendCommand({ type: 'retry' }, client as unknown as SessionClientApi);
  return called.mock.calls[0];
}

test('M8: retry repeats a first generation with its prompt and options', async () => {
  expect(await retried(generation, 'initial_input')).toEqual(['generate', 'a red kite', generation.options]);
});

test('M8: retry repeats a regeneration from the same parent', async () => {
  const { prompt, options } = generation;
  expect(await retried({ ...generation, parent: 'i1' })).toEqual(['regenerate', { imageId: 'i1', prompt, options }]);
});

test('M8: retry repeats a refinement of the same parent with the same feedback', async () => {
  const last = { ...generation, parent: 'i1', feedback: 'darker' };
  expect(await retried(last)).toEqual(['refine', 'i1', 'darker', generation.options]);
});

test('retry asks for as many candidates as failed', async () => {
  const options = { ...generation.options, candidates: 4 };
  const failures = [1, 3].map((candidate) => ({ candidate, error }));
  const last = { ...generation, parent: 'i1', options, candidates: 4, failures };
  expect(await retried(last)).toMatchObject(['regenerate', { options: { candidates: 2 } }]);
  const all = { ...last, failures: [0, 1, 2, 3].map((candidate) => ({ candidate, error })) };
  expect(await retried(all)).toMatchObject(['regenerate', { options: { candidates: 4 } }]);
});

test('retry sends nothing when no generation failed', async () => {
  expect(await retried(undefined)).toBeUndefined();
});

test('S10: an image that the browser cannot show, or has not shown yet, is not approved', async () => {
  const image = { imageId: 'i1' };
  const approve = vi.fn();
  const approveWith = (images: Map<string, object>) =>
    sendCommand(
      { type: 'approve', image } as unknown as Parameters<typeof sendCommand>[0],
      { state: { images }, approve } as unknown as SessionClientApi,
    );
  for (const display of [undefined, 'undecodable', 'blocked_by_policy'])
    await approveWith(new Map([['i1', { display }]]));
  await approveWith(new Map());
  expect(approve).not.toHaveBeenCalled();
  await approveWith(new Map([['i1', { display: 'possible' }]]));
  expect(approve).toHaveBeenCalledExactlyOnceWith(image, undefined);
});

test('W11: an invitation expires by the clock of the server', async () => {
  vi.useFakeTimers({ now: new Date('2026-11-29T12:00:00.000Z') });
  onTestFinished(() => void vi.useRealTimers());
  const invite = vi.fn();
  const client = { state: { serverAheadMs: 60_000 }, invite } as unknown as SessionClientApi;
  await sendCommand({ type: 'invite', name: 'Bo', role: 'reviewer', lifetime: 'day' }, client);
  await sendCommand({ type: 'invite', name: 'Cy', role: 'watcher' }, client);
  expect(invite.mock.calls).toEqual([
    ['Bo', 'reviewer', '2026-11-30T12:01:00.000Z'],
    ['Cy', 'watcher', undefined],
  ]);
});
