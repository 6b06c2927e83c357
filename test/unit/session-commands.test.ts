import { describe, expect, test } from 'vitest';
import { sha256Of } from '../support/machine.ts';
import { ana, bo, drawn, generate, send, settled, studioWithSession } from '../support/core.ts';

const MiB = 1024 * 1024;

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
