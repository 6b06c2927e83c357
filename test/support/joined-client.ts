/** A session client whose server is played by the test, up to the join's snapshot. */
import { SessionClient, type SessionClientOptions } from '../../client/session/session-client.ts';
import type { SnapshotMessage, WelcomeMessage } from '../../shared/protocol.ts';
import { FakeEnvironment, type FakeSocket } from './client-environment.ts';
import { initialInput, welcome } from './server-messages.ts';

export const server = 'http://127.0.0.1:3000';

export interface TestedClient {
  readonly client: SessionClient;
  readonly page: FakeEnvironment;
}

export function newClient(options: Partial<SessionClientOptions> = {}, page = new FakeEnvironment()): TestedClient {
  const client = new SessionClient({ server, ...options }, page);
  client.connect();
  return { client, page };
}

/** Answers the join on the newest socket. */
export function answerJoin(
  page: FakeEnvironment,
  snapshot: SnapshotMessage = initialInput(),
  change: Partial<WelcomeMessage> = {},
): FakeSocket {
  page.socket.open();
  page.socket.say(welcome(change), snapshot);
  return page.socket;
}

export function joinedClient(
  snapshot?: SnapshotMessage,
  options: Partial<SessionClientOptions> = {},
  page = new FakeEnvironment(),
): TestedClient & { readonly socket: FakeSocket } {
  const { client } = newClient(options, page);
  return { client, page, socket: answerJoin(page, snapshot, { key: 'key-1' }) };
}

/** Loses the connection, waits for the next try and answers its join. */
export function rejoin(
  page: FakeEnvironment,
  snapshot?: SnapshotMessage,
  change?: Partial<WelcomeMessage>,
): FakeSocket {
  page.socket.closedByServer(1006);
  page.pass(10_000);
  return answerJoin(page, snapshot, change);
}
