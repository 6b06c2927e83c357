import { describe, expect, test } from 'vitest';
import { GenerationFailed } from '../../server/generate/generator.ts';
import type { Session } from '../../server/session/session.ts';
import { parseServerMessage } from '../../shared/protocol.ts';
import { inStage, sha256Of } from '../support/machine.ts';
import { imageOf, ScriptedGenerator } from '../support/scripted-generator.ts';
import { ana, bo, Onlooker, Studio, send, settled } from '../support/studio.ts';

const MiB = 1024 * 1024;
const generate = { type: 'generate', prompt: 'a red kite' } as const;

function studioWithSession(...about: ConstructorParameters<typeof Studio>) {
  const studio = new Studio(...about);
  const session = studio.sessions.create();
  return { studio, session, generator: studio.generator };
}

/** Draws one more image, and returns its reference. */
async function drawn(session: Session, generator: ScriptedGenerator, bytes = imageOf(`${Math.random()}`)) {
  const first = session.state.stage === 'initial_input';
  const answer = await send(session, first ? generate : { type: 'regenerate' });
  expect(answer.accepted).toBe(true);
  generator.drawings.at(-1)?.finish(bytes);
  await settled();
  return inStage(session.state, 'user_feedback').attempts.at(-1)?.image ?? expect.fail('no attempt');
}

describe('M7 a command is done once', () => {
  test('M7 a known id gets its first answer, though the session has moved on', async () => {
    const { session, generator } = studioWithSession();
    const first = await send(session, generate, ana, 'same');
    generator.drawings[0]?.finish();
    await settled();
    expect(await send(session, generate, ana, 'same')).toEqual(first);
    expect(generator.drawings).toHaveLength(1);
  });

  test('M7 a refusal is remembered as well', async () => {
    const { session } = studioWithSession();
    const refused = await send(session, { type: 'cancel' }, ana, 'same');
    expect(refused).toMatchObject({ accepted: false, code: 'wrong_stage' });
    await send(session, generate);
    expect(await send(session, { type: 'cancel' }, ana, 'same')).toEqual(refused);
    expect(session.state.stage).toBe('generating');
  });

  test('M7 the same id with other content is invalid, and is not done', async () => {
    const { session } = studioWithSession();
    await send(session, { ...generate, prompt: '' }, ana, 'same');
    const other = await send(session, generate, ana, 'same');
    expect(other).toEqual({ accepted: false, code: 'invalid_message' });
    expect(session.state.stage).toBe('initial_input');
    expect(await send(session, { ...generate, prompt: '' }, ana, 'same')).toMatchObject({ code: 'prompt_empty' });
  });

  test('M7 the same content in another order of fields is the same command', async () => {
    const { session } = studioWithSession();
    const one = await session.decide({ type: 'generate', commandId: 'x', prompt: 'p', options: {} }, ana);
    expect(await session.decide({ options: {}, prompt: 'p', commandId: 'x', type: 'generate' }, ana)).toEqual(one);
  });

  test('M7 two at the same moment are decided once', async () => {
    const { session, generator } = studioWithSession();
    const answers = await Promise.all([1, 2, 3].map(() => send(session, generate, ana, 'same')));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(generator.drawings).toHaveLength(1);
    expect(session.state.revision).toBe(1);
  });

  test('M7 the last 256 are remembered, and no more', async () => {
    const { session } = studioWithSession();
    const blank = { ...generate, prompt: ' ' };
    for (let n = 0; n < 256; n++) await send(session, blank, ana, `old ${n}`);
    expect(await send(session, generate, ana, 'old 0')).toMatchObject({ code: 'invalid_message' });
    await send(session, blank, ana, 'one more');
    expect(await send(session, generate, ana, 'old 1')).toMatchObject({ code: 'invalid_message' });
    expect(await send(session, generate, ana, 'old 0')).toMatchObject({ accepted: true });
  });

  test('M7 start_over is remembered, and makes nothing forgotten', async () => {
    const { session, generator } = studioWithSession();
    const first = await send(session, generate, ana, 'first');
    generator.drawings[0]?.finish();
    await settled();
    const over = await send(session, { type: 'start_over' }, ana, 'over');
    expect(await send(session, generate, ana, 'first')).toEqual(first);
    await send(session, generate);
    expect(await send(session, { type: 'start_over' }, ana, 'over')).toEqual(over);
    expect(session.state.stage).toBe('generating');
  });

  test('M7 server_busy is not remembered: the same id may try again', async () => {
    const { studio, session } = studioWithSession({ IMAGE_MEMORY_BYTES: 30 * MiB });
    const taken = studio.memory.take(20 * MiB);
    expect(await send(session, generate, ana, 'same')).toEqual({ accepted: false, code: 'server_busy' });
    taken.release();
    expect(await send(session, generate, ana, 'same')).toEqual({ accepted: true, revision: 1 });
  });
});

describe('M2 the first wins', () => {
  test('M2 of many at once one is accepted; the others hear who acted', async () => {
    const { session, generator } = studioWithSession();
    const answers = await Promise.all([ana, bo, ana, bo].map((actor) => send(session, generate, actor)));
    const lastAction = { action: 'generate', by: 'Ana', connectionId: 'a', at: '2026-01-01T00:00:00.000Z' };
    expect(answers[0]).toEqual({ accepted: true, revision: 1 });
    for (const answer of answers.slice(1)) expect(answer).toEqual({ accepted: false, code: 'wrong_stage', lastAction });
    expect(generator.drawings).toHaveLength(1);
  });

  test('M2 stale tells who did what and when', async () => {
    const { studio, session } = studioWithSession();
    studio.clock.advance(1_500);
    await send(session, { ...generate, turn: 0 }, bo);
    const answer = await send(session, { ...generate, turn: 0 }, ana);
    const lastAction = { action: 'generate', by: 'Bo', connectionId: 'b', at: '2026-01-01T00:00:01.500Z' };
    expect(answer).toEqual({ accepted: false, code: 'stale', lastAction });
  });

  test('M2 nobody has acted yet: no lastAction', async () => {
    const { session } = studioWithSession();
    expect(await send(session, { type: 'cancel' })).toEqual({ accepted: false, code: 'wrong_stage' });
  });

  test('no other refusal tells of it', async () => {
    const { session, generator } = studioWithSession();
    await drawn(session, generator);
    expect(await send(session, { type: 'approve', imageId: 'nowhere' })).toEqual({
      accepted: false,
      code: 'image_not_found',
    });
    expect(await send(session, { type: 'regenerate', prompt: '' })).toEqual({ accepted: false, code: 'prompt_empty' });
  });
});

describe('M3 the approved image is the one that was looked at', () => {
  test('M3 by the digest of its bytes', async () => {
    const { session, generator } = studioWithSession();
    const image = await drawn(session, generator);
    const wrong = await send(session, { type: 'approve', imageId: image.imageId, sha256: sha256Of('another') });
    expect(wrong).toEqual({ accepted: false, code: 'image_not_found' });
    await send(session, { type: 'approve', imageId: image.imageId, sha256: image.sha256 });
    expect(session.state.decisions).toMatchObject([{ imageId: image.imageId, sha256: image.sha256, by: 'Ana' }]);
  });

  test('M3 not the one of another session', async () => {
    const { studio, session, generator } = studioWithSession();
    const foreign = await drawn(studio.sessions.create(), generator);
    await drawn(session, generator);
    const answer = await send(session, { type: 'approve', imageId: foreign.imageId, sha256: foreign.sha256 });
    expect(answer).toEqual({ accepted: false, code: 'image_not_found' });
  });
});

describe('M4 late results', () => {
  test('M4 what a cancelled generation still brings is heard by nobody', async () => {
    const { studio, session, generator } = studioWithSession({}, new ScriptedGenerator({ isStubborn: true }));
    const onlooker = new Onlooker(session);
    session.attach(onlooker);
    await send(session, generate);
    await send(session, { type: 'cancel' });
    await send(session, generate);
    await settled();
    const before = session.state;
    onlooker.heard.length = 0;
    generator.drawings[0]?.report({ phase: 'drawing' });
    generator.drawings[0]?.preview();
    generator.drawings[0]?.finish();
    await settled();
    expect(session.state).toBe(before);
    expect(session.partial(0)).toBeUndefined();
    expect(onlooker.heard).toEqual([]);
    expect(studio.faults).toEqual([]);
  });

  test('M4 R2 a cancel aborts the request at once, and nothing is unhandled', async () => {
    const { session, generator } = studioWithSession();
    await send(session, { ...generate, options: { candidates: 2 } });
    await send(session, { type: 'cancel' });
    expect(generator.drawings.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    await settled();
    expect(session.runningCandidates).toEqual([]);
  });
});

describe('a generation', () => {
  test('W4 the bytes are those that the generator returned', async () => {
    const { session, generator } = studioWithSession();
    const bytes = imageOf('kite');
    const image = await drawn(session, generator, bytes);
    expect(session.image(image.imageId)?.bytes).toBe(bytes.bytes);
    expect(image.byteLength).toBe(bytes.bytes.byteLength);
  });

  test('the snapshot tells everybody before the drawing begins, so that no progress is unknown', async () => {
    const { session } = studioWithSession();
    const onlooker = new Onlooker(session);
    session.attach(onlooker);
    await send(session, generate);
    expect(onlooker.heard).toEqual(['viewers', 'snapshot', 'progress 0']);
  });

  test('a failure is told with its code and sentence, and nothing else of the error', async () => {
    const { session, generator } = studioWithSession();
    await send(session, generate);
    const cause = new Error('the upstream body');
    generator.drawings[0]?.fail(new GenerationFailed('timeout', 'It took too long.', { retryable: true, cause }));
    await settled();
    expect(JSON.parse(String(session.snapshotFrame)).error).toEqual({
      code: 'timeout',
      message: 'It took too long.',
      retryable: true,
    });
  });

  test('R8 a fault of ours ends as a provider_error, without its words, and is noted', async () => {
    const { studio, session, generator } = studioWithSession();
    await send(session, generate);
    const fault = new TypeError('secret is not a function');
    generator.drawings[0]?.fail(fault);
    await settled();
    expect(String(session.snapshotFrame)).not.toContain('secret');
    expect(JSON.parse(String(session.snapshotFrame)).error.code).toBe('provider_error');
    expect(studio.faults).toEqual([fault]);
  });

  test('R8 a connection that fails when it is told keeps nothing from the others, nor from the generation', async () => {
    const { studio, session, generator } = studioWithSession();
    const fault = new Error('no more memory');
    const broken = new Onlooker(session, 'a');
    broken.snapshotChanged = broken.progressed = () => {
      throw fault;
    };
    const other = new Onlooker(session, 'b');
    session.attach(broken);
    session.attach(other);
    expect(await send(session, generate)).toMatchObject({ accepted: true });
    generator.drawings[0]?.finish();
    await settled();
    expect(inStage(session.state, 'user_feedback').attempts).toHaveLength(1);
    expect(other.heard.filter((call) => call === 'snapshot')).toHaveLength(2);
    expect(new Set(studio.faults)).toEqual(new Set([fault]));
  });

  test('candidates and asks count on, so that the same prompt is another picture', async () => {
    const { session, generator } = studioWithSession();
    await send(session, { ...generate, options: { candidates: 3 } });
    for (const drawing of generator.drawings) drawing.finish();
    await settled();
    await send(session, { type: 'regenerate', options: {} });
    expect(generator.drawings.map(({ request }) => request.attempt)).toEqual([0, 1, 2, 3]);
  });

  test('a refinement hands over the image itself and the words', async () => {
    const { session, generator } = studioWithSession();
    const bytes = imageOf('kite');
    const image = await drawn(session, generator, bytes);
    await send(session, { type: 'refine', imageId: image.imageId, feedback: 'darker' });
    expect(generator.drawings[1]?.request).toMatchObject({ prompt: 'a red kite', feedback: 'darker' });
    expect(generator.drawings[1]?.request.parent?.bytes).toBe(bytes.bytes);
  });

  test('a regeneration draws from the prompt alone', async () => {
    const { session, generator } = studioWithSession();
    const image = await drawn(session, generator);
    await send(session, { type: 'regenerate', imageId: image.imageId });
    expect(generator.drawings[1]?.request).not.toHaveProperty('parent');
    expect(generator.drawings[1]?.request).not.toHaveProperty('feedback');
  });

  test('progress: elapsed and remaining times are computed when asked for', async () => {
    const { studio, session, generator } = studioWithSession();
    await send(session, generate);
    const [drawing] = generator.drawings;
    drawing?.report({ phase: 'retrying', try: 2, retryInMs: 4_000, reason: 'The service is busy.' });
    studio.clock.advance(1_000);
    expect(session.progress(0)).toMatchObject({
      phase: 'retrying',
      try: 2,
      maxTries: 3,
      elapsedMs: 1_000,
      retryInMs: 3_000,
      reason: 'The service is busy.',
    });
    drawing?.report({ phase: 'started' });
    expect(session.progress(0)).toMatchObject({ phase: 'started', try: 2 });
    expect(session.progress(0)).not.toHaveProperty('retryInMs');
  });

  test('R10 why it was tried again is told in all phases that follow, of this candidate alone', async () => {
    const { session, generator } = studioWithSession();
    await send(session, { ...generate, options: { candidates: 2 } });
    const [drawing] = generator.drawings;
    drawing?.report({ phase: 'retrying', try: 2, retryInMs: 4_000, reason: 'It may have been billed.' });
    for (const phase of ['started', 'drawing'] as const) {
      drawing?.report({ phase });
      expect(session.progress(0)).toMatchObject({ phase, try: 2, reason: 'It may have been billed.' });
    }
    drawing?.report({ phase: 'retrying', try: 3, retryInMs: 4_000, reason: 'Both may have been billed.' });
    drawing?.report({ phase: 'started' });
    expect(session.progress(0)).toMatchObject({ phase: 'started', try: 3, reason: 'Both may have been billed.' });
    expect(session.progress(1)).not.toHaveProperty('reason');
  });

  test('an estimate appears with the first success, from the time it took', async () => {
    const { studio, session, generator } = studioWithSession();
    await send(session, generate);
    expect(session.progress(0)).not.toHaveProperty('expectedMs');
    studio.clock.advance(7_000);
    generator.drawings[0]?.finish();
    await settled();
    await send(session, { type: 'regenerate' });
    expect(session.progress(0)).toMatchObject({ expectedMs: 7_000 });
  });

  test('partials have ids of their own and are counted; the last one counts', async () => {
    const { session, generator } = studioWithSession();
    await send(session, generate);
    generator.drawings[0]?.preview(imageOf('one'));
    const first = session.partial(0)?.reference;
    generator.drawings[0]?.preview(imageOf('two'));
    const second = session.partial(0)?.reference;
    expect([first?.index, second?.index]).toEqual([0, 1]);
    expect([first?.kind, second?.kind]).toEqual(['partial', 'partial']);
    expect(first?.imageId).not.toBe(second?.imageId);
    expect(session.image(second?.imageId ?? '')).toBeUndefined();
    expect(session.visibleImage(second?.imageId ?? '')).toEqual(session.partial(0));
  });
});

describe('words', () => {
  const limits = { PROMPT_CHARACTERS: 10, FEEDBACK_CHARACTERS: 5 };

  test.each(['', ' ', '\n\t', '\u00a0', '\u3000'])('a blank prompt is refused: %j', async (prompt) => {
    const { session, generator } = studioWithSession();
    expect(await send(session, { ...generate, prompt })).toEqual({ accepted: false, code: 'prompt_empty' });
    expect(generator.drawings).toEqual([]);
  });

  test('the longest prompt is accepted, one more UTF-16 unit is not', async () => {
    const { session } = studioWithSession(limits);
    const tooLong = { accepted: false, code: 'prompt_too_long' };
    expect(await send(session, { ...generate, prompt: 'x'.repeat(11) })).toEqual(tooLong);
    expect(await send(session, { ...generate, prompt: `${'🪁'.repeat(5)}x` })).toEqual(tooLong);
    expect(await send(session, { ...generate, prompt: '🪁'.repeat(5) })).toMatchObject({ accepted: true });
  });

  test('the words are looked at before the turn and the stage', async () => {
    const { session } = studioWithSession(limits);
    await send(session, generate);
    expect(await send(session, { ...generate, prompt: ' ', turn: 99 })).toMatchObject({ code: 'prompt_empty' });
    expect(await send(session, { type: 'refine', imageId: 'x', feedback: ' ', turn: 99 })).toMatchObject({
      code: 'prompt_empty',
    });
    expect(await send(session, { type: 'refine', imageId: 'x', feedback: '123456', turn: 99 })).toMatchObject({
      code: 'prompt_too_long',
    });
  });
});

describe('the draft', () => {
  test('W9 is shared with everybody else, and changes no revision', () => {
    const { session } = studioWithSession();
    const [one, two] = [new Onlooker(session, 'a'), new Onlooker(session, 'b')];
    session.attach(one);
    session.attach(two);
    session.setDraft('a r', ana);
    expect(two.heard).toContain('draft a r by Ana');
    expect(one.heard.some((what) => what.startsWith('draft'))).toBe(false);
    expect(JSON.parse(String(session.snapshotFrame))).toMatchObject({ draft: 'a r', revision: 0 });
  });

  test('an accepted prompt sets it, a refused one does not, start_over empties it', async () => {
    const { session, generator } = studioWithSession();
    const draft = () => JSON.parse(String(session.snapshotFrame)).draft;
    await drawn(session, generator);
    expect(draft()).toBe('a red kite');
    await send(session, { type: 'generate', prompt: 'refused' });
    expect(draft()).toBe('a red kite');
    await send(session, { type: 'start_over' });
    expect(draft()).toBe('');
  });
});

describe('R11 sessions side by side', () => {
  test('R11 each result reaches the session that asked, whatever ends in between', async () => {
    const studio = new Studio({ CONCURRENT_CANDIDATES: 2 });
    const [one, two, three] = [studio.sessions.create(), studio.sessions.create(), studio.sessions.create()];
    await send(one, { ...generate, prompt: 'one' });
    await send(two, { ...generate, prompt: 'two' });
    await send(three, { ...generate, prompt: 'three' });
    expect(three.progress(0)).toMatchObject({ phase: 'queued', queuePosition: 1 });
    await send(one, { type: 'cancel' });
    await settled();
    const { drawings } = studio.generator;
    expect(drawings.map(({ request }) => request.prompt)).toEqual(['one', 'two', 'three']);
    drawings[2]?.finish(imageOf('for three'));
    await settled();
    expect(one.state.stage).toBe('initial_input');
    expect(two.state.stage).toBe('generating');
    expect(three.image(inStage(three.state, 'user_feedback').attempts[0].image.imageId)?.bytes).toEqual(
      imageOf('for three').bytes,
    );
    drawings[1]?.fail(new GenerationFailed('network', 'Cut.', { retryable: true }));
    await settled();
    expect(inStage(two.state, 'initial_input').unfinished?.generation.prompt).toBe('two');
    expect(three.state.stage).toBe('user_feedback');
  });

  test('R11 a closed session takes its waiting generations out of the line', async () => {
    const studio = new Studio({ CONCURRENT_CANDIDATES: 1 });
    const [one, two] = [studio.sessions.create(), studio.sessions.create()];
    await send(one, generate);
    await send(two, { ...generate, options: { candidates: 4 } });
    two.close();
    await settled();
    expect(studio.queue.waiting).toBe(0);
    studio.generator.drawings[0]?.finish();
    await settled();
    expect(studio.generator.drawings).toHaveLength(1);
    expect(one.state.stage).toBe('user_feedback');
  });
});

describe('R7 memory', () => {
  test('R7 server_busy comes before the generator is called', async () => {
    const { session, generator } = studioWithSession({ IMAGE_MEMORY_BYTES: 20 * MiB - 1 });
    expect(await send(session, generate)).toEqual({ accepted: false, code: 'server_busy' });
    await settled();
    expect(generator.drawings).toEqual([]);
    expect(session.state.revision).toBe(0);
  });

  test('R7 room is reserved for every candidate, and given back when they have ended', async () => {
    const { studio, session, generator } = studioWithSession();
    await send(session, { ...generate, options: { candidates: 3 } });
    expect(studio.memory.usedBytes).toBe(60 * MiB);
    for (const drawing of generator.drawings) drawing.finish(imageOf(`${Math.random()}`, 5_000));
    await settled();
    expect(studio.memory.usedBytes).toBe(15_000);
  });

  test('R7 what a cancelled generation held is there for the command right behind the cancel', async () => {
    const { studio, session, generator } = studioWithSession({
      CONCURRENT_CANDIDATES: 1,
      QUEUED_CANDIDATES: 1,
      IMAGE_MEMORY_BYTES: 20 * MiB,
    });
    await send(session, generate);
    const answers = await Promise.all([send(session, { type: 'cancel' }), send(session, generate)]);
    expect(answers).toMatchObject([{ accepted: true }, { accepted: true }]);
    expect(generator.drawings).toHaveLength(2);
    const waiting = studio.sessions.create();
    await send(waiting, generate);
    const again = await Promise.all([send(waiting, { type: 'cancel' }), send(waiting, generate)]);
    expect(again).toMatchObject([{ accepted: true }, { accepted: true }]);
  });

  test('R7 with the default limits 104 candidates are taken, those that wait without room, and the 105th is server_busy', async () => {
    const { studio } = studioWithSession();
    for (let n = 0; n < 26; n++) {
      const asked = send(studio.sessions.create(), { ...generate, options: { candidates: 4 } });
      expect(await asked).toMatchObject({ accepted: true });
    }
    expect([studio.queue.running, studio.queue.waiting]).toEqual([4, 100]);
    expect(studio.memory.usedBytes).toBe(80 * MiB);
    expect(await send(studio.sessions.create(), generate)).toEqual({ accepted: false, code: 'server_busy' });
  });

  /** One drawn at a time, and memory for its image and half of another: the next ones wait for it, the first of them in another session. */
  async function shortOfMemory() {
    const limits = { CONCURRENT_CANDIDATES: 2, IMAGE_MEMORY_BYTES: 2_500, UPSTREAM_IMAGE_BYTES: 1_000 };
    const { studio, session, generator } = studioWithSession(limits);
    const [second, third] = [studio.sessions.create(), studio.sessions.create()];
    const leave = session.attach(new Onlooker(session));
    await send(session, { ...generate, options: { candidates: 2 } });
    await send(second, { ...generate, prompt: 'second' });
    await send(third, { ...generate, prompt: 'third' });
    for (const drawing of generator.drawings) drawing.finish(imageOf(`${Math.random()}`, 1_000));
    await settled();
    return { studio, session, leave, second, third, generator };
  }

  test('R7 whose turn has come without room for its image waits, before anything is asked for; nobody loses anything', async () => {
    const { studio, session, second, third, generator } = await shortOfMemory();
    expect(generator.drawings).toHaveLength(2);
    expect(second.progress(0)).toMatchObject({ phase: 'queued', queuePosition: 1 });
    expect(third.progress(0)).toMatchObject({ phase: 'queued', queuePosition: 2 });
    expect(await send(studio.sessions.create(), generate)).toMatchObject({ code: 'server_busy' });
    expect(inStage(session.state, 'user_feedback').attempts).toHaveLength(2);
    await send(session, { type: 'start_over' });
    await settled();
    expect(generator.drawings.slice(2).map(({ request }) => request.prompt)).toEqual(['second', 'third']);
    expect(studio.memory.usedBytes).toBe(2_000);
  });

  test('R7 who waits for room can be cancelled, and the next one is the first', async () => {
    const { session, second, third, generator } = await shortOfMemory();
    await send(second, { type: 'cancel' });
    await settled();
    expect(third.progress(0)).toMatchObject({ phase: 'queued', queuePosition: 1 });
    await send(session, { type: 'start_over' });
    await settled();
    expect(generator.drawings.slice(2).map(({ request }) => request.prompt)).toEqual(['third']);
  });

  test('R7 what nobody looks at any more gives way to who waits for room', async () => {
    const { studio, session, leave, generator } = await shortOfMemory();
    leave();
    await settled();
    expect(generator.drawings.slice(2).map(({ request }) => request.prompt)).toEqual(['second', 'third']);
    expect(studio.sessions.find(session.id)).toBeUndefined();
    expect(studio.memory.usedBytes).toBe(2_000);
  });

  test('R7 an image takes the room that was reserved for it: nobody is told of it while it is counted twice', async () => {
    const { studio, session, generator } = studioWithSession();
    const used: number[] = [];
    await send(session, generate);
    const onlooker = new Onlooker(session);
    session.attach(
      Object.assign(onlooker, {
        snapshotChanged: () => used.push(studio.memory.usedBytes),
      }),
    );
    generator.drawings[0]?.finish(imageOf('one', 5_000));
    await settled();
    expect(used).toEqual([5_000]);
  });

  test.each(['cancel', 'fail', 'close'] as const)('R7 room is given back after %s', async (end) => {
    const { studio, session, generator } = studioWithSession();
    await send(session, generate);
    if (end === 'cancel') await send(session, { type: 'cancel' });
    if (end === 'fail') generator.drawings[0]?.fail(new Error('fault'));
    if (end === 'close') session.close();
    await settled();
    expect(studio.memory.usedBytes).toBe(0);
  });

  test.each(['finish', 'cancel', 'fail', 'close'] as const)(
    'R7 a preview is counted until the next one, and until %s',
    async (end) => {
      const { studio, session, generator } = studioWithSession({ IMAGE_MEMORY_BYTES: 20 * MiB + 8_000 });
      await send(session, generate);
      const [drawing] = generator.drawings;
      drawing?.preview(imageOf('one', 3_000));
      drawing?.preview(imageOf('two', 4_000));
      expect(studio.memory.usedBytes).toBe(20 * MiB + 4_000);
      if (end === 'finish') drawing?.finish(imageOf('kite', 5_000));
      if (end === 'cancel') await send(session, { type: 'cancel' });
      if (end === 'fail') drawing?.fail(new Error('fault'));
      if (end === 'close') session.close();
      await settled();
      expect(studio.memory.usedBytes).toBe(end === 'finish' ? 5_000 : 0);
    },
  );

  test('R7 a preview for which there is no room is shown to nobody, and the one before it stays', async () => {
    const { studio, session, generator } = studioWithSession({ IMAGE_MEMORY_BYTES: 20 * MiB + 5_000 });
    await send(session, generate);
    const onlooker = new Onlooker(session);
    session.attach(onlooker);
    generator.drawings[0]?.preview(imageOf('one', 3_000));
    generator.drawings[0]?.preview(imageOf('two', 3_000));
    expect(onlooker.heard.filter((what) => what.startsWith('preview'))).toHaveLength(1);
    expect(session.partial(0)?.bytes).toEqual(imageOf('one', 3_000).bytes);
    expect(studio.memory.usedBytes).toBe(20 * MiB + 3_000);
  });

  test('start over gives back what the attempts took', async () => {
    const { studio, session, generator } = studioWithSession();
    await drawn(session, generator);
    await send(session, { type: 'start_over' });
    expect(studio.memory.usedBytes).toBe(0);
    expect(session.imageBytes).toBe(0);
  });

  test('a full queue is server_busy too, for all the candidates or for none', async () => {
    const studio = new Studio({ CONCURRENT_CANDIDATES: 1, QUEUED_CANDIDATES: 2 });
    const [one, two] = [studio.sessions.create(), studio.sessions.create()];
    await send(one, { ...generate, options: { candidates: 2 } });
    expect(await send(two, { ...generate, options: { candidates: 2 } })).toMatchObject({ code: 'server_busy' });
    expect(await send(two, generate)).toMatchObject({ accepted: true });
    expect([studio.queue.running, studio.queue.waiting]).toEqual([1, 2]);
  });
});

describe('the room that abandoned sessions give', () => {
  /** Three resting sessions: two attempts under review (the older), two attempts with one approved, one attempt. */
  async function abandoned(limitBytes: number) {
    const studio = new Studio({ IMAGE_MEMORY_BYTES: limitBytes, UPSTREAM_IMAGE_BYTES: 1_000 });
    const { generator, sessions } = studio;
    const rest = async (attempts: number, approves = false) => {
      const session = sessions.create();
      const leave = session.attach(new Onlooker(session));
      for (let n = 0; n < attempts; n++) await drawn(session, generator, imageOf(`${Math.random()}`, 1_000));
      const [oldest] = session.state.attempts;
      if (approves && oldest) await send(session, { type: 'approve', imageId: oldest.image.imageId });
      leave();
      studio.clock.advance(1);
      return session;
    };
    const approved = await rest(1, true);
    const two = await rest(2);
    const one = await rest(1);
    const watched = sessions.create();
    watched.attach(new Onlooker(watched));
    for (let n = 0; n < 2; n++) await drawn(watched, generator, imageOf(`${Math.random()}`, 1_000));
    return { studio, approved, two, one, watched };
  }
  const kept = (studio: Studio, sessions: Record<string, Session>) =>
    Object.fromEntries(
      Object.entries(sessions).map(([name, { id }]) => [name, studio.sessions.find(id)?.state.attempts.length]),
    );

  test('nothing goes while there is room', async () => {
    const { studio, ...sessions } = await abandoned(10_000);
    studio.memory.reserve(4_000);
    expect(kept(studio, sessions)).toEqual({ approved: 1, two: 2, one: 1, watched: 2 });
  });

  test('first the unapproved attempts of those that nobody looks at, all but the newest', async () => {
    const { studio, ...sessions } = await abandoned(10_000);
    expect(studio.memory.reserve(5_000)).toBeDefined();
    expect(kept(studio, sessions)).toEqual({ approved: 1, two: 1, one: 1, watched: 2 });
  });

  test('then those sessions, the longest abandoned first', async () => {
    const { studio, ...sessions } = await abandoned(10_000);
    expect(studio.memory.reserve(6_000)).toBeDefined();
    expect(kept(studio, sessions)).toEqual({ approved: 1, two: undefined, one: 1, watched: 2 });
  });

  test('approved images last', async () => {
    const { studio, ...sessions } = await abandoned(10_000);
    expect(studio.memory.reserve(7_000)).toBeDefined();
    expect(kept(studio, sessions)).toEqual({ approved: 1, two: undefined, one: undefined, watched: 2 });
    expect(studio.memory.reserve(1_000)).toBeDefined();
    expect(kept(studio, sessions)).toEqual({ approved: undefined, two: undefined, one: undefined, watched: 2 });
  });

  test('what somebody looks at stays; where the rest would not suffice, nobody loses anything for nothing', async () => {
    const { studio, ...sessions } = await abandoned(10_000);
    expect(studio.memory.reserve(9_000)).toBeUndefined();
    expect(studio.memory.usedBytes).toBe(6_000);
    expect(kept(studio, sessions)).toEqual({ approved: 1, two: 2, one: 1, watched: 2 });
  });

  test('what was discarded goes first of all, from a session that has nothing else too, and the session stays', async () => {
    const { studio, one, ...sessions } = await abandoned(10_000);
    const [only] = one.state.attempts;
    await send(one, { type: 'discard', imageId: only?.image.imageId ?? '' });
    expect(studio.memory.reserve(6_000)).toBeDefined();
    expect(kept(studio, { one, ...sessions })).toEqual({ approved: 1, two: 1, one: 0, watched: 2 });
    expect(one.state.discarded).toEqual([]);
    expect(one.image(only?.image.imageId ?? '')).toBeUndefined();
  });

  test('R7 where room is held by somebody who still reads, nobody loses anything that would not bring enough', async () => {
    const { studio, approved, ...sessions } = await abandoned(10_000);
    const [attempt] = approved.state.attempts;
    const reader = approved.image(attempt?.image.imageId ?? '')?.room?.hold();
    expect(studio.memory.reserve(8_000)).toBeUndefined();
    expect(kept(studio, { approved, ...sessions })).toEqual({ approved: 1, two: 2, one: 1, watched: 2 });
    reader?.release();
    expect(studio.memory.reserve(8_000)).toBeDefined();
  });

  test('R7 no session is closed whose images are all on their way to somebody: it would bring nothing', async () => {
    const { studio, one, ...sessions } = await abandoned(10_000);
    const [attempt] = one.state.attempts;
    one.image(attempt?.image.imageId ?? '')?.room?.hold();
    expect(studio.memory.reserve(7_000)).toBeDefined();
    expect(kept(studio, { one, ...sessions })).toEqual({ approved: undefined, two: undefined, one: 1, watched: 2 });
  });

  test('R7 an attempt that is on its way to somebody is not given up: it would bring nothing', async () => {
    const { studio, two } = await abandoned(12_000);
    const another = studio.sessions.create();
    for (let n = 0; n < 2; n++) await drawn(another, studio.generator, imageOf(`${Math.random()}`, 1_000));
    const [oldest] = two.state.attempts;
    two.image(oldest?.image.imageId ?? '')?.room?.hold();
    expect(studio.memory.reserve(5_000)).toBeDefined();
    expect(kept(studio, { two, another })).toEqual({ two: 2, another: 1 });
  });

  test('M6 the session that needs the room is not among those that give it', async () => {
    const studio = new Studio({ IMAGE_MEMORY_BYTES: 2_500, UPSTREAM_IMAGE_BYTES: 1_000 });
    const session = studio.sessions.create();
    for (let n = 0; n < 2; n++) await drawn(session, studio.generator, imageOf(`${Math.random()}`, 1_000));
    const before = session.state;
    expect(await send(session, { type: 'regenerate' })).toMatchObject({ code: 'server_busy' });
    expect(session.state).toBe(before);
    expect(studio.sessions.find(session.id)).toBe(session);
    expect(session.state.attempts.every(({ image }) => session.image(image.imageId))).toBe(true);
  });
});

describe('a session without connections', () => {
  const IDLE = 30 * 60_000;

  test('is gone 30 minutes after the last connection', () => {
    const { studio, session } = studioWithSession();
    const leave = session.attach(new Onlooker(session));
    studio.clock.advance(IDLE * 2);
    expect(studio.sessions.find(session.id)).toBe(session);
    leave();
    studio.clock.advance(IDLE - 1);
    expect(studio.sessions.find(session.id)).toBe(session);
    studio.clock.advance(1);
    expect(studio.sessions.find(session.id)).toBeUndefined();
    expect(studio.clock.timers).toBe(0);
  });

  test('whoever comes back in time starts the wait anew', () => {
    const { studio, session } = studioWithSession();
    session.attach(new Onlooker(session))();
    studio.clock.advance(IDLE - 1);
    const leave = session.attach(new Onlooker(session, 'b'));
    studio.clock.advance(IDLE);
    leave();
    leave();
    studio.clock.advance(IDLE - 1);
    expect(studio.sessions.find(session.id)).toBe(session);
    studio.clock.advance(1);
    expect(studio.sessions.size).toBe(0);
  });

  test('one of two leaving is no rest', () => {
    const { studio, session } = studioWithSession();
    session.attach(new Onlooker(session, 'a'));
    session.attach(new Onlooker(session, 'b'))();
    studio.clock.advance(IDLE * 2);
    expect(studio.sessions.find(session.id)).toBe(session);
  });

  test.each(['finish', 'fail', 'cancel'] as const)('R2 the wait begins at the generation’s end: %s', async (end) => {
    const { studio, session, generator } = studioWithSession();
    const leave = session.attach(new Onlooker(session));
    await send(session, generate);
    leave();
    studio.clock.advance(IDLE - 10);
    if (end === 'finish') generator.drawings[0]?.finish();
    if (end === 'fail') generator.drawings[0]?.fail(new Error('fault'));
    if (end === 'cancel') await send(session, { type: 'cancel' });
    await settled();
    studio.clock.advance(IDLE - 1);
    expect(studio.sessions.find(session.id)).toBe(session);
    studio.clock.advance(1);
    expect(studio.sessions.find(session.id)).toBeUndefined();
  });

  test('R2 it is not gone while it draws, however long that takes', async () => {
    const { studio, session, generator } = studioWithSession();
    const leave = session.attach(new Onlooker(session));
    await send(session, generate);
    leave();
    studio.clock.advance(IDLE * 3);
    expect(studio.sessions.find(session.id)).toBe(session);
    generator.drawings[0]?.finish();
    await settled();
    studio.clock.advance(IDLE);
    expect(studio.sessions.find(session.id)).toBeUndefined();
  });

  test('R9 a session that is gone says so to whoever still asks', async () => {
    const { session } = studioWithSession();
    const onlooker = new Onlooker(session);
    session.attach(onlooker);
    session.close();
    session.close();
    expect(onlooker.heard).toEqual(['viewers', 'closed']);
    expect(await send(session, generate)).toEqual({ accepted: false, code: 'session_not_found' });
  });

  test('closeAll leaves neither sessions, nor timers, nor memory', async () => {
    const { studio, session, generator } = studioWithSession();
    await drawn(session, generator);
    await send(studio.sessions.create(), generate);
    expect(studio.sessions.generating).toHaveLength(1);
    studio.sessions.closeAll();
    await settled();
    expect([studio.sessions.size, studio.clock.timers, studio.memory.usedBytes]).toEqual([0, 0, 0]);
  });
});

describe('what goes out', () => {
  test('W2 the snapshot is encoded once for all, and holds no bytes', async () => {
    const { session, generator } = studioWithSession();
    const bytes = imageOf('kite');
    await drawn(session, generator, bytes);
    expect(session.snapshotFrame).toBeInstanceOf(Buffer);
    expect(session.snapshotFrame).toBe(session.snapshotFrame);
    expect(String(session.snapshotFrame)).not.toContain(Buffer.from(bytes.bytes).toString('base64').slice(0, 32));
    expect(parseServerMessage(String(session.snapshotFrame)).ok).toBe(true);
  });

  test('the snapshot is kept encoded for as long as somebody looks on', () => {
    const { session } = studioWithSession();
    const [leave, leaveToo] = [session.attach(new Onlooker(session, 'a')), session.attach(new Onlooker(session, 'b'))];
    const frame = session.snapshotFrame;
    leave();
    expect(session.snapshotFrame).toBe(frame);
    leaveToo();
    expect(session.snapshotFrame).not.toBe(frame);
  });

  test('viewers are counted by role', () => {
    const { session } = studioWithSession();
    session.attach(new Onlooker(session, 'a', 'reviewer'));
    session.attach(new Onlooker(session, 'b', 'watcher'));
    const leave = session.attach(new Onlooker(session, 'c', 'watcher'));
    leave();
    expect(session.viewers).toEqual({ reviewers: 1, watchers: 1 });
  });

  test('the images on show are the newest and the approved one, each once', async () => {
    const { session, generator } = studioWithSession();
    expect(session.shownImages).toEqual([]);
    const first = await drawn(session, generator);
    const second = await drawn(session, generator);
    expect(session.shownImages).toEqual([second.imageId]);
    await send(session, { type: 'approve', imageId: first.imageId });
    expect(session.shownImages).toEqual([second.imageId, first.imageId]);
  });

  test('reviewers without a name are numbered', () => {
    const { session } = studioWithSession();
    expect([session.nextReviewerName(), session.nextReviewerName()]).toEqual(['Reviewer 1', 'Reviewer 2']);
  });
});
