import { describe, expect, test } from 'vitest';
import { inStage } from '../support/machine.ts';
import { imageOf } from '../support/scripted-generator.ts';
import { drawn, generate, Onlooker, Studio, send, settled, studioWithSession } from '../support/core.ts';

const MiB = 1024 * 1024;

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
