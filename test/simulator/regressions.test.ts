/** The shrunk schedules of the bugs that the simulator has found. */
import { expect, test } from 'vitest';
import type { ClusterStep } from './cluster/cluster-steps.ts';
import { run } from './simulate.ts';
import type { Step } from './steps.ts';

const expectRulesKept = (seed: number, steps: readonly Step[]) => expect(run({ seed, steps })).resolves.toBeUndefined();

/** The same for several servers that share a store. */
const expectRulesKeptBySeveral = (seed: number, steps: readonly (Step | ClusterStep)[]) =>
  expect(run({ seed, isCluster: true, steps })).resolves.toBeUndefined();

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

test('W1: another server can open a session while a generation runs', async () => {
  await expectRulesKeptBySeveral(0, [
    { does: 'generate', tab: 0, candidates: 4 },
    { does: 'wait', ms: 0 },
  ]);
});

test('R10: a candidate is not drawn again when its server is killed directly after its image was stored', async () => {
  await expectRulesKeptBySeveral(0, [
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200, options: { quality: 'low' } },
    { does: 'finish all', bytes: 200 },
    { does: 'kill server of', tab: 0, downMs: 100 },
    { does: 'server fault' },
  ]);
});

test('R10: whoever takes over finds an image that was stored after its server had been cut off', async () => {
  await expectRulesKeptBySeveral(0, [
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 60000, options: { quality: 'low' } },
    { does: 'cut off', server: 0, ms: 5500 },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200, options: { quality: 'low' } },
    { does: 'hide', tab: 0 },
  ]);
});

test('W1: progress that was told before a server knew of the generation is shown', async () => {
  await expectRulesKeptBySeveral(365_569_244, [
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 60000, options: { quality: 'low' } },
    { does: 'attach', tab: 0, as: 'reviewer' },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200, options: { quality: 'low' } },
    { does: 'all at once', tab: 0, command: 'generate' },
  ]);
});

test('W1: a place in line that was told before a server knew of the generation is shown', async () => {
  await expectRulesKeptBySeveral(0, [
    { does: 'generate', tab: 0, candidates: 3, options: { quality: 'low' } },
    { does: 'cut', tab: 0, delivered: 'none' },
    { does: 'miss notices', server: 0, ms: 100 },
    { does: 'attach', tab: 0, as: 'reviewer' },
    { does: 'discard', tab: 3, image: 0, restoreMs: 0 },
  ]);
});

test('W11: an invitation lets in at a server that was not told of it', async () => {
  await expectRulesKeptBySeveral(97_522_400, [
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 60000 },
    { does: 'miss notices', server: 0, ms: 219 },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200, options: { quality: 'low' } },
    { does: 'agree', tab: 0, approvals: 1, afterwards: 'nothing' },
    { does: 'hide', tab: 0 },
  ]);
});

test('W3: an older attempt that a discard puts on show is sent first by a server that did not have it', async () => {
  await expectRulesKeptBySeveral(452_474_716, [
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 905 },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200 },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200, options: { quality: 'high', candidates: 2 } },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200, options: { quality: 'low' } },
    { does: 'go on', tab: 0, next: 'discard', bytes: 200, options: { quality: 'low' } },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200, options: { quality: 'low' } },
  ]);
});

test('S9: a candidate that another server draws again is paid for again', async () => {
  await expectRulesKeptBySeveral(0, [
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200, options: { quality: 'low' } },
    { does: 'drain', server: 0, downMs: 100 },
    { does: 'wait', ms: 0 },
  ]);
});

test('S9: a cancel gives nothing back for a candidate that another server has just begun', async () => {
  await expectRulesKeptBySeveral(581_187_540, [
    { does: 'cut off', server: 2, ms: 100 },
    { does: 'abandon', tab: 0 },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200, options: { quality: 'low' } },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 60000 },
    { does: 'close link', tab: 0, role: 'watcher' },
    { does: 'cancel', tab: 0, reason: '' },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 60000, options: { quality: 'low' } },
    { does: 'restart', downMs: 100, drained: true },
    { does: 'attach', tab: 0, as: 'reviewer' },
  ]);
});

test('W6: the ack of a command that another server has done follows its snapshot', async () => {
  await expectRulesKeptBySeveral(0, [
    { does: 'attach', tab: 0, as: 'reviewer' },
    { does: 'generate', tab: 0, candidates: 1, options: { quality: 'low' } },
    { does: 'agree', tab: 0, approvals: 1, afterwards: 'nothing' },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200 },
    { does: 'command everywhere', tab: 0, isSame: true, which: 'generate' },
    { does: 'discard', tab: 0, image: 0, restoreMs: 0 },
  ]);
});

test('R8: a retry waits for a store that is away', async () => {
  await expectRulesKeptBySeveral(640_200_086, [
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 60000 },
    { does: 'kill drawer', drawing: 0, downMs: 3000 },
    { does: 'cancel', tab: 0, reason: '' },
    { does: 'agree', tab: 0, approvals: 1, afterwards: 'nothing' },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 293 },
    { does: 'cut off', server: 2, ms: 100 },
    { does: 'progress', drawing: 1, phase: 'retrying' },
    { does: 'wait', ms: 60 },
  ]);
});

test('R2: a session ends first in the store', async () => {
  await expectRulesKeptBySeveral(0, [
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200, options: { quality: 'low' } },
    { does: 'end session', tab: 0 },
    { does: 'wait', ms: 60 },
    { does: 'abandon', tab: 0, approved: 0 },
  ]);
});

test('R1: a text that was typed at a server that is cut off reaches the others later', async () => {
  await expectRulesKeptBySeveral(0, [
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200, options: { model: 'another' } },
    { does: 'open' },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 60000 },
    { does: 'cut off', server: 2, ms: 5500 },
    { does: 'type', tab: 1, times: 1 },
    { does: 'finish all', bytes: 60000 },
  ]);
});

test('R1: a text of somebody who has typed on at another server does not come back', async () => {
  await expectRulesKeptBySeveral(1_258_457_787, [
    { does: 'type', tab: 0, times: 2 },
    { does: 'cut', tab: 0, delivered: 'up' },
    { does: 'start over', tab: 0 },
    { does: 'cut off', server: 0, ms: 5500 },
    { does: 'half-open', tab: 0, way: 'up' },
  ]);
});

test('W1: the preview of another server’s candidate goes when its image comes', async () => {
  await expectRulesKeptBySeveral(0, [
    { does: 'kill server of', tab: 0, downMs: 100 },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 60000 },
    { does: 'wait', ms: 1500 },
    { does: 'preview', drawing: 0, bytes: 200 },
    { does: 'wait', ms: 60 },
    { does: 'show', drawing: 0, bytes: 200 },
    { does: 'generate', tab: 0, candidates: 1, options: { quality: 'low' } },
  ]);
});

test('S9: a try that ends while the next one is paid for counts', async () => {
  await expectRulesKeptBySeveral(0, [
    { does: 'kill', server: 0, downMs: 100 },
    { does: 'wait', ms: 1500 },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 60483 },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200, options: { model: 'another' } },
    { does: 'command everywhere', tab: 0, isSame: false, which: 'generate' },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200, options: { quality: 'low' } },
    { does: 'progress', drawing: 1, phase: 'retrying' },
    { does: 'cut off', server: 2, ms: 5500 },
    { does: 'end session', tab: 0 },
  ]);
});

test('R13: no server gives up what a tab of another one shows', async () => {
  await expectRulesKeptBySeveral(76_096_493, [
    { does: 'open', approvals: 1 },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 1677, options: { quality: 'low' } },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 60000 },
    { does: 'go on', tab: 1, next: 'regenerate', bytes: 335 },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200 },
    { does: 'wait', ms: 2610 },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 60000, options: { quality: 'low' } },
    { does: 'server fault' },
  ]);
});

test('M6: a server that opens a session has the images that it shows', async () => {
  await expectRulesKeptBySeveral(923_744_161, [
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200, options: { quality: 'high', candidates: 2 } },
    { does: 'cut', tab: 0, delivered: 'none' },
    { does: 'wait', ms: 3 },
    { does: 'finish all', bytes: 200 },
    { does: 'look', tab: 0, image: 0, times: 1 },
  ]);
});

test('W3: a server that was slow does not show a picture that a later step has dropped', async () => {
  await expectRulesKeptBySeveral(72_138_116, [
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 60_000, options: { quality: 'low' } },
    { does: 'show', drawing: 0, bytes: 60_000 },
    { does: 'sleep', tab: 0, ms: 500 },
    { does: 'slow store', server: 1, ms: 5_500, latencyMs: 200 },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200, options: { quality: 'low' } },
    { does: 'fail', drawing: 0, by: 'refusal' },
    { does: 'show', drawing: 0, bytes: 60_000 },
  ]);
});

test('W3: a snapshot that waits for a picture does not go out without it when a tab ends the session', async () => {
  await expectRulesKeptBySeveral(1_775_934_643, [
    { does: 'generate', tab: 0, candidates: 1, options: { candidates: 4 } },
    { does: 'wait', ms: 74 },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 65_545, options: { quality: 'low' } },
    { does: 'end session', tab: 0 },
    { does: 'abandon', tab: 0, approved: 0 },
    { does: 'open' },
    { does: 'wait', ms: 60 },
  ]);
});

test('R1: a text stays whose author comes back to the same server before the store can be reached', async () => {
  await expectRulesKeptBySeveral(911_872_493, [
    { does: 'type', tab: 0, times: 2 },
    { does: 'cut off', server: 0, ms: 8_021 },
    { does: 'agree', tab: 0, approvals: 1, afterwards: 'nothing' },
    { does: 'half-open', tab: 0, way: 'up' },
    { does: 'remove', tab: 0, image: 0, count: 1 },
  ]);
});

test('R6: a server that stops waits for a candidate that it has begun to look into, and not only for what it draws', async () => {
  await expectRulesKeptBySeveral(198_683_273, [
    { does: 'generate', tab: 0, candidates: 4, options: { quality: 'low' } },
    { does: 'wait', ms: 4_800 },
    { does: 'drain', server: 0, downMs: 3_000 },
    { does: 'finish', drawing: 0, bytes: 200 },
    { does: 'restart', downMs: 1_142, drained: true },
    { does: 'wait', ms: 1_331 },
    { does: 'kill', server: 2, downMs: 100 },
    { does: 'progress', drawing: 0, phase: 'retrying' },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200, options: { quality: 'low' } },
    { does: 'wait', ms: 60 },
  ]);
});

test('W3: an image that another server has taken in is not dropped by the one that drew it', async () => {
  await expectRulesKeptBySeveral(0, [
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200, options: { quality: 'low' } },
    { does: 'lose answers', server: 0, count: 2 },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200 },
    { does: 'cut off', server: 0, ms: 5_500 },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200, options: { quality: 'low' } },
  ]);
});

test('takeover: a server that takes over what it drew itself uses the image that it has stored meanwhile', async () => {
  await expectRulesKeptBySeveral(0, [
    { does: 'generate and cancel', tab: 0 },
    { does: 'abandon', tab: 0 },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200 },
    { does: 'drain', server: 2, downMs: 4_350 },
    { does: 'cut off', server: 1, ms: 5_500 },
    { does: 'half-open', tab: 0, way: 'up' },
    { does: 'kill', server: 0, downMs: 5_500 },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200, options: { quality: 'low' } },
  ]);
});

test('W6: a repeated command is not acknowledged whose snapshot cannot be sent, since its session has just been ended', async () => {
  await expectRulesKeptBySeveral(868_139_194, [
    { does: 'refine', tab: 0, image: 0 },
    { does: 'generate', tab: 0, candidates: 1 },
    { does: 'generate', tab: 0, candidates: 1 },
    { does: 'restart', downMs: 100, drained: true },
    { does: 'discard', tab: 0, image: 0, restoreMs: 0 },
    { does: 'remove', tab: 0, image: 0, count: 1 },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200 },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200, options: { quality: 'low' } },
    { does: 'agree', tab: 0, approvals: 3, afterwards: 'require fewer' },
    { does: 'agree', tab: 3, approvals: 1, afterwards: 'require fewer' },
    { does: 'generate', tab: 0, candidates: 1, options: { model: 'another' } },
    { does: 'discard', tab: 0, image: 0 },
    { does: 'half-open', tab: 0, way: 'down' },
    { does: 'attach', tab: 0, as: 'impostor' },
    { does: 'command everywhere', tab: 0, isSame: false, which: 'generate' },
    { does: 'send again', tab: 0, message: 0 },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 60_000 },
    { does: 'wait', ms: 14_834 },
    { does: 'command everywhere', tab: 0, isSame: true, which: 'generate' },
    { does: 'end session', tab: 0 },
  ]);
});

test('W1: a server that has lost a candidate to another one hears how far that one is', async () => {
  await expectRulesKeptBySeveral(0, [
    { does: 'generate', tab: 0, candidates: 1, options: { quality: 'low' } },
    { does: 'wait', ms: 50 },
    { does: 'cut off', server: 0, ms: 5_500 },
    { does: 'wait', ms: 0 },
  ]);
});

test('W6: whoever was turned out on another server gets no ack whose snapshot does not come any more', async () => {
  await expectRulesKeptBySeveral(0, [
    { does: 'generate', tab: 0, candidates: 1 },
    { does: 'agree', tab: 0, approvals: 1, afterwards: 'nothing' },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 60_000, options: { quality: 'low' } },
    { does: 'agree', tab: 0, approvals: 3, afterwards: 'nothing' },
    { does: 'revoke', tab: 0, whom: 0, byKey: false },
    { does: 'command everywhere', tab: 0, isSame: true, which: 'generate' },
    { does: 'agree', tab: 0, approvals: 1, afterwards: 'nothing' },
  ]);
});

test('R7: the images of a session go although the server that ended it did not learn that it did', async () => {
  await expectRulesKeptBySeveral(0, [
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200 },
    { does: 'abandon', tab: 0, approved: 0 },
    { does: 'wait', ms: 28_963 },
    { does: 'wait', ms: 15 },
    { does: 'wait', ms: 11_093 },
    { does: 'wait', ms: 8_132 },
    { does: 'agree', tab: 0, approvals: 1, afterwards: 'nothing' },
    { does: 'lose answers', server: 0, count: 3 },
    { does: 'wait', ms: 1_500 },
    { does: 'wait', ms: 222 },
    { does: 'agree', tab: 0, approvals: 1, afterwards: 'nothing' },
    { does: 'wait', ms: 929 },
    { does: 'wait', ms: 5_379 },
    { does: 'agree', tab: 0, approvals: 1, afterwards: 'nothing' },
  ]);
});

test('R1: an older text does not take the place of one that was typed after a start over, once the store answers again', async () => {
  await expectRulesKeptBySeveral(789_503_929, [
    { does: 'attach', tab: 0, as: 'reviewer' },
    { does: 'cut off', server: 1, ms: 100 },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200, options: { quality: 'low' } },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 60_000, options: { quality: 'low' } },
    { does: 'lose answers', server: 2, count: 1 },
    { does: 'type', tab: 0, times: 1 },
    { does: 'type', tab: 1, times: 1 },
    { does: 'all at once', tab: 0, command: 'start over' },
    { does: 'wait', ms: 4_030 },
    { does: 'kill server of', tab: 0, downMs: 100 },
  ]);
});

test('R1: a text that was typed after a start over is shared again when a slow server has put an older one in its place', async () => {
  await expectRulesKeptBySeveral(396_427_112, [
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200 },
    { does: 'attach', tab: 0, as: 'reviewer' },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200 },
    { does: 'withdraw', tab: 0, decision: 0, own: true },
    { does: 'agree', tab: 0, approvals: 1, afterwards: 'nothing' },
    { does: 'slow store', server: 1, ms: 5_500, latencyMs: 200 },
    { does: 'go on', tab: 2, next: 'regenerate', bytes: 60_000, options: { quality: 'low' } },
    { does: 'type everywhere', tab: 0 },
    { does: 'decline', tab: 4, image: 0 },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 60_000 },
  ]);
});

test('W1: no preview comes behind the image of a candidate that two servers draw, as one was cut off', async () => {
  await expectRulesKeptBySeveral(1_364_009_116, [
    { does: 'cut off', server: 0, ms: 5_500 },
    { does: 'set speed', tab: 0, latencyMs: 100, bytesPerMs: 1_000 },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 60_000, options: { candidates: 4 } },
    { does: 'preview', drawing: 0, bytes: 60_000 },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 60_000, options: { quality: 'low' } },
    { does: 'show', drawing: 0, bytes: 200 },
    { does: 'cut off', server: 2, ms: 5_500 },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200 },
    { does: 'generate', tab: 0, candidates: 1, options: { model: 'another' } },
  ]);
});

test('R7: a preview that the next one replaces leaves the store', async () => {
  await expectRulesKeptBySeveral(598_562_067, [
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200 },
    { does: 'preview', drawing: 0, bytes: 300 },
    { does: 'wait', ms: 1_000 },
    { does: 'preview', drawing: 0, bytes: 400 },
    { does: 'wait', ms: 1_000 },
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200 },
  ]);
});

test('R7: the preview of a server that was killed leaves the store when its candidate is cancelled', async () => {
  await expectRulesKeptBySeveral(1, [
    { does: 'go on', tab: 0, next: 'regenerate', bytes: 200 },
    { does: 'preview', drawing: 0, bytes: 300 },
    { does: 'wait', ms: 4_000 },
    { does: 'kill drawer', drawing: 0, downMs: 1_000 },
    { does: 'wait', ms: 100 },
    { does: 'cancel', tab: 0 },
    { does: 'wait', ms: 1_000 },
  ]);
});
