import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Caller } from '../../../../server/session/participants.ts';
import { findPlace, isCreator, type Places } from '../../../../server/session/places.ts';
import type { Role } from '../../../../shared/model.ts';

const PLACES: Places = { all: 10, watchers: 8 };

let connections = 0;
/** They came in the order of their numbers; number 1 is the creator. */
function callerOf(role: Role, number: number, address: string): Caller {
  const participant = { id: `p${number}`, name: `Reviewer ${number}`, since: number - 1 };
  return { sessionId: 's1', role, participant, hasVote: false, address, connectionId: `c${++connections}` };
}
const several = (count: number, role: Role, address: string, firstNumber: number): Caller[] =>
  Array.from({ length: count }, (_, index) => callerOf(role, firstNumber + index, address));

/** Lets a newcomer in; returns who has to go, or undefined. */
function admit(newcomer: Caller, present: Caller[]): Caller | undefined {
  const place = findPlace(newcomer, present, PLACES);
  if (place === 'none') return newcomer;
  if (place !== 'free') present.splice(present.indexOf(place), 1);
  present.push(newcomer);
  return place === 'free' ? undefined : place;
}

describe('S4: the places of a session', () => {
  test('watchers leave the places that are kept for reviewers', () => {
    const present = several(8, 'watcher', 'a', 10);
    expect(findPlace(callerOf('watcher', 20, 'a'), present, PLACES)).toBe('none');
    expect(findPlace(callerOf('reviewer', 20, 'a'), present, PLACES)).toBe('free');
  });

  test('a watcher makes way for a reviewer when all are taken, the one who came last', () => {
    const present = [...several(8, 'watcher', 'a', 10), ...several(2, 'reviewer', 'a', 2)];
    expect(findPlace(callerOf('reviewer', 30, 'b'), present, PLACES)).toBe(present[7]);
    expect(findPlace(callerOf('watcher', 30, 'a'), present, PLACES)).toBe('none');
  });

  test('the address with most makes way for one with less, among watchers and among reviewers', () => {
    for (const role of ['watcher', 'reviewer'] as const) {
      const present = [...several(7, role, 'a', 10), ...several(3, role, 'b', 20)].slice(
        0,
        PLACES[role === 'watcher' ? 'watchers' : 'all'],
      );
      expect(findPlace(callerOf(role, 30, 'c'), present, PLACES), role).toBe(present[6]);
      expect(findPlace(callerOf(role, 30, 'a'), present, PLACES), role).toBe('none');
    }
  });

  test('a participant who comes back takes the place of their oldest other connection, or of somebody newer at the same address', () => {
    const present = several(8, 'watcher', 'a', 10);
    expect(findPlace(callerOf('watcher', 12, 'a'), present, PLACES)).toBe(present[2]);
    expect(findPlace(callerOf('watcher', 9, 'a'), present, PLACES)).toBe(present[7]);
    expect(findPlace(callerOf('watcher', 18, 'a'), present, PLACES)).toBe('none');
  });

  test('the creator always finds a place', () => {
    const present = Array.from({ length: 10 }, (_, index) => callerOf('reviewer', 2 + index, `address ${index}`));
    expect(findPlace(callerOf('reviewer', 20, 'new'), present, PLACES)).toBe('none');
    expect(findPlace(callerOf('reviewer', 1, 'new'), present, PLACES)).toBe(present[0]);
  });

  const people = fc.array(
    fc.record({
      role: fc.constantFrom<Role>('watcher', 'watcher', 'reviewer'),
      number: fc.integer({ min: 1, max: 1_000 }),
      address: fc.constantFrom('a', 'a', 'a', 'b', 'b', 'c', 'd'),
    }),
    { maxLength: 60 },
  );
  const distinct = people.map((list) => [...new Map(list.map((one) => [one.number, one])).values()]);

  test('hold for any crowd: no limit is exceeded, nobody gives way to a lower rank, and no two take turns for ever', () => {
    fc.assert(
      fc.property(distinct, (list) => {
        const present: Caller[] = [];
        for (const { role, number, address } of list) {
          const newcomer = callerOf(role, number, address);
          const watchersBefore = present.filter((one) => one.role === 'watcher').length;
          const isFull = findPlace(newcomer, present, PLACES) === 'none';
          if (isCreator(newcomer) || (role === 'reviewer' && watchersBefore > 0)) expect(isFull).toBe(false);
          // The participant who has to go tries again at once.
          let outside = admit(newcomer, present);
          for (let tries = 0; outside && tries < 200; tries += 1) {
            const next = admit(outside, present);
            if (next === outside) break;
            outside = next;
            expect(tries).toBeLessThan(100);
          }
          expect(present.length).toBeLessThanOrEqual(PLACES.all);
          expect(present.filter((one) => one.role === 'watcher').length).toBeLessThanOrEqual(PLACES.watchers);
        }
      }),
    );
  });

  test('hold for any crowd: no address without a place is refused while another of the same rank has two', () => {
    fc.assert(
      fc.property(distinct, fc.constantFrom<Role>('watcher', 'reviewer'), (list, role) => {
        const present: Caller[] = [];
        for (const one of list) admit(callerOf(one.role, one.number, one.address), present);
        const peers = present.filter((one) => one.role === role && !isCreator(one));
        const most = Math.max(
          0,
          ...Map.groupBy(peers, ({ address }) => address)
            .values()
            .map(({ length }) => length),
        );
        if (most > 1) expect(findPlace(callerOf(role, 2_000, 'new'), present, PLACES)).not.toBe('none');
      }),
    );
  });
});
