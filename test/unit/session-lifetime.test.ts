import { describe, expect, test } from 'vitest';
import { drawn, generate, Onlooker, send, settled, studioWithSession } from '../support/core.ts';

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
