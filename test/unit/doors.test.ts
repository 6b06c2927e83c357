import { describe, expect, test } from 'vitest';
import type { Limits } from '../../server/platform/limits.ts';
import { newId, sameSecret } from '../../server/platform/secrets.ts';
import { TokenBucket } from '../../server/platform/token-bucket.ts';
import { Admissions } from '../../server/session/admission.ts';
import { DraftThrottle } from '../../server/session/draft-throttle.ts';
import type { JoinMessage } from '../../shared/protocol.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { Onlooker, Studio } from '../support/core.ts';

describe('token buckets', () => {
  test('a burst, then so much per second, and never more than the burst', () => {
    const clock = new FakeClock();
    const bucket = new TokenBucket(3, 2, clock);
    const taken = () => Array.from({ length: 10 }, () => bucket.take()).filter(Boolean).length;
    expect([taken(), taken()]).toEqual([3, 0]);
    clock.advance(499);
    expect(taken()).toBe(0);
    clock.advance(501);
    expect(taken()).toBe(2);
    expect(bucket.isFull).toBe(false);
    clock.advance(3_600_000);
    expect(bucket.isFull).toBe(true);
    expect(taken()).toBe(3);
  });
});

describe('drafts', () => {
  function throttled() {
    const clock = new FakeClock();
    const published: string[] = [];
    return { clock, published, drafts: new DraftThrottle(10, clock, (text) => published.push(text)) };
  }

  test('what comes too fast is dropped to the last, which always arrives', () => {
    const { clock, published, drafts } = throttled();
    for (let n = 1; n <= 50; n++) drafts.push(`${n}`);
    expect(published).toEqual(Array.from({ length: 10 }, (_, n) => `${n + 1}`));
    clock.advance(100);
    expect(published.at(-1)).toBe('50');
    clock.advance(10_000);
    expect(published).toHaveLength(11);
    expect(clock.timers).toBe(0);
  });

  test('10 a second, however fast somebody types', () => {
    const { clock, published, drafts } = throttled();
    for (let n = 0; n < 10; n++) drafts.push(`burst ${n}`);
    for (let ms = 0; ms < 10_000; ms += 20) {
      drafts.push(`${ms}`);
      clock.advance(20);
    }
    expect(published.length - 10).toBeLessThanOrEqual(101);
    expect(published.length - 10).toBeGreaterThan(80);
  });

  test('10 a second also when they come in twos: what has waited counts as well', () => {
    const { clock, published, drafts } = throttled();
    for (let n = 0; n < 10; n++) drafts.push(`burst ${n}`);
    for (let n = 0; n < 50; n++) {
      drafts.push(`${n} a`);
      drafts.push(`${n} b`);
      clock.advance(100);
    }
    expect(published.length - 10).toBeLessThanOrEqual(51);
  });

  test('flush publishes what waits before whatever comes next, and only once', () => {
    const { clock, published, drafts } = throttled();
    for (let n = 0; n < 11; n++) drafts.push(`${n}`);
    drafts.flush();
    drafts.flush();
    clock.advance(1_000);
    expect(published.slice(10)).toEqual(['10']);
  });
});

describe('W5 who may join', () => {
  const TOKEN = 't'.repeat(32);
  function door({ token, limits = {} }: { token?: string; limits?: Partial<Limits> } = {}) {
    const studio = new Studio(limits);
    const admissions = new Admissions(studio.sessions, studio.limits, studio.clock, token);
    const admit = (join: Omit<JoinMessage, 'type'> = {}, address = 'here') => {
      const admission = admissions.admit({ type: 'join', ...join }, address);
      return admission.admitted ? admission.role : admission.code;
    };
    return { studio, admit };
  }

  test('W5 the creator reviews; the id alone lets one watch; the key lets one decide', () => {
    const { studio, admit } = door();
    expect(admit()).toBe('reviewer');
    const session = studio.sessions.create();
    expect(admit({ sessionId: session.id })).toBe('watcher');
    expect(admit({ sessionId: session.id, key: session.key })).toBe('reviewer');
  });

  test('W5 a wrong key never falls back to watching', () => {
    const { studio, admit } = door();
    const [session, other] = [studio.sessions.create(), studio.sessions.create()];
    for (const key of ['', 'x', other.key, `${session.key} `, session.id]) {
      expect(admit({ sessionId: session.id, key })).toBe('not_allowed');
    }
  });

  test('S2 with an access token only who knows it creates; links let others in', () => {
    const { studio, admit } = door({ token: TOKEN });
    expect([admit(), admit({ token: '' }), admit({ token: `${TOKEN}x` })]).toEqual(Array(3).fill('not_allowed'));
    expect(studio.sessions.size).toBe(0);
    expect(admit({ token: TOKEN })).toBe('reviewer');
    const session = studio.sessions.create();
    expect(admit({ sessionId: session.id })).toBe('watcher');
    expect(admit({ sessionId: session.id, token: 'wrong' })).toBe('not_allowed');
    expect(admit({ sessionId: session.id, token: TOKEN })).toBe('watcher');
  });

  test('a session that is not here is session_not_found, whatever else is wrong', () => {
    const { admit } = door({ token: TOKEN });
    expect(admit({ sessionId: 'gone', key: 'x', token: 'wrong' })).toBe('session_not_found');
  });

  test('sessions from one address: a burst of 30, then 30 a minute; others are not concerned', () => {
    const { studio, admit } = door();
    const created = () => Array.from({ length: 40 }, () => admit()).filter((role) => role === 'reviewer').length;
    expect(created()).toBe(30);
    expect(admit()).toBe('rate_limited');
    expect(admit({}, 'there')).toBe('reviewer');
    studio.clock.advance(60_000);
    expect(created()).toBe(30);
  });

  test('S4 addresses that have been quiet are forgotten, and no limit begins anew for it', () => {
    let looks = 0;
    class WatchedClock extends FakeClock {
      override monotonic(): number {
        looks += 1;
        return super.monotonic();
      }
    }
    const [studio, clock] = [new Studio(), new WatchedClock()];
    const admissions = new Admissions(studio.sessions, studio.limits, clock);
    const admit = (address: string) => admissions.admit({ type: 'join' }, address).admitted;
    const taken = (address: string) => Array.from({ length: 40 }, () => admit(address)).filter(Boolean).length;
    expect(taken('busy')).toBe(studio.limits.SESSION_BURST_PER_ADDRESS);
    for (let n = 0; n < 3_000; n += 1) {
      expect(admit(`address ${n}`)).toBe(true);
      clock.advance(1);
    }
    // Half a session a second, whoever else came meanwhile.
    expect(taken('busy')).toBe(1);
    clock.advance(60_000);
    const looksAt = (address: string) => {
      const before = looks;
      admit(address);
      return looks - before;
    };
    // One look at each address of a large book, sooner or later, and then the book is small.
    const sweeps = Array.from({ length: 2_000 }, (_, n) => looksAt(`late ${n}`)).filter((count) => count > 10);
    expect(sweeps).toHaveLength(1);
    expect(sweeps[0]).toBeGreaterThan(3_000);
  });

  test('many addresses at once cost each newcomer no look at all of them', () => {
    const { studio, admit } = door();
    let looks = 0;
    const { monotonic } = studio.clock;
    studio.clock.monotonic = () => {
      looks += 1;
      return monotonic.call(studio.clock);
    };
    const newcomers = 3_000;
    for (let n = 0; n < newcomers; n++) admit({}, `address ${n}`);
    expect(looks).toBeLessThan(10 * newcomers);
  });

  test('the rate is looked at before the token, so that guesses are limited', () => {
    const { admit } = door({ token: TOKEN, limits: { SESSION_BURST_PER_ADDRESS: 2 } });
    expect([admit(), admit(), admit(), admit({ token: TOKEN })]).toEqual([
      'not_allowed',
      'not_allowed',
      'rate_limited',
      'rate_limited',
    ]);
  });

  test('a full server, and a full session, are server_busy', () => {
    const { studio, admit } = door({ limits: { SESSIONS: 1, CONNECTIONS_PER_SESSION: 1 } });
    const session = studio.sessions.create();
    expect(admit()).toBe('server_busy');
    expect(admit({ sessionId: session.id })).toBe('watcher');
    session.attach(new Onlooker(session));
    expect(admit({ sessionId: session.id })).toBe('server_busy');
    expect(admit({ sessionId: session.id, key: session.key })).toBe('server_busy');
  });
});

describe('S3 secrets', () => {
  test('S3 compared whatever their lengths', () => {
    expect([sameSecret('a', 'a'), sameSecret('a', 'b'), sameSecret('', 'a'), sameSecret('aa', 'a')]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  test('W5 ids have 128 bits and stand in a URL as they are', () => {
    const ids = new Set(Array.from({ length: 1_000 }, newId));
    expect(ids.size).toBe(1_000);
    for (const id of ids) expect(id).toMatch(/^[\w-]{22}$/);
  });
});
