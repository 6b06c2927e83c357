/** The session client against the real server, over real sockets; only its time is the test's. */
import { expect, onTestFinished, test } from 'vitest';
import { openSocket } from '../../client/session/environment.ts';
import { SessionClient, type SessionClientOptions } from '../../client/session/session-client.ts';
import type { SessionState } from '../../client/session/session-state.ts';
import { FakeEnvironment } from '../support/client-environment.ts';
import { imageOf } from '../support/scripted-generator.ts';
import { startServer, type TestServer } from '../support/server.ts';

class ConnectedEnvironment extends FakeEnvironment {
  override openSocket = openSocket;
}

function clientOf({ address }: TestServer, options: Partial<SessionClientOptions> = {}) {
  const page = new ConnectedEnvironment();
  const client = new SessionClient({ server: address, ...options }, page);
  onTestFinished(() => client.close());
  client.connect();
  return { client, page };
}

function reach(client: SessionClient, isReached: (state: SessionState) => boolean): Promise<SessionState> {
  const { promise, resolve } = Promise.withResolvers<SessionState>();
  const undo = client.subscribe(look);
  look(client.state);
  return promise.finally(undo);

  function look(state: SessionState): void {
    if (isReached(state)) resolve(state);
  }
}

const isOnline = ({ connection }: SessionState) => connection.status === 'online';

async function bytesShown({ snapshot, images }: SessionState): Promise<Buffer> {
  const received = images.get(snapshot?.image?.imageId ?? '');
  return Buffer.from((await received?.blob.arrayBuffer()) ?? new ArrayBuffer(0));
}

test('two clients take an image from prompt to approval, and see the same bytes', async () => {
  const server = await startServer();
  const ana = clientOf(server, { name: 'Ana' });
  const { sessionId, sessionKey } = await reach(ana.client, isOnline);
  if (sessionId === undefined || sessionKey === undefined) throw new Error('The creator was given no link.');
  const eve = clientOf(server, { sessionId });
  expect((await reach(eve.client, isOnline)).welcome?.role).toBe('watcher');

  ana.client.setDraft('a fox');
  await reach(eve.client, ({ draft }) => draft === 'a fox');
  await expect(ana.client.generate('a fox')).resolves.toMatchObject({ accepted: true });
  const drawing = await server.generator.drawing(0);
  drawing.preview();
  await reach(eve.client, ({ partials }) => partials.size === 1);
  const bytes = drawing.finish(imageOf('a fox'));

  for (const { client } of [ana, eve]) {
    const shown = await reach(client, ({ snapshot }) => snapshot?.stage === 'user_feedback');
    expect((await bytesShown(shown)).equals(bytes)).toBe(true);
    expect(shown.partials.size).toBe(0);
  }
  await expect(eve.client.startOver()).resolves.toMatchObject({ accepted: false, notice: { code: 'not_allowed' } });
  const { image } = ana.client.state.snapshot ?? {};
  if (!image) throw new Error('No image is on show.');
  await expect(ana.client.approve(image)).resolves.toMatchObject({ accepted: true });
  await reach(eve.client, ({ snapshot }) => snapshot?.stage === 'final');
  expect([...ana.page.warnings, ...eve.page.warnings]).toEqual([]);
});

test('R1: a line cut in mid-generation comes back to the same session, draft and image', async () => {
  const server = await startServer();
  const { client, page } = clientOf(server);
  const { sessionId } = await reach(client, isOnline);
  await client.generate('a fox');
  const drawing = await server.generator.drawing(0);
  for (const socket of server.sockets) socket.destroy();
  await reach(client, ({ connection }) => connection.status === 'reconnecting');
  client.setDraft('typed meanwhile');
  const cancelled = client.cancel();
  page.pass(1_000);
  await reach(client, isOnline);
  await expect(cancelled).resolves.toMatchObject({ accepted: true });
  await reach(client, ({ snapshot }) => snapshot?.stage === 'initial_input' && snapshot.draft === 'typed meanwhile');
  expect(drawing.signal.aborted).toBe(true);
  expect(client.state).toMatchObject({ sessionId, draft: 'typed meanwhile', connection: { status: 'online' } });
});

test('R9: a session that the server does not know is said to be gone', async () => {
  const { client } = clientOf(await startServer(), { sessionId: 'x'.repeat(22) });
  const { connection } = await reach(client, ({ connection }) => connection.status === 'closed');
  expect(connection).toEqual({ status: 'closed', reason: 'session_gone' });
});

test('S2: a server with an access token is entered with it', async () => {
  const accessToken = 't'.repeat(32);
  const { client } = clientOf(await startServer({ config: { accessToken } }));
  await reach(client, ({ connection }) => connection.status === 'token_needed');
  client.provideToken('wrong');
  await reach(client, ({ connection }) => connection.status === 'token_needed' && connection.refused);
  client.provideToken(accessToken);
  await reach(client, isOnline);
});
