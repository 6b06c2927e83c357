import { describe, expect, test } from 'vitest';
import { Heartbeat } from '../../../../server/ws/heartbeat.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

function startHeartbeat() {
  const clock = new FakeClock();
  /** When a beat was due, and when the peer was given up. */
  const events: string[] = [];
  const peer = { patienceMs: 10_000 };
  const heartbeat = new Heartbeat({
    clock,
    onBeat: () => events.push(`beat at ${clock.monotonic()}`),
    remainingPatienceMs: () => peer.patienceMs,
    onSilence: () => events.push(`silence at ${clock.monotonic()}`),
  });
  return { clock, peer, events, heartbeat };
}

describe('Heartbeat', () => {
  test('R4: beats every 5 s', () => {
    const { clock, events } = startHeartbeat();
    clock.advance(15_000);
    expect(events).toEqual(['beat at 5000', 'beat at 10000', 'beat at 15000']);
  });

  test('R4: gives a silent peer up once, when its time is up and not at the next beat', () => {
    const { clock, peer, events } = startHeartbeat();
    clock.advance(9_999);
    peer.patienceMs = 0;
    clock.advance(60_000);
    expect(events.filter((event) => event.startsWith('silence'))).toEqual(['silence at 10001']);
  });

  test('R4: reads answers that came while the server itself was blocked before it gives a peer up', () => {
    const { clock, peer, events } = startHeartbeat();
    peer.patienceMs = 0;
    clock.advance(10_000);
    peer.patienceMs = 7_000;
    clock.advance(1);
    peer.patienceMs = 0;
    clock.advance(6_999);
    expect(events.join()).not.toContain('silence');
    clock.advance(10);
    expect(events.at(-1)).toBe('silence at 17002');
  });

  test('R4: leaves no timer when it is stopped, which may be twice', () => {
    const { clock, heartbeat } = startHeartbeat();
    heartbeat.stop();
    heartbeat.stop();
    expect(clock.timers).toBe(0);
  });
});
