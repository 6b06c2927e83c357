/** How the session client connects, joins, reconnects and ends. */
import { describe, expect, test } from 'vitest';
import { FakeEnvironment, settled } from '../../../support/client-environment.ts';
import { answerJoin, joinedClient, newClient, rejoin } from '../../../support/joined-client.ts';
import { serverMessages } from '../../../support/messages.ts';
import {
  generating,
  image,
  initialInput,
  referenceOf,
  userFeedback,
  welcome,
} from '../../../support/server-messages.ts';

/** Of a client without a name, a session or images. */
const join = { type: 'join', prompts: 'once' };
const first = image('image-1');
const reviewing = userFeedback([referenceOf(first)]);

describe('opening', () => {
  test.each([
    ['http://127.0.0.1:3000', 'ws://127.0.0.1:3000/ws'],
    ['https://proofroom.example/?x=1#key', 'wss://proofroom.example/ws'],
    ['https://example.org/proofroom', 'wss://example.org/proofroom/ws'],
    ['https://example.org/proofroom/', 'wss://example.org/proofroom/ws'],
  ])('the WebSocket of the server %s is at %s', (server, url) => {
    const { page } = newClient({ server });
    expect(page.socket.url).toBe(url);
    expect(page.socket.subprotocol).toBe('proofroom.v1');
  });

  test.each(['nonsense', 'localhost:3000'])('the server address %s throws', (server) => {
    expect(() => newClient({ server })).toThrow(TypeError);
  });

  test('a second connect, and one after close, do nothing', () => {
    const { client, page } = newClient();
    client.connect();
    client.close();
    client.connect();
    expect(page.sockets).toHaveLength(1);
  });

  test('the client is online with the snapshot of the join, not before', () => {
    const { client, page } = newClient();
    const statuses: [string, boolean][] = [];
    client.subscribe(({ connection, snapshot }) => statuses.push([connection.status, snapshot !== undefined]));
    answerJoin(page);
    expect(statuses).toEqual([
      ['connecting', false],
      ['online', true],
    ]);
  });

  test('join is sent first, and everything else waits for the snapshot of the join', () => {
    const { client, page } = newClient({ name: 'Ana' });
    client.setDraft('a fox');
    client.want(['image-1']);
    void client.generate('a fox');
    page.socket.open();
    void client.cancel();
    expect(page.socket.sent).toEqual([{ ...join, name: 'Ana' }]);
    page.socket.say(welcome(), initialInput());
    expect(page.socket.sent.map(({ type }) => type)).toEqual(['join', 'draft', 'generate', 'cancel']);
  });

  test('a connection that has not opened after 10 s is given up', () => {
    const { client, page } = newClient();
    page.pass(9_999);
    expect(client.state.connection).toEqual({ status: 'connecting' });
    page.pass(1);
    expect(page.socket.isClosed).toBe(true);
    expect(client.state.connection.status).toBe('reconnecting');
  });

  test('a socket that may not be opened ends the connection as blocked, until reconnect', async () => {
    const page = new FakeEnvironment();
    page.refusesSockets = true;
    const { client } = newClient({}, page);
    expect(client.state.connection).toEqual({ status: 'closed', reason: 'blocked' });
    await expect(client.generate('a fox')).resolves.toMatchObject({ accepted: false, rejection: { code: 'closed' } });
    client.reconnect();
    page.wake();
    page.pass(600_000);
    expect(client.state.connection).toEqual({ status: 'closed', reason: 'blocked' });
    expect([page.warnings.length, page.leftovers]).toEqual([2, 0]);
    page.refusesSockets = false;
    client.reconnect();
    answerJoin(page);
    expect(client.state.connection).toEqual({ status: 'online' });
  });
});

describe('a policy of the page that forbids the connection', () => {
  test.each(['ws://127.0.0.1:3000/ws', 'ws://127.0.0.1:3000', 'ws'])('ends it, reported as %s', async (blocked) => {
    const { client, page } = newClient();
    page.blockConnection(blocked);
    expect(client.state.connection).toEqual({ status: 'closed', reason: 'blocked_by_policy' });
    await expect(client.generate('a fox')).resolves.toMatchObject({ accepted: false, rejection: { code: 'closed' } });
    expect([page.socket.isClosed, page.leftovers]).toEqual([true, 0]);
  });

  test.each(['wss://elsewhere.example/ws', 'http://127.0.0.1:3000/readyz', 'inline'])(
    'concerns the connection to the server alone, not %s',
    (blocked) => {
      const { client, page } = newClient();
      page.blockConnection(blocked);
      expect(client.state.connection).toEqual({ status: 'connecting' });
    },
  );
});

describe('silence', () => {
  test('R4: after 10 s without a message the client connects again within a second', () => {
    const { client, page, socket } = joinedClient();
    page.pass(9_999);
    expect(client.state.connection.status).toBe('online');
    page.pass(1);
    expect(client.state.connection).toEqual({ status: 'reconnecting', nextTryAt: page.now() + 500 });
    expect(socket.isClosed).toBe(true);
    page.pass(500);
    expect(page.sockets).toHaveLength(2);
    expect(client.state.connection).toEqual({ status: 'reconnecting' });
  });

  test('R4: a heartbeat every 5 s keeps the connection', () => {
    const { client, page, socket } = joinedClient();
    for (let i = 0; i < 20; i += 1) {
      page.pass(5_000);
      socket.say({ type: 'heartbeat' });
    }
    expect(client.state.connection.status).toBe('online');
  });

  test('R4: an announced message may take a second more for every 16 KiB, and the one after it may not', () => {
    const { client, page, socket } = joinedClient();
    socket.say({ type: 'heartbeat', nextBytes: 4 * 1024 * 1024 });
    page.pass(10_000 + 255_999);
    expect(client.state.connection.status).toBe('online');
    socket.say({ type: 'viewers', reviewers: 1, watchers: 0 });
    page.pass(10_000);
    expect(client.state.connection.status).toBe('reconnecting');
  });

  test('R4: an announcement counts at once, even behind an image that is being verified', async () => {
    const { client, page, socket } = joinedClient(generating('generation-1'));
    socket.say(image('partial-1', { kind: 'partial' }), { type: 'heartbeat', nextBytes: 16 * 1024 * 10 });
    page.pass(19_999);
    expect(client.state.connection.status).toBe('online');
    await settled();
  });

  test('R4: silence on a hidden page counts only when it is shown again', () => {
    const { client, page } = joinedClient();
    page.hidden = true;
    page.pass(60_000);
    page.comeOnline();
    expect(client.state.connection.status).toBe('online');
    page.wake();
    expect(page.sockets).toHaveLength(2);
    expect(client.state.connection).toEqual({ status: 'reconnecting' });
  });

  test('R4: a page that is shown again after 9 s of silence waits for the tenth', () => {
    const { client, page } = joinedClient();
    page.hidden = true;
    page.pass(9_000);
    page.wake();
    page.pass(999);
    expect(client.state.connection.status).toBe('online');
    page.pass(1);
    expect(client.state.connection.status).toBe('reconnecting');
  });

  test('R4: a page that wakes from a sleep connects again at once, although no timer fired', () => {
    const online = joinedClient().page;
    const opening = newClient().page;
    opening.wake();
    expect(opening.sockets).toHaveLength(1);
    for (const page of [online, opening]) {
      page.sleep(3_600_000);
      page.wake();
      expect(page.sockets.map(({ isClosed }) => isClosed)).toEqual([true, false]);
    }
  });
});

describe('reconnecting', () => {
  test('R5: a server that cannot be reached is tried for ever, at most 10 s apart', () => {
    const { client, page } = newClient();
    for (let i = 0; i < 100; i += 1) {
      page.socket.closedByServer(1006);
      expect(client.state.connection.status).toBe('reconnecting');
      page.pass(10_000);
      expect(page.sockets).toHaveLength(i + 2);
    }
  });

  test('R5: the wait is a short one again after 5 stable seconds, and not before', () => {
    const { client, page } = newClient();
    const nextWait = () =>
      client.state.connection.status === 'reconnecting' ? (client.state.connection.nextTryAt ?? 0) - page.now() : 0;
    for (let i = 0; i < 5; i += 1) {
      page.socket.closedByServer(1006);
      page.pass(10_000);
    }
    page.socket.open();
    page.pass(4_999);
    page.socket.closedByServer(1006);
    expect(nextWait()).toBe(5_000);
    page.pass(5_000);
    page.socket.open();
    page.pass(5_000);
    page.socket.closedByServer(1006);
    expect(nextWait()).toBe(500);
  });

  test('R5: a page that wakes does not wait for the backoff, even while it is hidden', () => {
    const { page, socket } = joinedClient();
    socket.closedByServer(1006);
    page.hidden = true;
    page.comeOnline();
    expect(page.sockets).toHaveLength(2);
    page.wake();
    expect(page.sockets).toHaveLength(2);
  });

  test('R6: the wait that goodbye asks for is kept once, even by a page that wakes', () => {
    const { client, page, socket } = joinedClient();
    socket.say({ type: 'goodbye', reason: 'restart', reconnectInMs: 7_000 });
    socket.closedByServer(1012);
    expect(client.state.connection).toEqual({ status: 'reconnecting', nextTryAt: page.now() + 7_000 });
    page.wake();
    expect(page.sockets).toHaveLength(1);
    page.pass(7_000);
    expect(page.sockets).toHaveLength(2);
    page.socket.closedByServer(1006);
    page.pass(1_000);
    expect(page.sockets).toHaveLength(3);
  });

  test('W7: the 60 s after 4429 are kept, even by a page that wakes', () => {
    const { client, page, socket } = joinedClient();
    socket.closedByServer(4429);
    const nextTryAt = page.now() + 60_500;
    expect(client.state.connection).toEqual({ status: 'reconnecting', nextTryAt, isServerBusy: true });
    page.pass(59_999);
    page.wake();
    expect(page.sockets).toHaveLength(1);
    page.pass(1);
    page.wake();
    expect(page.sockets).toHaveLength(2);
  });

  test('W7: a server that rejects the join because it is full is reported as busy, until a try ends otherwise', () => {
    const { client, page } = newClient({ sessionId: 'session-1' });
    const turnAway = () => {
      page.socket.open();
      page.socket.say({ type: 'reject', code: 'server_busy', message: 'The server is full.' });
      page.socket.closedByServer(4429);
      expect(client.state.connection).toMatchObject({ status: 'reconnecting', isServerBusy: true });
      page.pass(65_000);
      expect(client.state.connection).toEqual({ status: 'reconnecting', isServerBusy: true });
    };
    turnAway();
    page.socket.closedByServer(1006);
    expect(client.state.connection).not.toHaveProperty('isServerBusy');
    page.pass(10_000);
    turnAway();
    rejoin(page);
    expect(client.state.connection).toEqual({ status: 'online' });
  });

  test.each([1000, 1001, 1006, 1009, 1011, 1012, 4408, 4999])('W7: after %i the client reconnects', (code) => {
    const { client, page, socket } = joinedClient();
    socket.closedByServer(code);
    page.pass(1_000);
    expect(page.sockets).toHaveLength(2);
    expect(client.state.connection.status).toBe('reconnecting');
  });

  test('W7 R5: after 1009 the client waits as after any other loss; a second one ends the connection, as asking for less did not help', () => {
    const { client, page, socket } = joinedClient();
    socket.closedByServer(1009);
    page.pass(499);
    expect(page.sockets).toHaveLength(1);
    page.pass(1);
    expect(page.sockets).toHaveLength(2);
    answerJoin(page).closedByServer(1009);
    expect(client.state.connection).toEqual({ status: 'closed', reason: 'too_big' });
    page.pass(600_000);
    expect([page.sockets.length, page.leftovers]).toEqual([2, 0]);
  });

  test('events of a socket that was replaced are ignored', () => {
    const { client, page, socket } = joinedClient();
    const { onclose, onmessage, onopen } = socket;
    page.pass(11_000);
    answerJoin(page);
    onclose?.({ code: 4404 });
    onmessage?.({ data: JSON.stringify({ type: 'viewers', reviewers: 99, watchers: 0 }) });
    onopen?.();
    expect(client.state.connection.status).toBe('online');
    expect(client.state.viewers).toBeUndefined();
    expect(page.sockets).toHaveLength(2);
  });
});

describe('joining again', () => {
  test('R1: a reconnect joins as the same participant, with the key and the name of the session and the images held', async () => {
    const { client, page, socket } = joinedClient(initialInput(), { token: 'token' });
    expect(socket.sent).toEqual([{ ...join, token: 'token' }]);
    socket.say(first, reviewing);
    await settled();
    const again = rejoin(page, reviewing, { participantId: 'participant-9', participantSecret: 'secret-9' });
    const rejoined = { ...join, sessionId: 'session-1', key: 'key-1', name: 'Reviewer 1', have: ['image-1'] };
    expect(again.sent).toEqual([{ ...rejoined, participant: { id: 'participant-1', secret: 'secret-1' } }]);
    expect(client.state).toMatchObject({
      sessionId: 'session-1',
      sessionKey: 'key-1',
      connection: { status: 'online' },
    });
    // The server may not have known the first one any more.
    expect(rejoin(page).sent).toEqual([{ ...rejoined, participant: { id: 'participant-9', secret: 'secret-9' } }]);
  });

  test('W5: a link is joined with its id, and with its key if it has one', () => {
    const watching = joinedClient(undefined, { sessionId: 'session-1' });
    expect(watching.socket.sent).toEqual([{ ...join, sessionId: 'session-1' }]);
    const participant = { id: 'participant-1', secret: 'secret-1' };
    const { client, page } = newClient({ sessionId: 'session-1', sessionKey: 'key-2', participant, token: 'unused' });
    expect(answerJoin(page).sent).toEqual([{ ...join, sessionId: 'session-1', key: 'key-2', participant }]);
    expect(client.state.sessionKey).toBe('key-2');
    expect(rejoin(page).sentOf('join')[0]?.key).toBe('key-2');
  });

  test('a join without a session id does not send the secret of a participant', () => {
    const { page } = newClient({ participant: { id: 'participant-1', secret: 'secret-1' } });
    page.socket.open();
    expect(page.socket.sent).toEqual([join]);
  });

  test('rename joins again under the other name, and keeps images, typed text and pending commands', async () => {
    const { client, page, socket } = joinedClient();
    socket.say(first, reviewing);
    await settled();
    client.setDraft('one two');
    const answer = client.approve(referenceOf(first));
    client.rename('Ana');
    client.setDraft('one two three');
    expect([socket.isClosed, client.state.images.size]).toEqual([true, 1]);
    const again = answerJoin(page, reviewing, { name: 'Ana' });
    expect(again.sentOf('join')).toMatchObject([
      { sessionId: 'session-1', name: 'Ana', have: ['image-1'], participant: { id: 'participant-1' } },
    ]);
    expect(again.sentOf('draft').at(-1)?.text).toBe('one two three');
    expect(again.sentOf('approve')).toEqual(socket.sentOf('approve'));
    again.say({ type: 'ack', commandId: 'command-1', revision: 3 });
    expect(await answer).toEqual({ accepted: true, revision: 3 });
    client.rename('Ana');
    expect(page.sockets).toHaveLength(2);
  });

  test('rename before the join is sent changes the join', () => {
    const { client, page } = newClient();
    client.rename('Ana');
    expect(answerJoin(page).sent).toEqual([{ ...join, name: 'Ana' }]);
    expect(page.sockets).toHaveLength(1);
  });
});

describe('access tokens', () => {
  const rejection = { type: 'reject', code: 'not_allowed', message: 'A token is needed.' } as const;

  test('S2: the client asks for a token when the server does, and says when it was refused', () => {
    const { client, page } = newClient();
    page.socket.open();
    page.socket.say(rejection);
    expect(client.state.connection).toEqual({ status: 'token_needed', refused: false });
    page.pass(600_000);
    expect(page.sockets).toHaveLength(1);

    client.provideToken('wrong');
    expect(client.state.connection).toEqual({ status: 'connecting' });
    page.socket.open();
    expect(page.socket.sent).toEqual([{ ...join, token: 'wrong' }]);
    page.socket.closedByServer(4403);
    expect(client.state.connection).toEqual({ status: 'token_needed', refused: true });

    client.provideToken('right');
    answerJoin(page);
    expect(client.state.connection.status).toBe('online');
    expect(page.sockets).toHaveLength(3);
  });

  test('S2: a token that is provided after the join was sent is tried before token_needed', () => {
    const { client, page } = newClient();
    page.socket.open();
    client.provideToken('right');
    page.socket.say(rejection);
    expect(client.state.connection).toEqual({ status: 'connecting' });
    expect(answerJoin(page).sent).toEqual([{ ...join, token: 'right' }]);
    expect(client.state.connection.status).toBe('online');
  });
});

test('W11: the invitations are those of the last message, or of the welcome after a reconnect', () => {
  const { client, page, socket } = joinedClient();
  const { invitations } = serverMessages.invitations;
  expect(client.state.invitations).toEqual([]);
  socket.say({ type: 'invitations', invitations });
  expect(client.state.invitations).toEqual(invitations);
  rejoin(page, undefined, { invitations });
  expect(client.state.invitations).toEqual(invitations);
  rejoin(page);
  expect(client.state.invitations).toEqual([]);
});

describe('links', () => {
  const links = { watch: 'open', review: 'open', reviewKey: 'key-1', manages: ['watcher', 'reviewer'] } as const;

  test('W5: the last links told are in the state, and a creator joins again with the new key', () => {
    const { client, page, socket } = joinedClient();
    expect(client.state).not.toHaveProperty('links');
    socket.say({ type: 'links', ...links, manages: [...links.manages], watch: 'closed', reviewKey: 'key-2' });
    expect(client.state).toMatchObject({ sessionKey: 'key-2', links: { watch: 'closed', reviewKey: 'key-2' } });
    expect(rejoin(page).sent[0]).toMatchObject({ type: 'join', key: 'key-2' });
    // A watcher is told of none.
    expect(client.state).not.toHaveProperty('links');
  });

  test('W5: a reviewer whose key lets nobody new in still joins again with it, and with their secret', () => {
    const { client, page, socket } = joinedClient();
    socket.say({ type: 'links', watch: 'open', review: 'closed', manages: ['watcher'] });
    expect(client.state.links?.review).toBe('closed');
    const participant = { id: client.state.welcome?.participantId, secret: client.state.welcome?.participantSecret };
    expect(rejoin(page).sent[0]).toMatchObject({ type: 'join', key: 'key-1', participant });
  });
});

describe('the end', () => {
  test.each([
    [1008, 'misuse'],
    [4403, 'not_allowed'],
    [4404, 'session_gone'],
  ] as const)('W7: after %i the client does not reconnect, reports %s, and leaves no timer behind', (code, reason) => {
    const { client, page, socket } = joinedClient();
    socket.closedByServer(code);
    expect(client.state.connection).toEqual({ status: 'closed', reason });
    page.wake();
    page.pass(600_000);
    expect(page.sockets).toHaveLength(1);
    expect(page.leftovers).toBe(0);
  });

  test.each([
    ['R9', 'session_not_found', 'session_gone'],
    ['W5', 'not_allowed', 'not_allowed'],
    ['W5', 'link_closed', 'link_closed'],
    ['W11', 'revoked', 'revoked'],
    ['W11', 'invitation_expired', 'invitation_expired'],
  ] as const)('%s: a join that is rejected as %s ends the connection as %s', (_rule, code, reason) => {
    const { client, page } = newClient({ sessionId: 'session-1', sessionKey: 'key-1' });
    page.socket.open();
    page.socket.say({ type: 'reject', code, message: 'No.' });
    expect(client.state.connection).toEqual({ status: 'closed', reason });
    expect(page.leftovers).toBe(0);
  });

  test.each([
    ['W5', 4403, 'link_closed'],
    ['W11', 4403, 'revoked'],
    ['W11', 4403, 'invitation_expired'],
    ['R9', 4404, 'session_ended'],
  ] as const)(
    '%s: after %i with a goodbye that says %s, that is why the connection ended',
    (_rule, closeCode, code) => {
      const { client, page, socket } = joinedClient();
      socket.say({ type: 'goodbye', reason: 'A sentence.', code });
      socket.closedByServer(closeCode);
      expect(client.state.connection).toEqual({ status: 'closed', reason: code });
      expect(page.leftovers).toBe(0);
    },
  );

  test('R9: the snapshot and the images of a session that is gone stay until the client is closed', async () => {
    const { client, page, socket } = joinedClient();
    socket.say(first, reviewing);
    await settled();
    socket.closedByServer(4404);
    expect(client.state.snapshot?.stage).toBe('user_feedback');
    expect(page.liveUrls.has(client.state.images.get('image-1')?.url ?? '')).toBe(true);
    client.close();
    expect(client.state.connection).toEqual({ status: 'left' });
    expect([client.state.images.size, page.liveUrls.size]).toEqual([0, 0]);
  });

  test('R9: an image that arrived before the connection was lost is kept, although it was still being verified', async () => {
    const { client, page, socket } = joinedClient(generating('generation-1'));
    socket.say(first, reviewing, { type: 'goodbye', reason: 'restart', reconnectInMs: 100 });
    socket.closedByServer(1012);
    await settled();
    expect(client.state.snapshot?.stage).toBe('user_feedback');
    expect([...client.state.images.keys()]).toEqual(['image-1']);
    expect(client.state.connection.status).toBe('reconnecting');
    page.pass(100);
    expect(answerJoin(page).sentOf('join')[0]?.have).toEqual(['image-1']);
  });

  test('messages of a lost connection are dropped once the next one is open', async () => {
    const { client, page, socket } = joinedClient();
    socket.say(first, reviewing);
    socket.closedByServer(1006);
    page.pass(1_000);
    answerJoin(page, initialInput({ turn: 5 }));
    await settled();
    expect(client.state.connection.status).toBe('online');
    expect(client.state.snapshot).toMatchObject({ turn: 5, stage: 'initial_input' });
  });

  test('R9: reconnect joins again after the end, with the images and the session that the client had', async () => {
    const { client, page, socket } = joinedClient();
    socket.say(first, reviewing);
    await settled();
    client.reconnect();
    expect(page.sockets).toHaveLength(1);
    socket.closedByServer(1008);
    expect(await client.approve(referenceOf(first))).toMatchObject({ accepted: false, rejection: { code: 'closed' } });
    client.reconnect();
    expect(client.state.connection).toEqual({ status: 'connecting' });
    const again = answerJoin(page, reviewing);
    expect(again.sentOf('join')).toMatchObject([{ sessionId: 'session-1', key: 'key-1', have: ['image-1'] }]);
    expect(page.liveUrls.has(client.state.images.get('image-1')?.url ?? '')).toBe(true);
    void client.approve(referenceOf(first));
    expect(again.sentOf('approve')).toHaveLength(1);
    client.close();
    client.reconnect();
    expect(page.sockets).toHaveLength(2);
  });

  test('a subscriber may close the client while it reconnects', () => {
    const { client, page, socket } = joinedClient();
    socket.closedByServer(1008);
    client.subscribe(({ connection }) => {
      if (connection.status === 'connecting') client.close();
    });
    client.reconnect();
    expect(client.state.connection).toEqual({ status: 'left' });
    expect(page.sockets.every(({ isClosed }) => isClosed)).toBe(true);
    expect(page.leftovers).toBe(0);
  });

  test('a client that is closed while it connects does not try again, although its socket reports the close at once', () => {
    const { client, page } = newClient();
    client.close();
    expect(client.state.connection).toEqual({ status: 'left' });
    expect([page.socket.isClosed, page.leftovers]).toEqual([true, 0]);
  });

  test('close releases sockets, timers and object URLs, and may be called twice', async () => {
    const { client, page, socket } = joinedClient(generating('generation-1', { candidates: 2 }));
    socket.say(first, image('partial-1', { kind: 'partial', candidate: 1 }));
    await settled();
    expect(page.liveUrls.size).toBe(2);
    client.close();
    client.close();
    expect([page.liveUrls.size, client.state.images.size, client.state.partials.size]).toEqual([0, 0, 0]);
    expect([socket.isClosed, page.leftovers]).toEqual([true, 0]);
    const { state } = client;
    socket.say(reviewing);
    await settled();
    expect(client.state).toBe(state);
  });
});
