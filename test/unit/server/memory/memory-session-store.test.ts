import { expect, test } from 'vitest';
import { MemorySessions } from '../../../../server/memory/memory-session-store.ts';
import { MemorySignalBoard } from '../../../../server/memory/memory-signals.ts';
import { defaultLimits } from '../../../../server/platform/limits.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { documentOf } from '../../../support/stores.ts';

const limits = { ...defaultLimits, SESSION_IDLE_MS: 1_000 };

test('a session has one timer while nobody holds it, and none otherwise', async () => {
  const clock = new FakeClock();
  const sessions = new MemorySessions(clock, limits);
  const server = sessions.forServer();
  await server.create('held', documentOf(0));
  await server.create('idle', documentOf(0));
  expect(clock.timers).toBe(2);
  server.hold('held');
  expect(clock.timers).toBe(1);
  await server.remove('idle', 'session_gone');
  expect(clock.timers).toBe(0);
});

test('without servers there are no timers; the next server is told of what expires', async () => {
  const clock = new FakeClock();
  const sessions = new MemorySessions(clock, limits);
  const first = sessions.forServer();
  await first.create('a', documentOf(0));
  first.hold('a');
  first.close();
  first.close();
  expect(clock.timers).toBe(0);
  const expired: string[] = [];
  sessions.forServer().onExpired((id) => expired.push(id));
  clock.advance(999);
  expect(expired).toEqual([]);
  clock.advance(1);
  expect(expired).toEqual(['a']);
});

test('a session that was not removed is told as expired again, unless somebody holds it by then', async () => {
  const clock = new FakeClock();
  const server = new MemorySessions(clock, limits).forServer();
  const expired: string[] = [];
  server.onExpired((id) => expired.push(id));
  await server.create('a', documentOf(0));
  clock.advance(31_000);
  expect(expired).toEqual(['a', 'a']);
  server.hold('a');
  clock.advance(100_000);
  expect(expired).toHaveLength(2);
});

test('signals need no timer, and those of sessions that are gone are dropped with later ones', async () => {
  const clock = new FakeClock();
  const signals = new MemorySignalBoard(clock).forServer();
  for (let at = 0; at < 100; at++) void signals.set(`session ${at}`, 'draft', 'x', at === 0 ? 1_000_000 : 1_000);
  expect(clock.timers).toBe(0);
  clock.advance(1_000);
  expect(await signals.read('session 1')).toEqual([]);
  expect(await signals.read('session 0')).toEqual([{ key: 'draft', value: 'x' }]);
});
