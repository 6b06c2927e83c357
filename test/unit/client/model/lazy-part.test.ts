import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isPartMissing, LazyPart, loadMissingParts, usesParts } from '../../../../client/model/lazy-part.ts';

let updates: number;
let failures: number;
let waits: number[];
let part: LazyPart<string>;
let user: ReactiveController | undefined;

beforeEach(() => {
  updates = 0;
  failures = 0;
  waits = [];
  part = new LazyPart(
    async () => {
      failures -= 1;
      if (failures >= 0) throw new TypeError('Failed to fetch dynamically imported module');
      return 'here';
    },
    async (ms) => void waits.push(ms),
  );
  const host: ReactiveControllerHost = {
    updateComplete: Promise.resolve(true),
    addController: (controller) => {
      user = controller;
    },
    removeController: () => {},
    requestUpdate: () => {
      updates += 1;
    },
  };
  usesParts(host);
  user?.hostConnected?.();
});

afterEach(() => user?.hostDisconnected?.());

test('a part is loaded once, and updates its users when it is here', async () => {
  expect(part.part).toBeUndefined();
  expect(await Promise.all([part.load(), part.preload(), part.load()])).toEqual(['here', 'here', 'here']);
  expect({ part: part.part, updates, failures }).toEqual({ part: 'here', updates: 1, failures: -1 });
});

test('a file that does not come is asked for again, each time after a longer wait', async () => {
  failures = 2;
  expect(await part.load()).toBe('here');
  expect(waits).toEqual([500, 2_000]);
  expect(isPartMissing()).toBe(false);
});

test('a part that is needed and never comes is missing until another try succeeds', async () => {
  failures = 3;
  expect(await part.load()).toBeUndefined();
  expect({ isMissing: part.isMissing, any: isPartMissing(), updates }).toEqual({
    isMissing: true,
    any: true,
    updates: 1,
  });
  loadMissingParts();
  expect(await part.load()).toBe('here');
  expect({ isMissing: part.isMissing, any: isPartMissing() }).toEqual({ isMissing: false, any: false });
});

test('a part that may be needed later is not missing', async () => {
  failures = 3;
  expect(await part.preload()).toBeUndefined();
  expect(isPartMissing()).toBe(false);
  expect(await part.preload()).toBe('here');
});
