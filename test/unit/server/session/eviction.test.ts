import { describe, expect, test } from 'vitest';
import { ImageFrames } from '../../../../server/ws/image-frames.ts';
import { generate, microtasks, settled, TestCore, type TestMember } from '../../../support/core.ts';
import { imageOf } from '../../../support/scripted-generator.ts';

describe('R7: memory that idle sessions give back', () => {
  const IMAGE_BYTES = 1_000;

  /**
   * Idle sessions, in the order in which they were left: one attempt, approved; two attempts; one attempt. Then a session with two
   * attempts that somebody is in until `leave`: 6 images in a memory for `images`.
   */
  async function createFull(images: number) {
    const limits = { IMAGE_MEMORY_BYTES: images * IMAGE_BYTES, UPSTREAM_IMAGE_BYTES: IMAGE_BYTES };
    const core = new TestCore({ limits });
    let count = 0;
    const draw = (member: TestMember) => member.draw(imageOf(`${++count}`, IMAGE_BYTES));
    const members = {
      approved: await core.create('approved'),
      two: await core.create('two'),
      one: await core.create('one'),
      joined: await core.create('joined'),
    };
    const { leave } = members.joined.follow();
    const { imageId } = await draw(members.approved);
    await members.approved.send({ type: 'approve', imageId });
    for (const member of [members.two, members.two, members.one, members.joined, members.joined]) await draw(member);
    for (const member of [members.approved, members.two, members.one]) member.follow().leave();
    /** Another session requests so many images. Returns how many of them are drawn. */
    const request = async (candidates: number) => {
      const other = await core.create('other');
      other.follow();
      const before = core.generator.drawings.length;
      expect(await other.send({ ...generate, options: { candidates } })).toMatchObject({ accepted: true });
      await settled();
      return core.generator.drawings.length - before;
    };
    /** How many attempts each session has; undefined when it has ended. */
    const attempts = () =>
      Object.fromEntries(
        Object.entries(members).map(([name, { sessionId, state }]) => [
          name,
          core.sessions.view(sessionId) && state.attempts.length,
        ]),
      );
    return { core, members, leave, request, attempts };
  }

  /** Holds the bytes of an attempt, as a connection that is sending them does. */
  const hold = ({ state, session }: TestMember, index: number) =>
    session.image(state.attempts[index]?.image.imageId ?? '')?.reservation.hold();

  const untouched = { approved: 1, two: 2, one: 1, joined: 2 };

  test('nothing is dropped while there is memory', async () => {
    const { request, attempts } = await createFull(10);
    expect(await request(4)).toBe(4);
    expect(attempts()).toEqual(untouched);
  });

  test('attempts of idle sessions that are neither the newest nor approved are dropped first', async () => {
    const { request, attempts } = await createFull(6);
    expect(await request(1)).toBe(1);
    expect(attempts()).toEqual({ ...untouched, two: 1 });
  });

  test('then whole sessions end, the one that has been idle for the longest first', async () => {
    const { request, attempts } = await createFull(6);
    expect(await request(2)).toBe(2);
    expect(attempts()).toEqual({ ...untouched, two: undefined });
  });

  test('R13: a session with an approved image never ends for the memory of others, and then a candidate fails', async () => {
    const { core, request, attempts } = await createFull(6);
    expect(await request(3)).toBe(3);
    expect(attempts()).toEqual({ ...untouched, two: undefined, one: undefined });
    expect(await request(1)).toBe(0);
    expect(core.outcomes.at(-1)).toBe('server_busy');
    expect(attempts()).toEqual({ ...untouched, two: undefined, one: undefined });
    core.clock.advance(core.limits.SESSION_IDLE_MS);
    expect(attempts()).toMatchObject({ approved: undefined });
    expect(await request(1)).toBe(1);
    expect(core.memory.usedBytes).toBe(6 * IMAGE_BYTES);
  });

  test('sessions with connections keep everything, and idle ones too when all of their memory would not be enough', async () => {
    const { core, request, attempts } = await createFull(6);
    const big = core.memory.tryReserve(0);
    big?.resize(4 * IMAGE_BYTES);
    expect(await request(1)).toBe(0);
    expect(attempts()).toEqual(untouched);
    expect(core.outcomes.at(-1)).toBe('server_busy');
  });

  test('discarded attempts are dropped too, and a session without other attempts does not end for it', async () => {
    const { members, request, attempts } = await createFull(6);
    const imageId = members.one.state.attempts[0]?.image.imageId ?? '';
    await members.one.send({ type: 'discard', imageId });
    expect(await request(2)).toBe(2);
    expect(attempts()).toEqual({ ...untouched, two: 1, one: 0 });
    expect(members.one.state.discarded).toEqual([]);
    expect(members.one.session.image(imageId)).toBeUndefined();
  });

  test('an image that is being sent is not dropped, since that would free nothing', async () => {
    const { members, leave, request, attempts } = await createFull(6);
    leave();
    hold(members.two, 0);
    expect(await request(1)).toBe(1);
    expect(attempts()).toEqual({ ...untouched, joined: 1 });
  });

  test('a session whose images are all being sent does not end, since that would free nothing', async () => {
    const { members, request, attempts } = await createFull(6);
    for (const index of [0, 1]) hold(members.two, index);
    expect(await request(1)).toBe(1);
    expect(attempts()).toEqual({ ...untouched, one: undefined });
  });

  test('a session that is joined while memory is being freed keeps its attempts from then on', async () => {
    let kept = 0;
    for (let count = 0; count <= 40; count += 1) {
      const { core, members, request } = await createFull(6);
      const requested = request(1);
      await microtasks(count);
      const before = members.two.state.attempts;
      members.two.follow();
      await requested;
      expect(members.two.state.attempts, `joined after ${count} microtasks`).toBe(before);
      expect(core.sessions.view(members.two.sessionId)).toBeDefined();
      if (before.length === 2) kept += 1;
    }
    expect(kept).toBeGreaterThan(0);
  });

  test('a frame takes no memory from a session: it goes out in pieces', async () => {
    const { core, members, attempts } = await createFull(6);
    const frames = new ImageFrames(core.memory);
    const image = members.joined.session.image(members.joined.state.attempts[0]?.image.imageId ?? '');
    const lease = frames.lease(image ?? expect.fail('no image'));
    expect([...lease.pieces].length).toBeGreaterThan(1);
    await settled();
    expect(attempts()).toEqual(untouched);
    expect(core.memory.usedBytes).toBe(6 * IMAGE_BYTES);
  });

  test('the session that needs memory gives none itself', async () => {
    const limits = { IMAGE_MEMORY_BYTES: 2_500, UPSTREAM_IMAGE_BYTES: IMAGE_BYTES };
    const ana = await new TestCore({ limits }).create();
    for (const name of ['one', 'two']) await ana.draw(imageOf(name, IMAGE_BYTES));
    const attempts = [...ana.state.attempts];
    await ana.send({ type: 'regenerate' });
    await settled();
    expect(ana.snapshot).toMatchObject({ stage: 'user_feedback', error: { code: 'server_busy' } });
    expect(ana.state.attempts).toEqual(attempts);
    expect(attempts.every(({ image }) => ana.session.image(image.imageId))).toBe(true);
  });
});

describe('R7: memory that sessions with open tabs give back, when nobody has touched them for long', () => {
  const IMAGE_BYTES = 1_000;

  /** A session with an open tab and two generations of two images, in a memory for `capacity` images. Another one asks for more. */
  async function createFull(capacity = 4) {
    const limits = { IMAGE_MEMORY_BYTES: capacity * IMAGE_BYTES, UPSTREAM_IMAGE_BYTES: IMAGE_BYTES };
    const core = new TestCore({ limits });
    const ana = await core.create('Ana');
    ana.follow();
    for (const command of [generate, { type: 'regenerate' }] as const) {
      await ana.send({ ...command, options: { candidates: 2 } });
      await settled();
      for (const [index, drawing] of core.generator.drawings.slice(-2).entries()) {
        drawing.finish(imageOf(`${command.type} ${index}`, IMAGE_BYTES));
      }
      await settled();
    }
    const images = ana.state.attempts.map(({ image }) => image.imageId);
    const request = async (candidates = 1) => {
      const other = await core.create('Ben');
      const before = core.generator.drawings.length;
      expect(await other.send({ ...generate, options: { candidates } })).toMatchObject({ accepted: true });
      await settled();
      return core.generator.drawings.length - before;
    };
    const kept = () => ana.state.attempts.map(({ image }) => images.indexOf(image.imageId));
    return { core, ana, images, request, kept };
  }

  test('attempts that they do not show go, but not those of the newest generation', async () => {
    const { core, request, kept } = await createFull();
    core.clock.advance(core.limits.SESSION_UNTOUCHED_MS);
    expect(await request(4)).toBe(2);
    expect(kept()).toEqual([2, 3]);
  });

  test('the approved attempt stays, however old', async () => {
    const { core, ana, images, request, kept } = await createFull();
    await ana.send({ type: 'approve', imageId: images[0] ?? '' });
    core.clock.advance(core.limits.SESSION_UNTOUCHED_MS);
    expect(await request()).toBe(1);
    expect(kept()).toEqual([0, 2, 3]);
  });

  test('a session goes on, and its people see what is left', async () => {
    const { core, ana, request } = await createFull();
    const { revision } = ana.state;
    core.clock.advance(core.limits.SESSION_UNTOUCHED_MS);
    await request();
    expect(ana.snapshot.attempts).toHaveLength(2);
    expect(ana.snapshot.revision).toBe(revision + 1);
    expect(core.log).toContainEqual(expect.objectContaining({ msg: 'attempts given up for memory', attempts: 2 }));
  });

  test.each<[string, (ana: TestMember, images: readonly string[]) => unknown]>([
    ['gave a command', (ana) => ana.send({ type: 'approve', imageId: 'none' })],
    ['typed', (ana) => ana.core.sessions.setDraft(ana.joined.caller, 'a')],
    ['asked for an image', (ana) => ana.core.sessions.requestImages(ana.joined.caller)],
    ['joined', async (ana) => (await ana.bring('Cem', 'watcher')).follow()],
  ])('it keeps everything when somebody %s a moment ago', async (_, touch) => {
    const { core, ana, images, request, kept } = await createFull();
    core.clock.advance(core.limits.SESSION_UNTOUCHED_MS - 1);
    await touch(ana, images);
    core.clock.advance(1);
    expect(await request()).toBe(0);
    expect(kept()).toEqual([0, 1, 2, 3]);
  });

  test('it keeps everything while something is drawn for it', async () => {
    const { core, ana, request, kept } = await createFull(5);
    await ana.send({ type: 'regenerate' });
    await settled();
    core.clock.advance(core.limits.SESSION_UNTOUCHED_MS);
    expect(await request()).toBe(0);
    expect(kept()).toEqual([0, 1, 2, 3]);
  });
});
