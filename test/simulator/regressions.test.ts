/** The shrunk schedules of the bugs that the simulator has found. */
import { expect, test } from 'vitest';
import { run } from './simulate.ts';
import type { Step } from './steps.ts';

const expectRulesKept = (seed: number, steps: readonly Step[]) => expect(run({ seed, steps })).resolves.toBeUndefined();

test('R4: the server notices a dead connection although its clock was set back', async () => {
  await expectRulesKept(0, [
    { does: 'half-open', tab: 0, way: 'up' },
    { does: 'set server clock', ms: -3_600_000 },
  ]);
});

test('R8: no estimate is negative after a generation during which the clock was set back', async () => {
  await expectRulesKept(0, [
    { does: 'all at once', tab: 0, command: 'generate' },
    { does: 'wait', ms: 23 },
    { does: 'set server clock', ms: -3_600_000 },
    { does: 'finish', drawing: 0, bytes: 200 },
    { does: 'wait', ms: 1_500 },
    { does: 'all at once', tab: 0, command: 'generate' },
    { does: 'progress', drawing: 0, phase: 'started' },
  ]);
});

test('R1: text typed before a rejected start over is sent, though the connection was lost in between', async () => {
  await expectRulesKept(0, [
    { does: 'type', tab: 0, times: 1 },
    { does: 'start over', tab: 0 },
    { does: 'cut', tab: 0, delivered: 'none' },
    { does: 'wait', ms: 0 },
  ]);
});

test('R1: the older of two texts does not come back when a start over is rejected after a lost connection', async () => {
  await expectRulesKept(0, [
    { does: 'type', tab: 0, times: 1 },
    { does: 'wait', ms: 23 },
    { does: 'type', tab: 0, times: 1 },
    { does: 'start over', tab: 0 },
    { does: 'cut', tab: 0, delivered: 'none' },
    { does: 'wait', ms: 60 },
  ]);
});

test('W8: an older text in a snapshot does not keep the newer one from being sent', async () => {
  await expectRulesKept(0, [
    { does: 'generate', tab: 0, candidates: 1 },
    { does: 'hide', tab: 0 },
    { does: 'type', tab: 0, times: 1 },
    { does: 'wait', ms: 1_500 },
    { does: 'type', tab: 0, times: 2 },
    { does: 'finish', drawing: 0, bytes: 60_000 },
  ]);
});

test("R1: when the focus goes, another tab's text is taken or replaced, though the connection was lost in between", async () => {
  await expectRulesKept(0, [
    { does: 'attach', tab: 0, as: 'reviewer' },
    { does: 'type', tab: 0, times: 1 },
    { does: 'type', tab: 1, times: 1 },
    { does: 'wait', ms: 24_816 },
    { does: 'cut', tab: 0, delivered: 'down' },
  ]);
});

test('W1: progress comes after the snapshot of its generation', async () => {
  await expectRulesKept(0, [
    { does: 'generate', tab: 0, candidates: 1 },
    { does: 'wait', ms: 60 },
    { does: 'preview', drawing: 0, bytes: 1_918 },
    { does: 'preview', drawing: 0, bytes: 772 },
    { does: 'finish', drawing: 0, bytes: 200 },
    { does: 'attach', tab: 0, as: 'reviewer' },
    { does: 'regenerate', tab: 3, from: 'same' },
    { does: 'stall', tab: 0, way: 'down', ms: 113 },
    { does: 'wait', ms: 113 },
  ]);
});

test('W8: a rejected start over does not change a field that was left and entered again', async () => {
  await expectRulesKept(0, [
    { does: 'type', tab: 0, times: 1 },
    { does: 'cancel', tab: 0 },
    { does: 'generate', tab: 0, candidates: 1 },
    { does: 'refine', tab: 0, image: 0 },
    { does: 'wait', ms: 39 },
    { does: 'cancel', tab: 0 },
    { does: 'wait', ms: 50 },
    { does: 'all at once', tab: 0, command: 'start over' },
    { does: 'generate', tab: 0, candidates: 1 },
    { does: 'focus', tab: 0, on: true },
    { does: 'cut', tab: 0, delivered: 'none' },
  ]);
});

test('R1: a text that was lost on a half-open connection is sent again, though the server still sends', async () => {
  await expectRulesKept(0, [
    { does: 'generate', tab: 0, candidates: 3 },
    { does: 'type', tab: 0, times: 1 },
    { does: 'wait', ms: 60 },
    { does: 'preview', drawing: 0, bytes: 92_881 },
    { does: 'generate', tab: 0, candidates: 1 },
    { does: 'half-open', tab: 0, way: 'up' },
    { does: 'attach', tab: 0, as: 'reviewer' },
    { does: 'finish', drawing: 0, bytes: 200 },
    { does: 'finish', drawing: 0, bytes: 88_780 },
    { does: 'approve', tab: 0, image: 0 },
  ]);
});

test('W8: an older own text from the server is shown once the newer one will not be sent', async () => {
  await expectRulesKept(0, [
    { does: 'generate', tab: 0, candidates: 1 },
    { does: 'type', tab: 0, times: 2 },
    { does: 'approve', tab: 0, image: 0 },
    { does: 'focus', tab: 0, on: true },
  ]);
});

test("R1: a text is not taken for delivered because the tab's clock was set forward", async () => {
  await expectRulesKept(0, [
    { does: 'type', tab: 0, times: 1 },
    { does: 'generate', tab: 0, candidates: 1 },
    { does: 'wait', ms: 60 },
    { does: 'generate', tab: 0, candidates: 1 },
    { does: 'set clock', tab: 0, ms: 3_600_000 },
    { does: 'finish', drawing: 0, bytes: 200 },
    { does: 'all at once', tab: 0, command: 'approve' },
    { does: 'cut', tab: 0, delivered: 'down' },
  ]);
});

test('R1: the older of two texts does not replace the newer one while a start over is pending', async () => {
  await expectRulesKept(0, [
    { does: 'generate', tab: 0, candidates: 1 },
    { does: 'focus', tab: 0, on: true },
    { does: 'generate', tab: 0, candidates: 1 },
    { does: 'wait', ms: 1_500 },
    { does: 'generate', tab: 0, candidates: 1 },
    { does: 'start over', tab: 0 },
    { does: 'half-open', tab: 0, way: 'up' },
    { does: 'fail', drawing: 0, by: 'refusal' },
    { does: 'generate', tab: 0, candidates: 1 },
  ]);
});

test('W8: of two texts that cross, the one that the server has last is in both fields', async () => {
  await expectRulesKept(0, [
    { does: 'open' },
    { does: 'attach', tab: 0, as: 'reviewer' },
    { does: 'type', tab: 0, times: 2 },
    { does: 'type', tab: 2, times: 1 },
    { does: 'progress', drawing: 0, phase: 'started' },
  ]);
});

test('W8: a prompt that crosses a text is in both fields when it reaches the server last', async () => {
  await expectRulesKept(0, [
    { does: 'attach', tab: 0, as: 'reviewer' },
    { does: 'wait', ms: 15_000 },
    { does: 'focus', tab: 0, on: true },
    { does: 'generate', tab: 0, candidates: 1 },
    { does: 'type', tab: 1, times: 2 },
    { does: 'generate', tab: 0, candidates: 1 },
  ]);
});

test('W8: a text that crosses a prompt is in every field when it reaches the server last', async () => {
  await expectRulesKept(675_472_337, [
    { does: 'generate', tab: 0, candidates: 1 },
    { does: 'wait', ms: 1 },
    { does: 'type', tab: 0, times: 1 },
    { does: 'cancel', tab: 0 },
    { does: 'wait', ms: 10 },
    { does: 'fail', drawing: 0, by: 'refusal' },
    { does: 'set speed', tab: 0, latencyMs: 1, bytesPerMs: 1_000 },
  ]);
});

test('R7: a cancel that arrives in one chunk with its generate leaves no memory reserved', async () => {
  await expectRulesKept(0, [
    { does: 'abandon', tab: 0 },
    { does: 'abandon', tab: 0, approved: 0 },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 60_000, options: { quality: 'low' } },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 60_000 },
    { does: 'open' },
    { does: 'generate', tab: 0, candidates: 2, options: { quality: 'low' } },
    { does: 'abandon', tab: 0, approved: 0 },
    { does: 'wait', ms: 1_500 },
    { does: 'fail', drawing: 0, by: 'refusal' },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 60_000 },
    { does: 'go on', tab: 1, next: 'regenerate', bytes: 60_000, options: { quality: 'high', candidates: 2 } },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 60_000, options: { quality: 'low' } },
    { does: 'generate and cancel', tab: 0 },
    { does: 'cut', tab: 3, delivered: 'none' },
    { does: 'abandon', tab: 0, approved: 0 },
    { does: 'hide', tab: 0 },
  ]);
});

test('R7: a candidate gets memory that was freed for it, though a message that is being sent took some of it', async () => {
  await expectRulesKept(0, [
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 60_531, options: { quality: 'low' } },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 60_000 },
    { does: 'open' },
    { does: 'leave', tab: 0, crashes: false },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 60_000, options: { candidates: 4 } },
    { does: 'cut', tab: 0, delivered: 'none' },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 60_000, options: { quality: 'low' } },
    { does: 'wait', ms: 1_500 },
  ]);
});
