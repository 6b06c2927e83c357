/** What every carrier of signals does, whatever it is made of. Each sentence of the port is a test here. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { newId } from '../../../server/platform/secrets.ts';
import type { Signal, Signals } from '../../../server/session/signals.ts';
import type { OpenServers } from '../../support/stores.ts';

const LONG_MS = 60_000;
const noneMissed = () => {};
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 5 });

/** The signals that a server gets of a session, from now on. */
async function signalsOf(signals: Signals, id: string): Promise<readonly Signal[]> {
  const received: Signal[] = [];
  onTestFinished(await signals.subscribe(id, (signal) => received.push(signal), noneMissed));
  return received;
}

async function eventuallyKept(signals: Signals, id: string, kept: readonly Signal[]): Promise<void> {
  const byKey = (one: Signal, other: Signal) => one.key.localeCompare(other.key);
  await vi.waitFor(async () => expect([...(await signals.read(id))].toSorted(byKey)).toEqual(kept), {
    timeout: 10_000,
    interval: 5,
  });
}

export function signalsContract(open: OpenServers): void {
  const openSignals = async () => {
    const [first, second] = await open();
    return [first.signals, second.signals] as const;
  };

  test('W1: a signal is told at every other server as it is, not at its own', async () => {
    const [first, second] = await openSignals();
    const id = newId();
    const [own, others, more] = [await signalsOf(first, id), await signalsOf(second, id), await signalsOf(second, id)];
    const draft = { key: 'draft', value: '{"text":"a fox – “snow” \\n 雪 {x}"}' };
    first.set(id, draft.key, draft.value, LONG_MS);
    first.set(id, 'draft', undefined, LONG_MS);
    await eventually(() => expect(others).toEqual([draft, { key: 'draft', value: undefined }]));
    await eventually(() => expect(more).toEqual(others));
    second.set(id, 'look:1', '"image"', LONG_MS);
    await eventually(() => expect(own).toEqual([{ key: 'look:1', value: '"image"' }]));
  });

  test('the signals of one server arrive in their order, and those of other sessions do not', async () => {
    const [first, second] = await openSignals();
    const [id, other] = [newId(), newId()];
    const received = await signalsOf(second, id);
    const values = Array.from({ length: 100 }, (_, at) => String(at));
    for (const value of values) {
      first.set(other, 'progress', value, LONG_MS);
      first.set(id, 'progress', value, LONG_MS);
    }
    await eventually(() => expect(received.map(({ value }) => value)).toEqual(values));
  });

  test('W1: nothing is missed once subscribe has resolved', async () => {
    const [first, second] = await openSignals();
    for (let round = 0; round < 30; round++) {
      const id = newId();
      const received = await signalsOf(second, id);
      first.set(id, 'draft', 'x', LONG_MS);
      await eventually(() => expect(received).toHaveLength(1));
    }
  });

  test('W1: the latest value under each key is kept for those that come later, on every server', async () => {
    const [first, second] = await openSignals();
    const id = newId();
    first.set(id, 'draft', 'old', LONG_MS);
    first.set(id, 'draft', 'new', LONG_MS);
    first.set(id, 'progress:0', '12', LONG_MS);
    first.set(id, 'gone', 'x', LONG_MS);
    first.set(id, 'gone', undefined, LONG_MS);
    const kept = [
      { key: 'draft', value: 'new' },
      { key: 'progress:0', value: '12' },
    ];
    await eventuallyKept(second, id, kept);
    await eventuallyKept(first, id, kept);
    expect(await second.read(newId())).toEqual([]);
  });

  test('a value is kept for as long as its sender says, and no longer', async () => {
    const [first, second] = await openSignals();
    const id = newId();
    first.set(id, 'long', 'x', LONG_MS);
    first.set(id, 'short', 'x', 200);
    first.set(id, 'never', 'x', 0);
    await eventuallyKept(second, id, [
      { key: 'long', value: 'x' },
      { key: 'short', value: 'x' },
    ]);
    await eventuallyKept(second, id, [{ key: 'long', value: 'x' }]);
  });

  test('a value that is set again is kept anew', async () => {
    const [first, second] = await openSignals();
    const id = newId();
    first.set(id, 'presence', 'x', 100);
    first.set(id, 'presence', 'x', LONG_MS);
    first.set(id, 'other', 'x', 200);
    await eventuallyKept(second, id, [
      { key: 'other', value: 'x' },
      { key: 'presence', value: 'x' },
    ]);
    await eventuallyKept(second, id, [{ key: 'presence', value: 'x' }]);
  });

  test('an undone subscription is told nothing more, and undoing twice is harmless', async () => {
    const [first, second] = await openSignals();
    const id = newId();
    const told: string[] = [];
    const undo = await second.subscribe(id, () => void told.push('one'), noneMissed);
    onTestFinished(await second.subscribe(id, () => void told.push('other'), noneMissed));
    undo();
    undo();
    first.set(id, 'draft', 'x', LONG_MS);
    await eventually(() => expect(told).toEqual(['other']));
  });
}
