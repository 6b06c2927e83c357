import { expect, onTestFinished, test } from 'vitest';
import type { SessionClient } from '../../client/session/session-client.ts';
import { startServer } from '../support/server.ts';
import { histogram, isOnline, ManyClients, nextTryAt } from './mass-reconnect.ts';

const CLIENTS = 1_000;

test('R5: a thousand clients that are cut off at once come back spread over a second, each to its own session', async () => {
  const limits = {
    CONNECTIONS_PER_ADDRESS: 2 * CLIENTS,
    HTTP_CONNECTIONS_PER_ADDRESS: 2 * CLIENTS,
    SESSION_BURST_PER_ADDRESS: CLIENTS,
  };
  const { address, sockets } = await startServer({ limits });
  const many = new ManyClients(address, CLIENTS);
  onTestFinished(() => many.close());
  const before = await many.each(isOnline);
  const waiting = many.clients.map((client) => firstWaitOf(client));
  for (const socket of sockets) socket.destroy();
  const waits = await Promise.all(waiting);
  const back = await many.each(isOnline);

  // The waits that the clients chose: when their timers fire depends on the machine.
  const bins = histogram(waits, 0);
  console.log(`waits before the first try, by tenths of a second: ${bins.join(' ')}`);
  expect(bins).toHaveLength(10);
  // A hundred in each on average; a deviation like this happens once in a billion runs.
  expect(Math.max(...bins)).toBeLessThan(170);
  expect(Math.min(...bins)).toBeGreaterThan(40);
  expect(back.map(({ state }) => state.sessionId)).toEqual(before.map(({ state }) => state.sessionId));
});

/** How long a client decides to wait after it has lost its connection, in milliseconds. */
function firstWaitOf(client: SessionClient): Promise<number> {
  return new Promise((resolve) => {
    const undo = client.subscribe((state) => {
      const at = nextTryAt(state);
      if (at === undefined) return;
      undo();
      resolve(at - Date.now());
    });
  });
}
