/**
 * A thousand tabs whose server is killed and started again, in real time (rule R5): `node test/faults/herd.ts`. Prints how many
 * have made up their minds to try again, and how many have come back, in each tenth of a second.
 */
import { parseArgs } from 'node:util';
import { SessionClient, type SessionState } from '../../client/session/session-client.ts';
import { startWatchedServer } from '../fuzz/watched-server.ts';

const BIN_MS = 100;

/** What a server must allow to have them all from one address. */
export const herdEnvironment = {
  PROOFROOM_CONNECTIONS_PER_ADDRESS: '5000',
  PROOFROOM_SESSION_BURST_PER_ADDRESS: '5000',
} as const;

export class Herd {
  readonly clients: readonly SessionClient[];

  constructor(server: string, count: number) {
    this.clients = Array.from({ length: count }, () => new SessionClient({ server }));
    for (const client of this.clients) client.connect();
  }

  /** Resolves, for each client, with the first state that fits: with the one it is in, if that does. */
  each(
    fits: (state: SessionState) => boolean,
  ): Promise<readonly { readonly state: SessionState; readonly at: number }[]> {
    return Promise.all(this.clients.map((client) => stateOf(client, fits)));
  }

  close(): void {
    for (const client of this.clients) client.close();
  }
}

async function stateOf(client: SessionClient, fits: (state: SessionState) => boolean) {
  const { promise, resolve } = Promise.withResolvers<SessionState>();
  const look = (state: SessionState) => {
    if (fits(state)) resolve(state);
  };
  const undo = client.subscribe(look);
  look(client.state);
  const state = await promise.finally(undo);
  return { state, at: performance.now() };
}

export const isOnline = ({ connection }: SessionState): boolean => connection.status === 'online';

/** When the next try is to begin, in milliseconds since 1970; undefined unless one is being waited for. */
export const nextTry = ({ connection }: SessionState): number | undefined =>
  connection.status === 'reconnecting' ? connection.nextTryAt : undefined;

/** How many of these moments fall into each tenth of a second, from the first one's on. */
export function histogram(moments: readonly number[], from = Math.min(...moments)): number[] {
  const bins: number[] = [];
  for (const moment of moments) {
    const bin = Math.max(0, Math.floor((moment - from) / BIN_MS));
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  return Array.from(bins, (count = 0) => count);
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { tabs: { type: 'string', default: '1000' } } });
  const first = await startWatchedServer(herdEnvironment);
  const { address, port } = first;
  const herd = new Herd(address, Number(values.tabs));
  await herd.each(isOnline);
  const waiting = herd.each((state) => nextTry(state) !== undefined);
  const killedAt = Date.now();
  await first.kill();
  const tries = (await waiting).map(({ state }) => nextTry(state) ?? 0);
  const second = await startWatchedServer({ ...herdEnvironment, PORT: String(port) });
  const upAt = performance.now();
  // The new process knows none of the sessions: that is an answer, too.
  const back = await herd.each(({ connection }) => connection.status === 'closed');
  console.log(`first tries, from the kill on: ${histogram(tries, killedAt).join(' ')}`);
  const arrivals = histogram(
    back.map(({ at }) => at),
    upAt,
  );
  console.log(`answered, from the new server's first moment on: ${arrivals.join(' ')}`);
  console.log(
    `at most ${Math.max(...arrivals)} in a tenth of a second, the last after ${(arrivals.length / 10).toFixed(1)} s`,
  );
  herd.close();
  await second.kill();
}
