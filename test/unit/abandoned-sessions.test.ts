import { describe, expect, test } from 'vitest';
import type { Session } from '../../server/session/session.ts';
import { imageOf } from '../support/scripted-generator.ts';
import { drawn, Onlooker, Studio, send } from '../support/core.ts';

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
