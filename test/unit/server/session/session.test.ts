import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GenerationFailed } from '../../../../server/generators/generator.ts';
import { decisionsIn } from '../../../../server/session/record.ts';
import { cleanText } from '../../../../server/session/text-check.ts';
import {
  type CoreOptions,
  generate,
  RecordingSubscriber,
  settled,
  TestCore,
  type TestMember,
} from '../../../support/core.ts';
import { inStage, sha256Of } from '../../../support/machine.ts';
import { imageOf } from '../../../support/scripted-generator.ts';

/** More commands at once than a participant may send by default. */
const unlimitedRate = { COMMAND_BURST: 10_000 };

async function createSession(options?: CoreOptions) {
  const core = new TestCore(options);
  const ana = await core.create('Ana');
  return { core, ana, generator: core.generator };
}

describe('a command is executed once', () => {
  test('M7: a known id gets its first answer, whether ack or reject, though the session has moved on', async () => {
    const { ana, generator } = await createSession();
    const refused = await ana.send({ type: 'cancel' }, 'cancel');
    expect(refused).toMatchObject({ code: 'wrong_stage' });
    const first = await ana.send(generate, 'generate');
    expect(await ana.send({ type: 'cancel' }, 'cancel')).toEqual(refused);
    expect(ana.state.stage).toBe('generating');
    await settled();
    generator.drawings[0]?.finish();
    await settled();
    expect(await ana.send(generate, 'generate')).toEqual(first);
    expect(generator.drawings).toHaveLength(1);
  });

  test('M7 S9: a command that is sent again takes no money that another session needs', async () => {
    const { core, ana, generator } = await createSession({ limits: { DAILY_ASKS: 2 } });
    const bo = await core.create('Bo');
    const first = await ana.send(generate, 'same');
    await settled();
    generator.drawings[0]?.finish();
    await settled();
    await ana.send({ type: 'start_over' });
    const answers = await Promise.all([ana.send(generate, 'same'), bo.send(generate)]);
    expect(answers).toEqual([first, { accepted: true, revision: 1 }]);
  });

  test('M7: the same id with other content is invalid_message, and is not executed', async () => {
    const { ana } = await createSession();
    await ana.send({ ...generate, prompt: '' }, 'same');
    expect(await ana.send(generate, 'same')).toMatchObject({ accepted: false, code: 'invalid_message' });
    expect(ana.state.stage).toBe('initial_input');
    expect(await ana.send({ ...generate, prompt: '' }, 'same')).toMatchObject({ code: 'prompt_empty' });
  });

  test('M7: the same command three times at once is executed once', async () => {
    const { ana, generator } = await createSession();
    const answers = await Promise.all([1, 2, 3].map(() => ana.send(generate, 'same')));
    await settled();
    expect(answers).toEqual(Array(3).fill({ accepted: true, revision: 1 }));
    expect(generator.drawings).toHaveLength(1);
  });

  test('M7: the last 256 commands are remembered, over a start over too', async () => {
    const { ana } = await createSession({ limits: unlimitedRate });
    const first = await ana.send(generate, 'first');
    await settled();
    ana.core.generator.drawings[0]?.finish();
    await settled();
    const startOver = await ana.send({ type: 'start_over' }, 'start over');
    for (let count = 0; count < 254; count += 1) await ana.send({ type: 'cancel' });
    expect(await ana.send(generate, 'first')).toEqual(first);
    expect(await ana.send({ type: 'start_over' }, 'start over')).toEqual(startOver);
    await ana.send({ type: 'cancel' });
    expect(await ana.send(generate, 'first')).toEqual({ accepted: true, revision: 4 });
  });

  test('M7: server_busy is not remembered, so the same id may try again', async () => {
    const limits = { CONCURRENT_CANDIDATES: 1, QUEUED_CANDIDATES: 0 };
    const { core, ana } = await createSession({ limits });
    const bo = await core.create('Bo');
    await ana.send(generate);
    expect(await bo.send(generate, 'same')).toEqual({ accepted: false, code: 'server_busy' });
    await ana.send({ type: 'cancel' });
    expect(await bo.send(generate, 'same')).toEqual({ accepted: true, revision: 1 });
  });
});

describe('commands compete', () => {
  test('M2: of several at once the first wins, and the other answers name who acted', async () => {
    const { ana, generator } = await createSession();
    const bo = await ana.bring('Bo');
    const answers = await Promise.all([ana, bo, ana, bo].map((member) => member.send(generate)));
    await settled();
    const { participant, connectionId } = ana.joined.caller;
    const act = { by: 'Ana', participantId: participant.id, connectionId, at: '2026-01-01T00:00:00.000Z' };
    const rejection = { accepted: false, code: 'wrong_stage', lastAction: { action: 'generate', ...act } };
    expect(answers).toEqual([{ accepted: true, revision: 1 }, rejection, rejection, rejection]);
    expect(generator.drawings).toHaveLength(1);
  });

  test('M2 M10: stale says who did what and when', async () => {
    const { core, ana } = await createSession();
    const bo = await ana.bring('Bo');
    core.clock.advance(1_500);
    await bo.send({ ...generate, turn: 0 });
    const lastAction = { action: 'generate', by: 'Bo', at: '2026-01-01T00:00:01.500Z' };
    expect(await ana.send({ ...generate, turn: 0 })).toMatchObject({ code: 'stale', lastAction });
  });

  test('M2: other rejections carry no lastAction, nor does wrong_stage before anybody acted', async () => {
    const { ana } = await createSession();
    expect(await ana.send({ type: 'cancel' })).toEqual({ accepted: false, code: 'wrong_stage' });
    await ana.draw();
    const notFound = { accepted: false, code: 'image_not_found' };
    expect(await ana.send({ type: 'approve', imageId: 'unknown' })).toEqual(notFound);
    const empty = { accepted: false, code: 'prompt_empty' };
    expect(await ana.send({ type: 'regenerate', prompt: '' })).toEqual(empty);
  });

  test('M3: an image of another session, or another digest, is image_not_found', async () => {
    const { core, ana } = await createSession();
    const foreign = await (await core.create('Bo')).draw();
    const { imageId, sha256 } = await ana.draw();
    const approve = (image: { imageId: string; sha256: string }) => ana.send({ type: 'approve', ...image });
    const notFound = { accepted: false, code: 'image_not_found' };
    expect(await approve({ imageId: foreign.imageId, sha256: foreign.sha256 })).toEqual(notFound);
    expect(await approve({ imageId, sha256: sha256Of('another') })).toEqual(notFound);
    expect(await approve({ imageId, sha256 })).toMatchObject({ accepted: true });
    expect(decisionsIn(ana.state.record)).toMatchObject([{ imageId, sha256, by: 'Ana' }]);
  });
});

describe('the text of a command', () => {
  const limits = { PROMPT_CHARACTERS: 10, FEEDBACK_CHARACTERS: 5 };

  test('S4: it is neither blank nor longer than its limit in UTF-16 units, and is checked before turn and stage', async () => {
    const { ana, generator } = await createSession({ limits });
    const codeOf = async (...[command]: Parameters<TestMember['send']>) => {
      const answer = await ana.send({ ...command, turn: 99 });
      return answer.accepted ? 'accepted' : answer.code;
    };
    for (const blank of ['', ' ', '\n\t', '\u00a0', '\u3000']) {
      expect(await codeOf({ type: 'generate', prompt: blank }), JSON.stringify(blank)).toBe('prompt_empty');
    }
    expect(await codeOf({ type: 'generate', prompt: '🪁'.repeat(5) })).toBe('stale');
    expect(await codeOf({ type: 'generate', prompt: `${'🪁'.repeat(5)}x` })).toBe('prompt_too_long');
    expect(await codeOf({ type: 'regenerate' })).toBe('stale');
    expect(await codeOf({ type: 'regenerate', prompt: ' ' })).toBe('prompt_empty');
    expect(await codeOf({ type: 'refine', imageId: 'x', feedback: ' ' })).toBe('prompt_empty');
    expect(await codeOf({ type: 'refine', imageId: 'x', feedback: '123456' })).toBe('prompt_too_long');
    expect(await codeOf({ type: 'cancel', reason: '' })).toBe('stale');
    expect(await codeOf({ type: 'cancel', reason: '123456' })).toBe('prompt_too_long');
    expect(generator.drawings).toEqual([]);
  });
});

describe('a generation', () => {
  test('W4: the bytes are those that the generator returned', async () => {
    const { ana } = await createSession();
    const kite = imageOf('kite');
    const { imageId, byteLength } = await ana.draw(kite);
    expect(ana.session.image(imageId)?.bytes).toBe(kite.bytes);
    expect(byteLength).toBe(kite.bytes.byteLength);
  });

  test('subscribers are notified of the snapshot before the first progress of its generation', async () => {
    const { ana } = await createSession();
    const subscriber = ana.follow();
    await ana.send(generate);
    await settled();
    expect(subscriber.calls).toEqual(['viewers', 'snapshot', 'progress 0']);
  });

  test('a snapshot shows a failure’s code and sentence, and no more of the error', async () => {
    const { ana, generator } = await createSession();
    await ana.send(generate);
    await settled();
    const cause = new Error('the body of the upstream response');
    generator.drawings[0]?.fail(new GenerationFailed('timeout', 'It took too long.', { retryable: true, cause }));
    await settled();
    expect(ana.snapshot.error).toEqual({ code: 'timeout', message: 'It took too long.', retryable: true });
  });

  test('R8: a mistake of ours is logged, and shown as provider_error without its message', async () => {
    const { core, ana, generator } = await createSession();
    await ana.send(generate);
    await settled();
    const fault = new TypeError('secret is not a function');
    generator.drawings[0]?.fail(fault);
    await settled();
    expect(ana.snapshot.error?.code).toBe('provider_error');
    expect(String(ana.session.snapshotFrame)).not.toContain('secret');
    expect(core.faults).toEqual([fault]);
  });

  test('R8: a subscriber that throws disturbs neither the others nor the generation', async () => {
    const { core, ana, generator } = await createSession();
    const fault = new Error('no more memory');
    const broken = ana.follow();
    broken.snapshotChanged = broken.progressChanged = () => {
      throw fault;
    };
    const other = (await ana.bring('Bo')).follow();
    expect(await ana.send(generate)).toMatchObject({ accepted: true });
    await settled();
    generator.drawings[0]?.finish();
    await settled();
    expect(inStage(ana.state, 'user_feedback').attempts).toHaveLength(1);
    expect(other.calls.filter((call) => call === 'snapshot')).toHaveLength(2);
    expect(new Set(core.faults)).toEqual(new Set([fault]));
  });

  test('requested images are counted over candidates and commands, so that the same prompt gives another picture', async () => {
    const { ana, generator } = await createSession();
    await ana.send({ ...generate, options: { candidates: 3 } });
    await settled();
    for (const drawing of generator.drawings) drawing.finish();
    await settled();
    await ana.send({ type: 'regenerate', options: {} });
    await settled();
    expect(generator.drawings.map(({ request }) => request.attempt)).toEqual([0, 1, 2, 3]);
  });

  test('a refinement passes on the image itself; a regeneration only the prompt', async () => {
    const { ana, generator } = await createSession();
    const kite = imageOf('kite');
    const { imageId } = await ana.draw(kite);
    await ana.send({ type: 'refine', imageId, feedback: 'darker' });
    await settled();
    expect(generator.drawings[1]?.request).toMatchObject({ prompt: 'a red kite', feedback: 'darker' });
    expect(generator.drawings[1]?.request.parent?.bytes).toBe(kite.bytes);
    await ana.send({ type: 'cancel' });
    await ana.send({ type: 'regenerate', imageId });
    await settled();
    expect(generator.drawings[2]?.request).toEqual({ prompt: 'a red kite', options: {}, attempt: 2 });
  });

  test('R11: each result reaches the session that requested it, whatever ends in between', async () => {
    const core = new TestCore({ limits: { CONCURRENT_CANDIDATES: 2 } });
    const [one, two, three] = [await core.create('One'), await core.create('Two'), await core.create('Three')];
    for (const [member, prompt] of [
      [one, 'one'],
      [two, 'two'],
      [three, 'three'],
    ] as const) {
      await member.send({ ...generate, prompt });
    }
    await settled();
    await one.send({ type: 'cancel' });
    await settled();
    const { drawings } = core.generator;
    expect(drawings.map(({ request }) => request.prompt)).toEqual(['one', 'two', 'three']);
    drawings[2]?.finish(imageOf('for three'));
    drawings[1]?.fail(new GenerationFailed('network', 'Cut.', { retryable: true }));
    await settled();
    expect(one.state).toMatchObject({ stage: 'initial_input', attempts: [] });
    expect(inStage(two.state, 'initial_input').unfinished?.generation.prompt).toBe('two');
    const [attempt] = inStage(three.state, 'user_feedback').attempts;
    expect(three.session.image(attempt.image.imageId)?.bytes).toEqual(imageOf('for three').bytes);
  });
});

describe('S4: what people wrote is kept without what they cannot have meant', () => {
  const typed = 'a\u0000 red\r\nkite\u007f\t\u0085\ud83d\ude80\u200d\ud800 “é” \r';
  const kept = 'a red\nkite\t\ud83d\ude80\u200d\ufffd “é” \n';

  test('prompts, feedback, reasons and drafts lose control characters before they are counted', async () => {
    const limits = { PROMPT_CHARACTERS: kept.length, FEEDBACK_CHARACTERS: kept.length };
    const { ana, generator } = await createSession({ limits });
    expect(await ana.send({ ...generate, prompt: '\u0000\u001b\n' })).toMatchObject({ code: 'prompt_empty' });
    expect(await ana.send({ ...generate, prompt: `${typed}x` })).toMatchObject({ code: 'prompt_too_long' });
    expect(await ana.send({ ...generate, prompt: typed })).toMatchObject({ accepted: true });
    await settled();
    expect([ana.snapshot.draft, generator.drawings[0]?.request.prompt]).toEqual([kept, kept]);
    await ana.send({ type: 'cancel', reason: typed });
    expect(ana.snapshot.lastGeneration).toMatchObject({ prompt: kept, cancelReason: kept });
    const { imageId } = await ana.draw();
    await ana.send({ type: 'refine', imageId, feedback: typed });
    await settled();
    expect(generator.drawings.at(-1)?.request.feedback).toBe(kept);
    const { sessions } = ana.core;
    expect(sessions.setDraft(ana.joined.caller, typed)).toBeUndefined();
    expect(ana.snapshot.draft).toBe(kept);
    expect(sessions.setDraft(ana.joined.caller, `${typed}x`)).toMatchObject({ code: 'prompt_too_long' });
  });

  test('M7: the same command with the same control characters is the same command', async () => {
    const { ana } = await createSession();
    const first = await ana.send({ ...generate, prompt: typed }, 'same');
    expect(await ana.send({ ...generate, prompt: typed }, 'same')).toEqual(first);
    expect(await ana.send({ ...generate, prompt: kept }, 'same')).toMatchObject({ code: 'invalid_message' });
  });

  test('a prompt that the model rewrote is as long as a person’s own at most', async () => {
    const { ana, generator } = await createSession({ limits: { PROMPT_CHARACTERS: 10 } });
    await ana.send({ ...generate, prompt: 'a kite' });
    await settled();
    generator.drawings[0]?.finish(undefined, { revisedPrompt: 'a\u0000 red kite' });
    await settled();
    expect(inStage(ana.state, 'user_feedback').attempts[0].revisedPrompt).toBe('a red kit');
  });

  test('a unit of a text takes at most three bytes of a snapshot', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const clean = cleanText(text);
        expect(Buffer.byteLength(JSON.stringify(clean)) - 2).toBeLessThanOrEqual(3 * clean.length);
        expect(clean.length).toBeLessThanOrEqual(text.length);
        expect(cleanText(clean)).toBe(clean);
      }),
    );
  });
});

describe('what a door reads of a session', () => {
  test('W2: the snapshot is encoded once for all subscribers, and holds no bytes', async () => {
    const { ana } = await createSession();
    const kite = imageOf('kite');
    await ana.draw(kite);
    const frame = ana.session.snapshotFrame;
    expect(ana.session.snapshotFrame).toBe(frame);
    expect(String(frame)).not.toContain(Buffer.from(kite.bytes).toString('base64').slice(0, 32));
    expect(ana.snapshot).toMatchObject({ stage: 'user_feedback', attempts: [{ number: 1 }] });
  });

  test('the encoded snapshot is kept only as long as somebody is subscribed', async () => {
    const { ana } = await createSession();
    const [first, second] = [ana.follow(), ana.follow()];
    const frame = ana.session.snapshotFrame;
    first.leave();
    expect(ana.session.snapshotFrame).toBe(frame);
    second.leave();
    expect(ana.session.snapshotFrame).not.toBe(frame);
  });

  test('viewers are counted by role, and named', async () => {
    const { ana } = await createSession();
    ana.follow();
    (await ana.bring('Bo', 'watcher')).follow();
    const leaving = (await ana.bring('Cy', 'watcher')).follow();
    leaving.leave();
    leaving.leave();
    expect(ana.session.viewers).toMatchObject({
      reviewers: 1,
      watchers: 1,
      people: [
        { participantId: ana.credentials.id, name: 'Ana', role: 'reviewer' },
        { name: 'Bo', role: 'watcher' },
      ],
    });
  });

  test('W1 W9: a newcomer is told of the viewers at once, the others at most every 250 ms, and last of how many there are', async () => {
    const { core, ana } = await createSession({ limits: { CONNECTIONS_PER_SESSION: 2_000 } });
    const cy = await ana.bring('Cy', 'watcher');
    /** How many viewers each report to Ana counted. */
    const reports: number[] = [];
    const subscriber = ana.follow();
    subscriber.viewersChanged = () => void reports.push(ana.session.viewers.watchers);
    const join = () => {
      const watcher = new RecordingSubscriber(() => '');
      const subscription = ana.session.subscribe(cy.joined.caller, watcher);
      if (subscription.accepted) watcher.leave = subscription.leave;
      return watcher;
    };
    const watchers = Array.from({ length: 1_000 }, join);
    expect(watchers.map(({ calls }) => calls)).toEqual(Array(1_000).fill(['viewers']));
    expect(reports).toEqual([]);
    core.clock.advance(250);
    expect(reports).toEqual([1_000]);
    for (const { leave } of watchers) leave();
    core.clock.advance(249);
    expect(reports).toEqual([1_000]);
    core.clock.advance(1);
    expect(reports).toEqual([1_000, 0]);
    core.clock.advance(1_000);
    const late = join();
    expect(reports).toEqual([1_000, 0, 1]);
    late.leave();
    subscriber.leave();
    core.clock.advance(1_000);
    expect(reports).toEqual([1_000, 0, 1]);
  });

  test('W1: the shown images are the newest and the approved one, each once', async () => {
    const { ana } = await createSession();
    expect(ana.session.shownImages).toEqual([]);
    const first = await ana.draw();
    const second = await ana.draw();
    expect(ana.session.shownImages).toEqual([second.imageId]);
    await ana.send({ type: 'approve', imageId: first.imageId });
    expect(ana.session.shownImages).toEqual([second.imageId, first.imageId]);
  });

  test('a saved image is named after its own prompt, a preview after the running one', async () => {
    const { ana, generator } = await createSession();
    const { imageId } = await ana.draw();
    await ana.send({ type: 'regenerate', prompt: 'a blue boat' });
    await settled();
    generator.drawings[1]?.preview();
    const [attempt, preview] = [ana.session.image(imageId), ana.session.partial(0)];
    if (!attempt || !preview) throw new Error('an image is missing');
    expect(ana.session.fileName(attempt)).toMatch(/red-kite.*\.png$/);
    expect(ana.session.fileName(preview)).toMatch(/blue-boat.*\.png$/);
  });

  test('R9: the end is reported once, and commands after it are session_not_found', async () => {
    const { core, ana } = await createSession();
    const subscriber = ana.follow();
    ana.session.close();
    ana.session.close();
    expect(subscriber.calls).toEqual(['viewers', 'session_gone']);
    expect(await ana.session.execute(ana.joined.caller, { ...generate, commandId: 'late' })).toEqual({
      accepted: false,
      code: 'session_not_found',
    });
    expect(core.faults).toEqual([]);
  });
});
