import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { GenerationFailed } from '../../../../server/generators/generator.ts';
import { type CoreOptions, generate, microtasks, settled, TestCore, type TestMember } from '../../../support/core.ts';
import { type Drawing, imageOf, ScriptedGenerator } from '../../../support/scripted-generator.ts';

const MiB = 1024 * 1024;

/** A session whose first generation has begun to draw. */
async function startGeneration(options: CoreOptions = {}, candidates = 1) {
  const core = new TestCore(options);
  const ana = await core.create('Ana');
  await ana.send({ ...generate, options: { candidates } });
  await settled();
  return { core, ana, drawings: core.generator.drawings, drawing: await core.generator.drawing(0) };
}

test('R7: a generator that goes on listening to its signal keeps no session in memory', async () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const run = async () => {
    const { core, drawing } = await startGeneration();
    drawing.signal.addEventListener('abort', () => core.sessions);
    drawing.finish();
    await settled();
    return new WeakRef(core.sessions);
  };
  const sessions = await run();
  const isCollected = () => {
    collect();
    return sessions.deref() === undefined;
  };
  await expect.poll(isCollected).toBe(true);
});

describe('progress', () => {
  test('times are computed when it is read, and a new phase replaces the old one’s', async () => {
    const { core, ana, drawing } = await startGeneration();
    drawing.report({ phase: 'retrying', try: 2, retryInMs: 4_000, reason: 'The service is busy.' });
    core.clock.advance(1_000);
    const times = { elapsedMs: 1_000, retryInMs: 3_000 };
    expect(ana.session.progress(0)).toMatchObject({ phase: 'retrying', try: 2, maxTries: 3, ...times });
    core.clock.advance(9_000);
    expect(ana.session.progress(0)).toMatchObject({ elapsedMs: 10_000, retryInMs: 0 });
    drawing.report({ phase: 'started' });
    expect(ana.session.progress(0)).toMatchObject({ phase: 'started', try: 2 });
    expect(ana.session.progress(0)).not.toHaveProperty('retryInMs');
  });

  test('R10: the reason for another try stays in the phases that follow, for that candidate alone', async () => {
    const { ana, drawing } = await startGeneration({}, 2);
    drawing.report({ phase: 'retrying', try: 2, retryInMs: 4_000, reason: 'It may have been billed.' });
    for (const phase of ['started', 'drawing'] as const) {
      drawing.report({ phase });
      expect(ana.session.progress(0)).toMatchObject({ phase, try: 2, reason: 'It may have been billed.' });
    }
    drawing.report({ phase: 'retrying', try: 3, retryInMs: 4_000, reason: 'Both may have been billed.' });
    drawing.report({ phase: 'started' });
    expect(ana.session.progress(0)).toMatchObject({ phase: 'started', try: 3, reason: 'Both may have been billed.' });
    expect(ana.session.progress(1)).not.toHaveProperty('reason');
  });

  test('subscribers are notified once of all that happens at one moment, and not of the same phase again', async () => {
    const { ana, drawing } = await startGeneration();
    const subscriber = ana.follow();
    drawing.report({ phase: 'retrying', try: 2, retryInMs: 4_000, reason: 'The service is busy.' });
    for (const phase of ['started', 'drawing', 'drawing', 'drawing'] as const) drawing.report({ phase });
    await microtasks(1);
    drawing.report({ phase: 'drawing' });
    await microtasks(1);
    expect(subscriber.calls).toEqual(['viewers', 'progress 0']);
  });

  test('there is an estimate after the first success, of the drawing and of the wait before it', async () => {
    const limits = { CONCURRENT_CANDIDATES: 1 };
    const { core, ana, drawing } = await startGeneration({ limits });
    const bo = await core.create('Bo');
    await bo.send(generate);
    expect(bo.session.progress(0)).toMatchObject({ phase: 'queued', queuePosition: 1 });
    expect(ana.session.progress(0)).not.toHaveProperty('expectedMs');
    core.clock.advance(7_000);
    drawing.finish();
    await settled();
    expect(bo.session.progress(0)).toMatchObject({ phase: 'started', elapsedMs: 7_000, expectedMs: 14_000 });
    expect(bo.session.progress(0)).not.toHaveProperty('queuePosition');
    core.clock.advance(5_000);
    core.generator.drawings[1]?.finish();
    await settled();
    await bo.send({ type: 'regenerate' });
    expect(bo.session.progress(0)).toMatchObject({ expectedMs: 7_000 });
  });
});

describe('previews', () => {
  test('previews have ids and indexes of their own; only the last one is kept, and it is no attempt', async () => {
    const { ana, drawing } = await startGeneration();
    drawing.preview(imageOf('one'));
    const first = ana.session.partial(0)?.reference;
    drawing.preview(imageOf('two'));
    const second = ana.session.partial(0)?.reference;
    expect([first, second]).toMatchObject([
      { kind: 'partial', index: 0 },
      { kind: 'partial', index: 1 },
    ]);
    expect(first?.imageId).not.toBe(second?.imageId);
    expect(await ana.session.loadImage(first?.imageId ?? '')).toBeUndefined();
    expect(await ana.session.loadImage(second?.imageId ?? '')).toBe(ana.session.partial(0));
    expect(ana.session.image(second?.imageId ?? '')).toBeUndefined();
  });

  test.each(['finish', 'fail', 'cancel', 'close'] as const)(
    'R7: a preview counts in memory until the next one, and until %s',
    async (end) => {
      const { core, ana, drawing } = await startGeneration();
      drawing.preview(imageOf('one', 3_000));
      drawing.preview(imageOf('two', 4_000));
      expect(core.memory.usedBytes).toBe(20 * MiB + 4_000);
      await endBy(end, ana, () => drawing.finish(imageOf('kite', 5_000)));
      expect(core.memory.usedBytes).toBe(end === 'finish' ? 5_000 : 0);
    },
  );

  test('R7: a preview that memory has no place for is skipped, evicts no session, and leaves the one before it', async () => {
    const limits = { IMAGE_MEMORY_BYTES: 20 * MiB + 5_000 + 2_000 };
    const core = new TestCore({ limits });
    const idle = await core.create();
    await idle.draw(imageOf('idle', 2_000));
    const ana = await core.create();
    await ana.send(generate);
    await settled();
    const subscriber = ana.follow();
    const drawing = await core.generator.drawing(1);
    drawing.preview(imageOf('one', 3_000));
    drawing.preview(imageOf('two', 3_000));
    expect(subscriber.calls.filter((call) => call === 'partial 0')).toHaveLength(1);
    expect(ana.session.partial(0)?.bytes).toEqual(imageOf('one', 3_000).bytes);
    expect(idle.state.attempts).toHaveLength(1);
    expect(core.memory.usedBytes).toBe(20 * MiB + 2_000 + 3_000);
  });
});

/** Ends the generation of `member`. */
async function endBy(end: 'finish' | 'fail' | 'cancel' | 'close', member: TestMember, finish: () => void) {
  if (end === 'finish') finish();
  if (end === 'fail') member.core.generator.drawings.at(-1)?.fail(new Error('failed'));
  if (end === 'cancel') await member.send({ type: 'cancel' });
  if (end === 'close') member.session.close();
  await settled();
}

describe('memory for an image', () => {
  test('R7: memory is reserved when a candidate’s turn comes, and shrinks to the image', async () => {
    const limits = { CONCURRENT_CANDIDATES: 2 };
    const { core, drawings } = await startGeneration({ limits }, 3);
    expect(core.memory.usedBytes).toBe(40 * MiB);
    drawings[0]?.finish(imageOf('one', 5_000));
    await settled();
    expect(core.memory.usedBytes).toBe(40 * MiB + 5_000);
    for (const drawing of drawings.slice(1)) drawing.finish(imageOf('other', 5_000));
    await settled();
    expect(core.memory.usedBytes).toBe(15_000);
  });

  test('R7: a candidate without memory fails with server_busy before the generator is called', async () => {
    const limits = { IMAGE_MEMORY_BYTES: 2_500, UPSTREAM_IMAGE_BYTES: 1_000 };
    const { core, ana, drawings } = await startGeneration({ limits }, 2);
    ana.follow();
    const bo = await core.create('Bo');
    expect(await bo.send(generate)).toMatchObject({ accepted: true });
    await settled();
    expect(drawings).toHaveLength(2);
    expect(bo.snapshot).toMatchObject({
      stage: 'initial_input',
      error: { code: 'server_busy', retryable: true },
      lastGeneration: { prompt: 'a red kite' },
    });
    expect(core.outcomes).toEqual(['server_busy']);
    expect(core.memory.usedBytes).toBe(2_000);
  });

  test('R7: when subscribers are notified of an attempt, its bytes are there and count once', async () => {
    const { core, ana, drawing } = await startGeneration();
    const seen: unknown[] = [];
    ana.follow().snapshotChanged = () => {
      const [imageId = ''] = ana.session.shownImages;
      seen.push([ana.session.image(imageId)?.bytes.byteLength, core.memory.usedBytes]);
    };
    drawing.finish(imageOf('one', 5_000));
    await settled();
    expect(seen).toEqual([[5_000, 5_000]]);
  });

  test.each(['fail', 'cancel', 'close'] as const)('R7: the reservation is free again after %s', async (end) => {
    const { core, ana } = await startGeneration({}, 2);
    await endBy(end, ana, () => {});
    core.generator.drawings[0]?.fail(new Error('failed'));
    await settled();
    expect(core.memory.usedBytes).toBe(0);
  });

  test('R7: a cancel at any moment of the start, while others are evicted too, leaves no reservation behind', async () => {
    for (let count = 0; count <= 40; count += 1) {
      const core = new TestCore({ limits: { IMAGE_MEMORY_BYTES: 4_000, UPSTREAM_IMAGE_BYTES: 1_000 } });
      for (const name of ['one', 'two', 'three', 'four']) {
        await (await core.create()).draw(imageOf(name, 1_000));
      }
      const ana = await core.create();
      const started = ana.send({ ...generate, options: { candidates: 2 } });
      await microtasks(count);
      await ana.send({ type: 'cancel' });
      await started;
      await settled();
      expect(core.memory.usedBytes, `cancelled after ${count} microtasks`).toBe(core.sessions.size * 1_000 - 1_000);
    }
  });

  test('R7: a new generation may follow a cancel at once, though the queue was full', async () => {
    const limits = { CONCURRENT_CANDIDATES: 1, QUEUED_CANDIDATES: 0, IMAGE_MEMORY_BYTES: 20 * MiB };
    const { ana, drawings } = await startGeneration({ limits });
    const answers = await Promise.all([ana.send({ type: 'cancel' }), ana.send(generate)]);
    expect(answers).toMatchObject([{ accepted: true }, { accepted: true }]);
    await settled();
    expect(drawings).toHaveLength(2);
  });
});

describe('late results', () => {
  test.each(['cancel', 'close'] as const)(
    'M4 R7: a result after %s is dropped, and no subscriber is notified',
    async (end) => {
      const generator = new ScriptedGenerator({ ignoresAbort: true });
      const { core, ana, drawing } = await startGeneration({ generator });
      await endBy(end, ana, () => {});
      expect(drawing.signal.aborted).toBe(true);
      const subscriber = ana.follow();
      const before = ana.state;
      drawing.report({ phase: 'drawing' });
      drawing.preview();
      drawing.finish();
      await settled();
      expect(ana.state).toBe(before);
      expect(ana.session.partial(0)).toBeUndefined();
      expect(subscriber.calls.filter((call) => call !== 'viewers' && call !== 'ended')).toEqual([]);
      expect([core.memory.usedBytes, core.outcomes, core.faults]).toEqual([0, ['cancelled'], []]);
    },
  );

  test('M4 R2: a cancel closes every upstream request at once', async () => {
    const { ana, drawings } = await startGeneration({}, 3);
    await ana.send({ type: 'cancel' });
    expect(drawings.map(({ signal }) => signal.aborted)).toEqual([true, true, true]);
    expect(ana.session.runningCandidates).toEqual([]);
  });

  test.each(['cancel', 'close'] as const)(
    'M4 R7: a result that meets %s at any moment is reported once, and keeps its memory only as an attempt',
    async (end) => {
      const outcomes = new Set<unknown>();
      for (let count = 0; count <= 30; count += 1) {
        const { core, ana, drawing } = await startGeneration();
        drawing.finish(imageOf('kite', 5_000));
        await microtasks(count);
        await endBy(end, ana, () => {});
        const when = `${end} after ${count} microtasks`;
        const attempts = end === 'close' ? 0 : ana.state.attempts.length;
        expect(core.memory.usedBytes, when).toBe(attempts * 5_000);
        expect(core.outcomes, when).toHaveLength(1);
        outcomes.add(core.outcomes[0]);
      }
      expect(outcomes).toEqual(new Set(['cancelled', 'generated']));
    },
  );
});

describe('telemetry', () => {
  test('each candidate is reported once: generated, or the code of its failure', async () => {
    const { core, ana, drawings } = await startGeneration({}, 4);
    core.clock.advance(3_000);
    drawings[0]?.finish(imageOf('one', 5_000));
    drawings[1]?.fail(new GenerationFailed('moderation_blocked', 'Refused.', { retryable: false }));
    drawings[2]?.fail(new TypeError('a mistake of ours'));
    await settled();
    await ana.send({ type: 'cancel' });
    await settled();
    expect(core.outcomes.toSorted()).toEqual(['cancelled', 'generated', 'moderation_blocked', 'provider_error']);
    const line = core.log.find(({ outcome }) => outcome === 'generated');
    expect(line).toMatchObject({ session: ana.sessionId, candidate: 0, durationMs: 3_000, byteLength: 5_000 });
  });

  test('a retry is reported with its try', async () => {
    const { core, ana, drawing } = await startGeneration();
    drawing.report({ phase: 'retrying', try: 2, retryInMs: 10, reason: 'The service is busy.' });
    const lines = core.log.filter(({ msg }) => msg === 'candidate retried');
    expect(lines).toMatchObject([{ session: ana.sessionId, candidate: 0, try: 2 }]);
  });

  test('R8: a result without an image is our mistake, reported as one failure and freed', async () => {
    const { core, ana, drawing } = await startGeneration();
    // @ts-expect-error A generator that breaks its contract.
    drawing.finish({ bytes: undefined });
    await settled();
    expect(core.outcomes).toEqual(['provider_error']);
    expect(core.faults).toHaveLength(1);
    expect([core.memory.usedBytes, ana.state.stage]).toEqual([0, 'initial_input']);
  });
});

describe('images that the service sends though nobody asked for them', () => {
  const [image, second, third] = [imageOf('asked'), imageOf('second'), imageOf('third')];
  const reported = { revisedPrompt: 'Two fish', usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 } };

  test('each is an attempt of its own, numbered on from the candidates, and the usage of all is counted once', async () => {
    const { ana, drawings } = await startGeneration({}, 2);
    drawings[1]?.finish(image, { moreImages: [second, third], ...reported });
    drawings[0]?.finish(imageOf('other'));
    await settled();
    const { attempts, stage } = ana.state;
    const told = attempts.map(({ number, usage, revisedPrompt, image: { candidate } }) => [
      number,
      candidate,
      revisedPrompt,
      usage?.totalTokens,
    ]);
    expect([stage, told]).toEqual([
      'user_feedback',
      [
        [1, 0, undefined, undefined],
        [2, 1, 'Two fish', 3],
        [3, 2, 'Two fish', undefined],
        [4, 3, 'Two fish', undefined],
      ],
    ]);
    const bytes = attempts.map(({ image: { imageId } }) => ana.session.image(imageId)?.bytes);
    expect(bytes).toEqual([imageOf('other').bytes, image.bytes, second.bytes, third.bytes]);
  });

  test('R7: what finds no memory is logged; the image that was asked for is kept', async () => {
    const used = image.bytes.byteLength;
    const limits = { UPSTREAM_IMAGE_BYTES: used, IMAGE_MEMORY_BYTES: used + second.bytes.byteLength };
    const { core, ana, drawing } = await startGeneration({ limits });
    drawing.finish(image, { moreImages: [second, third] });
    await settled();
    expect(ana.state.attempts).toHaveLength(2);
    expect(core.memory.usedBytes).toBe(limits.IMAGE_MEMORY_BYTES);
    await ana.send({ type: 'start_over' });
    expect(core.memory.usedBytes).toBe(0);
  });

  test('M4: none of them joins a session that has cancelled', async () => {
    const { core, ana, drawing } = await startGeneration();
    drawing.finish(image, { moreImages: [second] });
    await ana.send({ type: 'cancel' });
    await settled();
    expect([ana.state.attempts.length, core.memory.usedBytes]).toEqual([0, 0]);
  });
});

describe('R10: an image that is shown before its candidate has ended', () => {
  const usage = { inputTokens: 1, outputTokens: 2, totalTokens: 3 };
  const imageIds = (member: TestMember) => member.state.attempts.map(({ image }) => image.imageId);

  test('is an attempt at once, replaces the preview, and gets its usage at the end', async () => {
    const { core, ana, drawing } = await startGeneration();
    drawing.preview();
    const subscriber = ana.follow();
    const image = drawing.show(imageOf('kite', 5_000), 'a scarlet kite');
    await settled();
    expect(ana.snapshot).toMatchObject({ stage: 'generating', attempts: [{ revisedPrompt: 'a scarlet kite' }] });
    expect(ana.snapshot.attempts[0]).not.toHaveProperty('usage');
    expect([ana.session.partial(0), core.memory.usedBytes, core.outcomes]).toEqual([undefined, 5_000, []]);
    const [imageId = ''] = ana.session.shownImages;
    expect(ana.session.image(imageId)?.bytes).toBe(image.bytes);

    drawing.preview();
    drawing.show(imageOf('another'));
    drawing.finish(image, { usage });
    await settled();
    expect(ana.state).toMatchObject({ stage: 'user_feedback', attempts: [{ image: { imageId }, usage }] });
    expect([core.memory.usedBytes, core.outcomes, core.jobs.counts.running]).toEqual([5_000, ['generated'], 0]);
    const line = core.log.find(({ msg }) => msg === 'candidate ended');
    expect(line).toMatchObject({ byteLength: 5_000, outputTokens: 2 });
    expect(subscriber.calls.filter((call) => call !== 'viewers')).toEqual(['snapshot', 'snapshot']);
  });

  test('keeps its place in the queue until the end', async () => {
    const { core, drawings, drawing } = await startGeneration({ limits: { CONCURRENT_CANDIDATES: 1 } }, 2);
    const image = drawing.show();
    await settled();
    expect([core.jobs.counts.running, drawings.length]).toEqual([1, 1]);
    drawing.finish(image);
    await settled();
    expect(drawings).toHaveLength(2);
  });

  test('is taken back with its bytes when moderation refuses it', async () => {
    const { core, ana, drawing } = await startGeneration();
    drawing.show();
    await settled();
    drawing.fail(new GenerationFailed('moderation_blocked', 'The picture was refused.', { retryable: false }));
    await settled();
    const error = { code: 'moderation_blocked', message: 'The picture was refused.' };
    expect(ana.snapshot).toMatchObject({ stage: 'initial_input', attempts: [], error });
    expect([core.memory.usedBytes, core.outcomes]).toEqual([0, ['moderation_blocked']]);
  });

  test('comes with the others that the service sent beside it', async () => {
    const { core, ana, drawing } = await startGeneration();
    const image = drawing.show(imageOf('kite', 5_000));
    drawing.finish(image, { usage, moreImages: [imageOf('second', 3_000)] });
    await settled();
    expect(ana.state.attempts).toMatchObject([{ usage }, { image: { candidate: 1 } }]);
    expect([core.memory.usedBytes, core.outcomes]).toEqual([8_000, ['generated']]);
  });

  test.each(['cancel', 'close'] as const)(
    'R2 R7: when %s meets it at any moment, it is kept or gone with its memory, and reported once',
    async (end) => {
      for (let count = 0; count <= 30; count += 1) {
        const { core, ana, drawing } = await startGeneration();
        const image = drawing.show(imageOf('kite', 5_000));
        if (count % 2 === 0) drawing.finish(image);
        await microtasks(count);
        await endBy(end, ana, () => {});
        expect(drawing.signal.aborted || count % 2 === 0).toBe(true);
        const when = `${end} after ${count} microtasks`;
        const kept = end === 'close' ? 0 : imageIds(ana).length;
        expect([core.memory.usedBytes, core.outcomes], when).toEqual([kept * 5_000, ['generated']]);
        expect([core.faults, core.jobs.counts.running], when).toEqual([[], 0]);
      }
    },
  );

  test('R7: gives back all memory, in the store too, when the store has no place for it', async () => {
    const { core, ana, drawing } = await startGeneration();
    core.stores.images.put = async () => false;
    drawing.finish(drawing.show());
    await settled();
    expect([ana.state.stage, core.outcomes]).toEqual(['initial_input', ['server_busy']]);
    expect([core.memory.usedBytes, await core.stores.images.usedBytes()]).toEqual([0, 0]);
  });

  test('R8: a result of another image is our mistake: the image goes, and nothing is left of either', async () => {
    const { core, ana, drawing } = await startGeneration();
    drawing.show();
    drawing.finish(imageOf('another'));
    await settled();
    expect([ana.state.stage, core.memory.usedBytes, core.outcomes]).toEqual(['initial_input', 0, ['provider_error']]);
    expect(core.faults).toHaveLength(1);
  });
});

describe('S9: what counts as spent', () => {
  const DOLLARS = 0.2;
  const price = { estimatedCost: { amount: 0.05, currency: 'USD' } };
  const failure = (mayBeBilled: boolean) => new GenerationFailed('network', 'Cut.', { retryable: true, mayBeBilled });
  const retry = (mayBeBilled?: boolean) =>
    ({
      phase: 'retrying',
      try: 2,
      retryInMs: 1_000,
      reason: 'Cut.',
      ...(mayBeBilled !== undefined && { mayBeBilled }),
    }) as const;

  function startPriced(limits: CoreOptions['limits'] = {}) {
    const generator = Object.assign(new ScriptedGenerator(), { mostDollars: () => DOLLARS });
    return startGeneration({ generator, limits: { DAILY_DOLLARS: 1, ...limits } });
  }

  test.each<
    [
      string,
      Parameters<TestMember['send']>[0] | undefined,
      (drawing: Drawing) => unknown,
      asks: number,
      dollars: number,
    ]
  >([
    ['an image of known price', undefined, (drawing) => drawing.finish(undefined, price), 1, 0.05],
    ['an image of unknown price', undefined, (drawing) => drawing.finish(), 1, DOLLARS],
    ['a cancel, as what the image may have cost', { type: 'cancel' }, () => {}, 1, DOLLARS],
    ['a failure that may be billed', undefined, (drawing) => drawing.fail(failure(true)), 1, DOLLARS],
    ['a failure that is not billed: nothing', undefined, (drawing) => drawing.fail(failure(false)), 0, 0],
    ['a mistake of ours', undefined, (drawing) => drawing.fail(new Error('mistake')), 1, DOLLARS],
  ])('%s', async (_, command, end, asks, dollars) => {
    const { core, ana, drawing } = await startPriced();
    expect(await core.sessions.spentToday()).toEqual({ asks: 1, dollars: DOLLARS });
    end(drawing);
    if (command) await ana.send(command);
    await settled();
    expect(await core.sessions.spentToday()).toEqual({ asks, dollars });
  });

  test('an image that was shown is billed, whether it is refused or its generation is cancelled', async () => {
    for (const end of ['fail', 'cancel'] as const) {
      const { core, ana, drawing } = await startPriced();
      drawing.show();
      if (end === 'fail') drawing.fail(failure(false));
      else await ana.send({ type: 'cancel' });
      await settled();
      expect(await core.sessions.spentToday()).toEqual({ asks: 1, dollars: DOLLARS });
    }
  });

  test('a failure after the model had begun to draw is billed, whatever the generator says', async () => {
    const { core, drawing } = await startPriced();
    drawing.report({ phase: 'drawing' });
    drawing.fail(failure(false));
    await settled();
    expect(await core.sessions.spentToday()).toEqual({ asks: 1, dollars: DOLLARS });
  });

  test('tries that may have been billed count each, those that are not count once', async () => {
    const { core, drawing } = await startPriced();
    drawing.report(retry(false));
    drawing.report({ phase: 'started' });
    drawing.report(retry(true));
    drawing.report({ phase: 'started' });
    drawing.report(retry());
    drawing.report({ phase: 'started' });
    expect((await core.sessions.spentToday()).asks).toBe(3);
    drawing.finish(undefined, price);
    await settled();
    expect(await core.sessions.spentToday()).toEqual({ asks: 3, dollars: 2 * DOLLARS + 0.05 });
  });

  test('a cancel while a try that cost nothing waits for the next one costs nothing', async () => {
    const { core, ana, drawing } = await startPriced();
    drawing.report(retry(false));
    await ana.send({ type: 'cancel' });
    expect(await core.sessions.spentToday()).toEqual({ asks: 0, dollars: 0 });
  });

  test('no try follows that the budget is not enough for, and the page is told', async () => {
    const { core, ana, drawing } = await startPriced({ DAILY_ASKS: 1 });
    drawing.report(retry(true));
    await settled();
    expect(drawing.signal.aborted).toBe(true);
    expect(ana.snapshot.error).toMatchObject({
      code: 'quota_exceeded',
      message: expect.stringMatching(/^Cut\. Today’s budget/),
    });
    expect(await core.sessions.spentToday()).toEqual({ asks: 1, dollars: DOLLARS });
    expect(core.log).toContainEqual(expect.objectContaining({ msg: 'today’s budget is used up, or almost' }));
  });

  test('candidates that are cancelled while they wait cost nothing', async () => {
    const { core, ana } = await startGeneration({ limits: { CONCURRENT_CANDIDATES: 1 } }, 3);
    expect((await core.sessions.spentToday()).asks).toBe(3);
    await ana.send({ type: 'cancel' });
    expect((await core.sessions.spentToday()).asks).toBe(1);
  });

  test('a candidate without memory costs nothing', async () => {
    const core = new TestCore({ limits: { IMAGE_MEMORY_BYTES: 1_000 } });
    await (await core.create()).send(generate);
    await settled();
    expect(core.outcomes).toEqual(['server_busy']);
    expect((await core.sessions.spentToday()).asks).toBe(0);
  });

  test('M7: a refused command changes nothing, and its id works after midnight', async () => {
    const core = new TestCore({ limits: { DAILY_ASKS: 1 } });
    const ana = await core.create('Ana');
    ana.follow();
    await ana.draw();
    const { state } = ana;
    expect(await ana.send({ type: 'regenerate' }, 'again')).toMatchObject({ code: 'budget_exhausted' });
    expect(ana.state).toBe(state);
    core.clock.advance(24 * 60 * 60 * 1_000);
    expect(await ana.send({ type: 'regenerate' }, 'again')).toMatchObject({ accepted: true });
  });

  test('the rates count images, and a refused command is told for whom they are too many', async () => {
    const { core, ana } = await startGeneration({ limits: { ASKS_PER_MINUTE_PER_SESSION: 4 } }, 4);
    await ana.send({ type: 'cancel' });
    const again = { type: 'generate', prompt: 'a cat' } as const;
    expect(await ana.send(again)).toMatchObject({
      code: 'rate_limited',
      detail: expect.stringMatching(/in this session/),
    });
    core.clock.advance(15_000);
    expect(await ana.send(again)).toMatchObject({ accepted: true });
  });
});
