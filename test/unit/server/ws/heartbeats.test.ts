import { describe, expect, test } from 'vitest';
import { Heartbeats } from '../../../../server/ws/heartbeats.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const SILENCE_MS = 10_000;

function startHeartbeats() {
  const clock = new FakeClock();
  const heartbeats = new Heartbeats(clock);
  /** Starts a peer that has answered at `answeredAt` last. */
  const start = () => {
    const peer = { answeredAt: clock.monotonic(), beats: [] as number[], silentAt: [] as number[] };
    const stop = heartbeats.start({
      beat: () => peer.beats.push(clock.monotonic()),
      onSilence: () => peer.silentAt.push(clock.monotonic()),
      get remainingPatienceMs() {
        return Math.max(0, peer.answeredAt + SILENCE_MS - clock.monotonic());
      },
    });
    return { peer, stop };
  };
  return { clock, start };
}

describe('Heartbeats', () => {
  test('R4: beat every 5 s', () => {
    const { clock, start } = startHeartbeats();
    const { peer } = start();
    peer.answeredAt = 10_000;
    clock.advance(15_000);
    expect(peer.beats).toEqual([5_000, 10_000, 15_000]);
  });

  test('R4: give a silent peer up once, when its time is up and not at the next beat', () => {
    const { clock, start } = startHeartbeats();
    const { peer } = start();
    clock.advance(7_000);
    peer.answeredAt = 7_000;
    clock.advance(60_000);
    expect(peer.silentAt).toEqual([17_001]);
  });

  test('R4: read answers that came while the server itself was blocked before they give a peer up', () => {
    const { clock, start } = startHeartbeats();
    const { peer } = start();
    clock.advance(10_000);
    peer.answeredAt = 8_000;
    clock.advance(7_999);
    expect(peer.silentAt).toEqual([]);
    clock.advance(2);
    expect(peer.silentAt).toEqual([18_001]);
  });

  test('R4: peers that come in the same quarter of a second share a timer, and others do not beat with them', () => {
    const { clock, start } = startHeartbeats();
    const { peer: first } = start();
    clock.advance(249);
    const { peer: second } = start();
    expect(clock.timers).toBe(1);
    clock.advance(1);
    const { peer: third } = start();
    expect(clock.timers).toBe(2);
    clock.advance(5_000);
    expect([first.beats, second.beats, third.beats]).toEqual([[5_000], [5_000], [5_250]]);
  });

  test('R4: leave no timer when the last of their peers is stopped, which may be twice', () => {
    const { clock, start } = startHeartbeats();
    const { stop: stopFirst } = start();
    const { peer, stop } = start();
    stopFirst();
    clock.advance(5_000);
    expect(peer.beats).toEqual([5_000]);
    peer.answeredAt = 0;
    clock.advance(1_000);
    stop();
    stop();
    expect(clock.timers).toBe(0);
  });
});
