/**
 * A thousand tabs whose server is killed and started again, in real time (rule R5): `node test/faults/mass-reconnect.ts`. Prints how many
 * decide to try again, and how many are answered, in each tenth of a second.
 */
import { parseArgs } from 'node:util';
import { SessionClient, type SessionState } from '../../client/session/session-client.ts';
import { startWatchedServer } from '../support/watched-server.ts';

const BIN_MS = 100;

/** Limits for that many connections from one address. */
const environment = {
  PROOFROOM_CONNECTIONS_PER_ADDRESS: '5000',
  PROOFROOM_HTTP_CONNECTIONS_PER_ADDRESS: '5000',
  PROOFROOM_SESSION_BURST_PER_ADDRESS: '5000',
} as const;

export class ManyClients {
  readonly clients: readonly SessionClient[];

  constructor(server: string, count: number) {
    this.clients = Array.from({ length: count }, () => new SessionClient({ server }));
    for (const client of this.clients) client.connect();
  }

  /** Resolves with the first state of each client that fits, and when it was seen. */
  each(
    fits: (state: SessionState) => boolean,
  ): Promise<readonly { readonly state: SessionState; readonly at: number }[]> {
    return Promise.all(this.clients.map((client) => stateOf(client, fits)));
  }

  close(): void {
    for (const client of this.clients) client.close();
  }
}

/** Resolves with the first state that fits, and when it was seen. */
export async function stateOf(client: SessionClient, fits: (state: SessionState) => boolean) {
  const { promise, resolve } = Promise.withResolvers<SessionState>();
  const onState = (state: SessionState) => {
    if (fits(state)) resolve(state);
  };
  const undo = client.subscribe(onState);
  onState(client.state);
  const state = await promise.finally(undo);
  return { state, at: performance.now() };
}

export const isOnline = ({ connection }: SessionState): boolean => connection.status === 'online';

/** When the next try begins, in milliseconds since 1970; undefined while none is waited for. */
export const nextTryAt = ({ connection }: SessionState): number | undefined =>
  connection.status === 'reconnecting' ? connection.nextTryAt : undefined;

/** How many of the moments, in milliseconds, fall into each tenth of a second after `from`. */
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
  const first = await startWatchedServer(environment);
  const { address, port } = first;
  const many = new ManyClients(address, Number(values.tabs));
  await many.each(isOnline);
  const waiting = many.each((state) => nextTryAt(state) !== undefined);
  const killedAt = Date.now();
  await first.kill();
  const tries = (await waiting).map(({ state }) => nextTryAt(state) ?? 0);
  const second = await startWatchedServer({ ...environment, PORT: String(port) });
  const startedAt = performance.now();
  // The new process has none of the sessions, and says so: each client is closed.
  const back = await many.each(({ connection }) => connection.status === 'closed');
  console.log(`first tries after the kill: ${histogram(tries, killedAt).join(' ')}`);
  const answered = histogram(
    back.map(({ at }) => at),
    startedAt,
  );
  console.log(`answered after the restart: ${answered.join(' ')}`);
  console.log(
    `at most ${Math.max(...answered)} in a tenth of a second, the last after ${(answered.length / 10).toFixed(1)} s`,
  );
  many.close();
  await second.kill();
}
