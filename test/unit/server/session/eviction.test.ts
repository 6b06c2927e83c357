import { describe, expect, test } from 'vitest';
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

  test('sessions with an approved image end last', async () => {
    const { core, request, attempts } = await createFull(6);
    expect(await request(3)).toBe(3);
    expect(attempts()).toEqual({ ...untouched, two: undefined, one: undefined });
    expect(await request(1)).toBe(1);
    expect(attempts()).toEqual({ approved: undefined, two: undefined, one: undefined, joined: 2 });
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
    hold(members.one, 0);
    expect(await request(3)).toBe(3);
    expect(attempts()).toEqual({ ...untouched, two: undefined, approved: undefined });
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
