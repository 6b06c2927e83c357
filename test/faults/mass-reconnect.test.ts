import { expect, onTestFinished, test } from 'vitest';
import { startServer } from '../support/server.ts';
import { Herd, histogram, isOnline, nextTry } from './herd.ts';

const TABS = 1_000;

test('R5: a thousand tabs that are cut off at once come back spread over a second, each to its own session', async () => {
  const limits = { CONNECTIONS_PER_ADDRESS: 2 * TABS, SESSION_BURST_PER_ADDRESS: TABS };
  const { address, sockets } = await startServer({ limits });
  const herd = new Herd(address, TABS);
  onTestFinished(() => herd.close());
  const before = await herd.each(isOnline);
  const waiting = herd.clients.map((client) => waitOf(client));
  for (const socket of sockets) socket.destroy();
  const waits = await Promise.all(waiting);
  const back = await herd.each(isOnline);

  // What they decided on, and not when their timers fired: that is the machine's, and may be late.
  const bins = histogram(waits, 0);
  console.log(`waits before the first try, by tenths of a second: ${bins.join(' ')}`);
  console.log(`back online, by tenths of a second: ${histogram(back.map(({ at }) => at)).join(' ')}`);
  expect(bins).toHaveLength(10);
  // A hundred in each on average; so far from it comes one run in a billion.
  expect(Math.max(...bins)).toBeLessThan(170);
  expect(Math.min(...bins)).toBeGreaterThan(40);
  expect(back.map(({ state }) => state.sessionId)).toEqual(before.map(({ state }) => state.sessionId));
});

/** How long a client means to wait, once it has lost its line. */
function waitOf(client: Herd['clients'][number]): Promise<number> {
  return new Promise((resolve) => {
    const undo = client.subscribe((state) => {
      const at = nextTry(state);
      if (at === undefined) return;
      undo();
      resolve(at - Date.now());
    });
  });
}
