/** The headless client in Node, by its public exports alone, against the real server. */
import { expect, onTestFinished, test } from 'vitest';
import { SessionClient, type SessionClientOptions, type SessionState } from '../../client/session/session-client.ts';
import { imageOf } from '../support/scripted-generator.ts';
import { startServer, type TestServer } from '../support/server.ts';

function clientOf(
  { address }: Pick<TestServer, 'address'>,
  options: Partial<SessionClientOptions> = {},
): SessionClient {
  const client = new SessionClient({ server: address, ...options });
  onTestFinished(() => client.close());
  client.connect();
  return client;
}

function until(client: SessionClient, isReached: (state: SessionState) => boolean): Promise<SessionState> {
  const { promise, resolve } = Promise.withResolvers<SessionState>();
  const check = (state: SessionState) => {
    if (isReached(state)) resolve(state);
  };
  const undo = client.subscribe(check);
  check(client.state);
  return promise.finally(undo);
}

const isOnline = ({ connection }: SessionState) => connection.status === 'online';
const isIn = (stage: string) => (state: SessionState) => state.snapshot?.stage === stage;

/** A client that has created a session, and what others join it with. */
async function creatorOf(server: Pick<TestServer, 'address'>, options?: Partial<SessionClientOptions>) {
  const client = clientOf(server, options);
  const { sessionId, sessionKey, welcome } = await until(client, isOnline);
  if (sessionId === undefined || sessionKey === undefined || !welcome) throw new Error('No session was created.');
  return { client, sessionId, sessionKey, participantId: welcome.participantId };
}

async function bytesOnShow({ snapshot, images }: SessionState): Promise<Uint8Array> {
  const received = images.get(snapshot?.image?.imageId ?? '');
  return new Uint8Array((await received?.blob.arrayBuffer()) ?? new ArrayBuffer(0));
}

function imageOnShow({ state: { snapshot } }: SessionClient) {
  if (!snapshot?.image) throw new Error('No image is on show.');
  return snapshot.image;
}

test('two clients take an image from generate over regenerate to approve, and see the same bytes', async () => {
  const server = await startServer();
  const { client: ana, sessionId, sessionKey, participantId } = await creatorOf(server, { name: 'Ana' });
  const bo = clientOf(server, { sessionId, sessionKey, name: 'Bo' });
  expect((await until(bo, isOnline)).welcome).toMatchObject({ role: 'reviewer', name: 'Bo' });

  ana.setDraft('a fox');
  await until(bo, ({ draft }) => draft === 'a fox');
  await expect(ana.generate('a fox')).resolves.toMatchObject({ accepted: true });
  const first = await server.generator.drawing(0);
  first.preview();
  await until(bo, ({ partials }) => partials.size === 1);
  const firstBytes = first.finish(imageOf('a fox'));
  for (const client of [ana, bo]) {
    const state = await until(client, isIn('user_feedback'));
    expect(await bytesOnShow(state)).toEqual(new Uint8Array(firstBytes));
    expect(state.partials.size).toBe(0);
  }

  const parent = imageOnShow(bo);
  await expect(bo.regenerate({ imageId: parent.imageId })).resolves.toMatchObject({ accepted: true });
  const secondBytes = (await server.generator.drawing(1)).finish(imageOf('another fox'));
  for (const client of [ana, bo]) {
    const state = await until(client, ({ snapshot }) => snapshot?.attempts.length === 2);
    expect(state.snapshot?.attempts[1]?.parent).toBe(parent.imageId);
    expect(await bytesOnShow(state)).toEqual(new Uint8Array(secondBytes));
  }

  const approved = imageOnShow(ana);
  await expect(ana.approve(approved)).resolves.toMatchObject({ accepted: true });
  for (const client of [ana, bo]) {
    const { snapshot } = await until(client, isIn('final'));
    expect(snapshot).toMatchObject({ approved, decisions: [{ imageId: approved.imageId, by: 'Ana', participantId }] });
  }
});

test('W5: a client without the key watches, and its commands are rejected', async () => {
  const server = await startServer();
  const { sessionId } = await creatorOf(server);
  const eve = clientOf(server, { sessionId });
  expect((await until(eve, isOnline)).welcome?.role).toBe('watcher');
  await expect(eve.startOver()).resolves.toMatchObject({ accepted: false, rejection: { code: 'not_allowed' } });
});

test('R1: a client whose connection is cut comes back as the same participant, with its command and its draft', async () => {
  const server = await startServer();
  const { client, sessionId, participantId } = await creatorOf(server);
  const connectionId = client.state.welcome?.connectionId;
  await client.generate('a fox');
  const drawing = await server.generator.drawing(0);
  for (const socket of server.sockets) socket.destroy();
  await until(client, ({ connection }) => connection.status === 'reconnecting');
  client.setDraft('typed meanwhile');
  const cancelled = client.cancel();
  const { welcome, ...back } = await until(client, isOnline);
  expect(back.sessionId).toBe(sessionId);
  expect(welcome?.participantId).toBe(participantId);
  expect(welcome?.connectionId).not.toBe(connectionId);
  await expect(cancelled).resolves.toMatchObject({ accepted: true });
  await until(client, ({ snapshot }) => snapshot?.stage === 'initial_input' && snapshot.draft === 'typed meanwhile');
  expect(client.state.snapshot?.lastAction).toMatchObject({ action: 'cancel', participantId });
  expect(drawing.signal.aborted).toBe(true);
});

test('a client is the same participant in another process, with what it kept of welcome', async () => {
  const server = await startServer();
  const { client, sessionId, sessionKey, participantId } = await creatorOf(server);
  const { welcome } = client.state;
  client.close();
  const participant = { id: participantId, secret: welcome?.participantSecret ?? '' };
  const later = await until(clientOf(server, { sessionId, sessionKey, participant }), isOnline);
  expect(later.welcome?.participantId).toBe(participantId);
  const forged = { ...participant, secret: 'guessed' };
  const other = await until(clientOf(server, { sessionId, sessionKey, participant: forged }), isOnline);
  expect(other.welcome?.participantId).not.toBe(participantId);
});

test('R9: a session that the server does not know is reported as gone', async () => {
  const client = clientOf(await startServer(), { sessionId: 'x'.repeat(22) });
  const { connection } = await until(client, ({ connection }) => connection.status === 'closed');
  expect(connection).toEqual({ status: 'closed', reason: 'session_gone' });
});

test('S2: a server with an access token creates a session once it gets the right one', async () => {
  const accessToken = 't'.repeat(32);
  const client = clientOf(await startServer({ accessToken }));
  await until(client, ({ connection }) => connection.status === 'token_needed');
  client.provideToken('wrong');
  await until(client, ({ connection }) => connection.status === 'token_needed' && connection.refused);
  client.provideToken(accessToken);
  await until(client, isOnline);
});
