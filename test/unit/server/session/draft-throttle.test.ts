import { describe, expect, test } from 'vitest';
import { DraftThrottle } from '../../../../server/session/draft-throttle.ts';
import type { Caller } from '../../../../server/session/participants.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const callerOn = (connectionId: string): Caller => ({
  sessionId: 's1',
  role: 'reviewer',
  participant: { id: 'p1', name: 'Ana', since: 0 },
  hasVote: true,
  connectionId,
  address: '192.0.2.1',
});
const [ana, bo] = [callerOn('c1'), callerOn('c2')];

describe('DraftThrottle', () => {
  function createThrottle() {
    const clock = new FakeClock();
    /** The texts that were set, in order. */
    const set: string[] = [];
    return { clock, set, throttle: new DraftThrottle(10, clock, (text) => set.push(text)) };
  }

  /** Types `count` texts, so that the burst of `author` is used up. */
  function typeBurst(throttle: DraftThrottle, author = ana): void {
    for (let count = 1; count <= 10; count += 1) throttle.type(author, `burst ${count}`);
  }

  test('S4: of texts that come too fast only the last is set, and it always is', () => {
    const { clock, set, throttle } = createThrottle();
    typeBurst(throttle);
    for (let count = 11; count <= 50; count += 1) throttle.type(ana, `${count}`);
    expect(set).toHaveLength(10);
    expect(set.at(-1)).toBe('burst 10');
    clock.advance(100);
    expect([set.length, set.at(-1)]).toEqual([11, '50']);
    clock.advance(10_000);
    expect(set).toHaveLength(11);
    expect(clock.timers).toBe(0);
  });

  test('S4: no more than 10 a second are set, whether texts come steadily or in pairs', () => {
    const { clock, set, throttle } = createThrottle();
    typeBurst(throttle);
    for (let ms = 0; ms < 10_000; ms += 20) {
      throttle.type(ana, `${ms}`);
      clock.advance(20);
    }
    expect(set.length - 10).toBeGreaterThan(80);
    expect(set.length - 10).toBeLessThanOrEqual(101);
    const before = set.length;
    for (let ms = 0; ms < 5_000; ms += 100) {
      throttle.type(ana, `${ms} a`);
      throttle.type(ana, `${ms} b`);
      clock.advance(100);
    }
    expect(set.length - before).toBeLessThanOrEqual(51);
  });

  test('each connection has a rate of its own', () => {
    const { set, throttle } = createThrottle();
    typeBurst(throttle, ana);
    throttle.type(bo, 'by another');
    expect(set.at(-1)).toBe('by another');
  });

  test('flush sets what waits at once and only once', () => {
    const { clock, set, throttle } = createThrottle();
    typeBurst(throttle);
    throttle.type(ana, 'last');
    throttle.flush();
    throttle.flush();
    clock.advance(1_000);
    expect(set.slice(10)).toEqual(['last']);
  });

  test('the last text of a connection that leaves is set', () => {
    const { clock, set, throttle } = createThrottle();
    typeBurst(throttle);
    throttle.type(ana, 'last');
    throttle.leave(bo.connectionId);
    expect(set.at(-1)).toBe('burst 10');
    throttle.leave(ana.connectionId);
    expect([set.at(-1), clock.timers]).toEqual(['last', 0]);
  });

  test('after close no text is set, and no timer is left', () => {
    const { clock, set, throttle } = createThrottle();
    typeBurst(throttle);
    throttle.type(ana, 'last');
    throttle.close();
    expect(clock.timers).toBe(0);
    expect(set).toHaveLength(10);
  });
});
