import { expect, test } from 'vitest';
import { Pulse } from '../../server/ws/heartbeat.ts';
import { FakeClock } from '../support/fake-clock.ts';

function pulse() {
  const clock = new FakeClock();
  const heard: string[] = [];
  const wire = { patienceMs: 10_000, ping: () => heard.push('ping') };
  const listener = { beat: () => heard.push('beat'), silent: () => heard.push('silent') };
  return { clock, wire, heard, beating: new Pulse(wire, clock, listener) };
}

test('R4 every 5 s the peer is asked for a sign of life, and given one', () => {
  const { clock, heard } = pulse();
  clock.advance(4_999);
  expect(heard).toEqual([]);
  clock.advance(1);
  expect(heard).toEqual(['ping', 'beat']);
});

test('R4 a peer whose time is up is told of once, when it is up', () => {
  const { clock, wire, heard } = pulse();
  clock.advance(9_999);
  wire.patienceMs = 0;
  expect(heard).not.toContain('silent');
  clock.advance(2);
  expect(heard.filter((what) => what === 'silent')).toHaveLength(1);
  clock.advance(60_000);
  expect(heard.filter((what) => what === 'silent')).toHaveLength(1);
});

test('R4 answers that came while the server itself was asleep are read before a peer is given up', () => {
  const { clock, wire, heard } = pulse();
  wire.patienceMs = 0;
  clock.advance(10_000);
  wire.patienceMs = 7_000;
  clock.advance(1);
  expect(heard).not.toContain('silent');
  clock.advance(6_999);
  wire.patienceMs = 0;
  clock.advance(2);
  expect(heard).toContain('silent');
});

test('nothing is left of a pulse that is stopped, twice', () => {
  const { clock, beating } = pulse();
  beating.stop();
  beating.stop();
  expect(clock.timers).toBe(0);
});
