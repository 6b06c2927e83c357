import { describe, expect, test } from 'vitest';
import { GenerationFailed } from '../../server/generators/generator.ts';
import { inStage } from '../support/machine.ts';
import { imageOf, ScriptedGenerator } from '../support/scripted-generator.ts';
import { drawn, generate, Onlooker, send, settled, studioWithSession } from '../support/core.ts';

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
