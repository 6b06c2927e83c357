/** The smallest schedules of faults that the simulator has found. */
import { expect, test } from 'vitest';
import { run } from './simulate.ts';
import type { Step } from './steps.ts';

const keepsAllRules = (seed: number, steps: readonly Step[]) => expect(run({ seed, steps })).resolves.toBeUndefined();

test('R4 a dead line is noticed although the server’s clock was set back', async () => {
  await keepsAllRules(0, [
    { does: 'half-open', page: 0, way: 'up' },
    { does: 'set server clock', ms: -3_600_000 },
  ]);
});

test('R8 a generation during which the clock was set back leaves no estimate below zero', async () => {
  await keepsAllRules(0, [
    { does: 'all at once', page: 0, what: 'ask' },
    { does: 'wait', ms: 23 },
    { does: 'set server clock', ms: -3_600_000 },
    { does: 'finish', drawing: 0, bytes: 200 },
    { does: 'wait', ms: 1_500 },
    { does: 'all at once', page: 0, what: 'ask' },
    { does: 'draw', drawing: 0, what: 'started' },
  ]);
});

test('R1 text typed before a refused start over is shared although the line was lost in between', async () => {
  await keepsAllRules(0, [
    { does: 'type', page: 0, times: 1 },
    { does: 'start over', page: 0 },
    { does: 'cut', page: 0, rescued: 'none' },
    { does: 'wait', ms: 0 },
  ]);
});

test('R1 the older of two texts does not come back when a start over was refused after a lost line', async () => {
  await keepsAllRules(0, [
    { does: 'type', page: 0, times: 1 },
    { does: 'wait', ms: 23 },
    { does: 'type', page: 0, times: 1 },
    { does: 'start over', page: 0 },
    { does: 'cut', page: 0, rescued: 'none' },
    { does: 'wait', ms: 60 },
  ]);
});

test('W8 the echo of an older text in a snapshot does not stop the newer one from being sent', async () => {
  await keepsAllRules(0, [
    { does: 'generate', page: 0, candidates: 1 },
    { does: 'hide', page: 0 },
    { does: 'type', page: 0, times: 1 },
    { does: 'wait', ms: 1_500 },
    { does: 'type', page: 0, times: 2 },
    { does: 'finish', drawing: 0, bytes: 60_000 },
  ]);
});

test('R1 what another tab typed meanwhile is taken or answered once the focus goes, a lost line in between', async () => {
  await keepsAllRules(0, [
    { does: 'attach', page: 0, as: 'reviewer' },
    { does: 'type', page: 0, times: 1 },
    { does: 'type', page: 1, times: 1 },
    { does: 'wait', ms: 24_816 },
    { does: 'cut', page: 0, rescued: 'down' },
  ]);
});

test('W1 progress does not overtake the snapshot that tells of its generation', async () => {
  await keepsAllRules(0, [
    { does: 'generate', page: 0, candidates: 1 },
    { does: 'wait', ms: 60 },
    { does: 'preview', drawing: 0, bytes: 1_918 },
    { does: 'preview', drawing: 0, bytes: 772 },
    { does: 'finish', drawing: 0, bytes: 200 },
    { does: 'attach', page: 0, as: 'reviewer' },
    { does: 'regenerate', page: 3, how: 'same' },
    { does: 'stall', page: 0, way: 'down', ms: 113 },
    { does: 'wait', ms: 113 },
  ]);
});

test('W8 a refused start over does not bind a field that was left and entered again', async () => {
  await keepsAllRules(0, [
    { does: 'type', page: 0, times: 1 },
    { does: 'cancel', page: 0 },
    { does: 'generate', page: 0, candidates: 1 },
    { does: 'refine', page: 0, image: 0 },
    { does: 'wait', ms: 39 },
    { does: 'cancel', page: 0 },
    { does: 'wait', ms: 50 },
    { does: 'all at once', page: 0, what: 'start over' },
    { does: 'generate', page: 0, candidates: 1 },
    { does: 'focus', page: 0, on: true },
    { does: 'cut', page: 0, rescued: 'none' },
  ]);
});

test('R1 a text is not held for delivered because the server, patient over big images, is still heard', async () => {
  await keepsAllRules(0, [
    { does: 'generate', page: 0, candidates: 3 },
    { does: 'type', page: 0, times: 1 },
    { does: 'wait', ms: 60 },
    { does: 'preview', drawing: 0, bytes: 92_881 },
    { does: 'generate', page: 0, candidates: 1 },
    { does: 'half-open', page: 0, way: 'up' },
    { does: 'attach', page: 0, as: 'reviewer' },
    { does: 'finish', drawing: 0, bytes: 200 },
    { does: 'finish', drawing: 0, bytes: 88_780 },
    { does: 'approve', page: 0, image: 0 },
  ]);
});

test('W8 an older text of ours is news when the newer one is no longer to be sent', async () => {
  await keepsAllRules(0, [
    { does: 'generate', page: 0, candidates: 1 },
    { does: 'type', page: 0, times: 2 },
    { does: 'approve', page: 0, image: 0 },
    { does: 'focus', page: 0, on: true },
  ]);
});

test('R1 a text is not held for delivered because the page’s clock was set forward', async () => {
  await keepsAllRules(0, [
    { does: 'type', page: 0, times: 1 },
    { does: 'generate', page: 0, candidates: 1 },
    { does: 'wait', ms: 60 },
    { does: 'generate', page: 0, candidates: 1 },
    { does: 'set clock', page: 0, ms: 3_600_000 },
    { does: 'finish', drawing: 0, bytes: 200 },
    { does: 'all at once', page: 0, what: 'approve' },
    { does: 'cut', page: 0, rescued: 'down' },
  ]);
});

test('R1 the older of two texts does not take the place of the newer one while a start over waits', async () => {
  await keepsAllRules(0, [
    { does: 'generate', page: 0, candidates: 1 },
    { does: 'focus', page: 0, on: true },
    { does: 'generate', page: 0, candidates: 1 },
    { does: 'wait', ms: 1_500 },
    { does: 'generate', page: 0, candidates: 1 },
    { does: 'start over', page: 0 },
    { does: 'half-open', page: 0, way: 'up' },
    { does: 'fail', drawing: 0, by: 'refusal' },
    { does: 'generate', page: 0, candidates: 1 },
  ]);
});

test('W8 of two texts that cross on their way, the one that the server has is in both fields', async () => {
  await keepsAllRules(0, [
    { does: 'open' },
    { does: 'attach', page: 0, as: 'reviewer' },
    { does: 'type', page: 0, times: 2 },
    { does: 'type', page: 2, times: 1 },
    { does: 'draw', drawing: 0, what: 'started' },
  ]);
});

test('W8 a prompt that crosses a text is in both fields, if it comes last', async () => {
  await keepsAllRules(0, [
    { does: 'attach', page: 0, as: 'reviewer' },
    { does: 'wait', ms: 15_000 },
    { does: 'focus', page: 0, on: true },
    { does: 'generate', page: 0, candidates: 1 },
    { does: 'type', page: 1, times: 2 },
    { does: 'generate', page: 0, candidates: 1 },
  ]);
});

test('W8 a text that crosses a prompt is in every field, if it comes last', async () => {
  await keepsAllRules(675_472_337, [
    { does: 'generate', page: 0, candidates: 1 },
    { does: 'wait', ms: 1 },
    { does: 'type', page: 0, times: 1 },
    { does: 'cancel', page: 0 },
    { does: 'wait', ms: 10 },
    { does: 'fail', drawing: 0, by: 'refusal' },
    { does: 'weather', page: 0, latencyMs: 1, bytesPerMs: 1_000 },
  ]);
});
