import { expect, test } from 'vitest';
import { FakeEnvironment } from '../support/client-environment.ts';
import { answerJoin, joinedClient, newClient, rejoin } from '../support/joined-client.ts';
import { generating, image, initialInput, referenceOf, userFeedback } from '../support/server-messages.ts';

test('a second connect, and one after close, do nothing', () => {
  const { client, page } = newClient();
  client.connect();
  client.close();
  client.connect();
  expect(page.sockets).toHaveLength(1);
});

test('the WebSocket is opened at /ws of the server, with our subprotocol', () => {
  const { page } = newClient({ server: 'https://proofroom.example/s/abc?x=1#key' });
  expect(page.socket.url).toBe('wss://proofroom.example/ws');
  expect(page.socket.subprotocol).toBe('proofroom.v1');
});

test('R4: after 10 s without a message the line is dead, and tried again within a second', () => {
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

test('R4: a heartbeat every 5 s keeps the line', () => {
  const { client, page, socket } = joinedClient();
  for (let i = 0; i < 20; i += 1) {
    page.pass(5_000);
    socket.say({ type: 'heartbeat' });
  }
  expect(client.state.connection.status).toBe('online');
});

test('R4: an announced message may take its length at 16 KiB/s on top, and none after it', () => {
  const { client, page, socket } = joinedClient();
  socket.say({ type: 'heartbeat', nextBytes: 4 * 1024 * 1024 });
  page.pass(10_000 + 255_999);
  expect(client.state.connection.status).toBe('online');
  socket.say({ type: 'viewers', reviewers: 1, watchers: 0 });
  page.pass(10_000);
  expect(client.state.connection.status).toBe('reconnecting');
});

test('R4: nothing is concluded from silence while the page is hidden, and at once when it is shown again', () => {
  const { client, page } = joinedClient();
  page.hidden = true;
  page.pass(60_000);
  expect(client.state.connection.status).toBe('online');
  page.wake();
  expect(page.sockets).toHaveLength(2);
  expect(client.state.connection).toEqual({ status: 'reconnecting' });
});

test('R4: nothing is concluded from silence on a hidden page that comes online, but a lost line is tried', () => {
  const { client, page, socket } = joinedClient();
  page.hidden = true;
  page.pass(60_000);
  page.comeOnline();
  expect(client.state.connection.status).toBe('online');
  socket.closedByServer(1006);
  page.comeOnline();
  expect(page.sockets).toHaveLength(2);
});

test('R4: a page that is shown again before the silence was too long waits for the rest of it', () => {
  const { client, page } = joinedClient();
  page.hidden = true;
  page.pass(9_000);
  page.wake();
  page.pass(999);
  expect(client.state.connection.status).toBe('online');
  page.pass(1);
  expect(client.state.connection.status).toBe('reconnecting');
});

test('R4: after a sleep, in which timers stood still, waking reconnects at once', () => {
  const { page } = joinedClient();
  page.sleep(3_600_000);
  page.wake();
  expect(page.sockets).toHaveLength(2);
});

test('R5: waking cuts a wait short', () => {
  const { page, socket } = joinedClient();
  socket.closedByServer(1006);
  page.wake();
  expect(page.sockets).toHaveLength(2);
  page.wake();
  expect(page.sockets).toHaveLength(2);
});

test('R5: a server that refuses, which shows only as 1006, is tried for ever, at most 10 s apart', () => {
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

test('a connection that has not opened after 10 s is given up for another', () => {
  const { client, page } = newClient();
  page.pass(9_999);
  expect(client.state.connection).toEqual({ status: 'connecting' });
  page.pass(1);
  expect(page.socket.isClosed).toBe(true);
  expect(client.state.connection.status).toBe('reconnecting');
});

test('a connection that was being opened before a sleep is given up on waking', () => {
  const { page } = newClient();
  page.wake();
  expect(page.sockets).toHaveLength(1);
  page.sleep(10_000);
  page.wake();
  expect(page.sockets.map(({ isClosed }) => isClosed)).toEqual([true, false]);
});

test('a socket that the browser refuses to make is tried again', () => {
  const page = new FakeEnvironment();
  page.refusesSockets = true;
  const { client } = newClient({}, page);
  expect(client.state.connection.status).toBe('reconnecting');
  expect(page.warnings).toHaveLength(1);
  page.refusesSockets = false;
  page.pass(1_000);
  expect(page.sockets).toHaveLength(1);
});

test('the farewell of an old socket changes nothing', () => {
  const { client, page, socket } = joinedClient();
  const { onclose, onmessage, onopen } = socket;
  page.pass(10_000);
  page.pass(1_000);
  answerJoin(page);
  onclose?.({ code: 4404 });
  onmessage?.({ data: JSON.stringify({ type: 'viewers', reviewers: 99, watchers: 0 }) });
  onopen?.();
  expect(client.state.connection.status).toBe('online');
  expect(client.state.viewers).toBeUndefined();
  expect(page.sockets).toHaveLength(2);
});

test('W7: 4429 is waited out for 60 s, whatever wakes the page', () => {
  const { client, page, socket } = joinedClient();
  socket.closedByServer(4429);
  expect(client.state.connection).toEqual({ status: 'reconnecting', nextTryAt: page.now() + 60_500 });
  page.pass(59_999);
  page.wake();
  expect(page.sockets).toHaveLength(1);
  page.pass(1);
  page.wake();
  expect(page.sockets).toHaveLength(2);
});

test('R6: the wait that a goodbye asks for is kept to, whatever wakes the page, and once', () => {
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

test('W7: a server that is full is told apart from a lost line, until it lets one in', () => {
  const { client, page, socket } = joinedClient();
  socket.closedByServer(1006);
  page.pass(500);
  page.socket.open();
  page.socket.say({ type: 'reject', code: 'server_busy', message: 'The server is full.' });
  page.socket.closedByServer(4429);
  expect(client.state.connection).toMatchObject({ status: 'reconnecting', isServerBusy: true });
  page.pass(61_000);
  expect(client.state.connection).toEqual({ status: 'reconnecting', isServerBusy: true });
  rejoin(page);
  expect(client.state.connection).toEqual({ status: 'online' });
});

test('W7: once a full server can no longer be reached either, it is the line that is lost', () => {
  const { client, page, socket } = joinedClient();
  socket.closedByServer(1006);
  page.pass(500);
  page.socket.open();
  page.socket.say({ type: 'reject', code: 'server_busy', message: 'The server is full.' });
  page.socket.closedByServer(4429);
  page.pass(61_000);
  page.socket.closedByServer(1006);
  expect(client.state.connection).not.toHaveProperty('isServerBusy');
});

test.each([1012, 4408, 1006, 1000])('W7: after %i the client comes back', (code) => {
  const { client, page, socket } = joinedClient();
  socket.closedByServer(code);
  page.pass(1_000);
  expect(page.sockets).toHaveLength(2);
  expect(client.state.connection.status).toBe('reconnecting');
});

test.each([
  [1001, 'going_away'],
  [1008, 'misuse'],
  [1009, 'misuse'],
  [4403, 'not_allowed'],
  [4404, 'session_gone'],
] as const)('W7: after %i the client stays away, says %s, and leaves no timer behind', (code, reason) => {
  const { client, page, socket } = joinedClient();
  socket.closedByServer(code);
  expect(client.state.connection).toEqual({ status: 'closed', reason });
  page.wake();
  page.pass(600_000);
  expect(page.sockets).toHaveLength(1);
  expect([page.timers, page.wakers]).toEqual([0, 0]);
});

test('R1: a reconnect joins the same session with the key and the name it was given, and with what it has', async () => {
  const { client, page, socket } = joinedClient(initialInput(), { token: 'token' });
  expect(socket.sentOf('join')).toEqual([{ type: 'join', token: 'token' }]);
  const first = image('image-1');
  socket.say(first);
  socket.say(userFeedback([referenceOf(first)]));
  await expect.poll(() => client.state.images.has('image-1')).toBe(true);
  const again = rejoin(page, userFeedback([referenceOf(first)]));
  expect(again.sent).toEqual([
    { type: 'join', sessionId: 'session-1', key: 'key-1', name: 'Reviewer 1', have: ['image-1'] },
  ]);
  expect(client.state).toMatchObject({ sessionId: 'session-1', sessionKey: 'key-1', connection: { status: 'online' } });
});

test('W5: somebody with only a link keeps its id, and its key if it has one', () => {
  const watching = joinedClient(undefined, { sessionId: 'session-1' });
  expect(watching.socket.sent).toEqual([{ type: 'join', sessionId: 'session-1' }]);
  const { client, page } = newClient({ sessionId: 'session-1', sessionKey: 'key-2', name: 'Ana', token: 'unused' });
  const socket = answerJoin(page, undefined, { name: 'Ana' });
  expect(socket.sent).toEqual([{ type: 'join', sessionId: 'session-1', key: 'key-2', name: 'Ana' }]);
  expect(client.state.sessionKey).toBe('key-2');
  expect(rejoin(page).sentOf('join')[0]?.key).toBe('key-2');
});

test('S2: a server that wants a token is told it when a person has given it, and says when it was wrong', () => {
  const { client, page } = newClient();
  page.socket.open();
  page.socket.say({ type: 'reject', code: 'not_allowed', message: 'A token is needed.' });
  expect(client.state.connection).toEqual({ status: 'token_needed', refused: false });
  page.pass(600_000);
  expect(page.sockets).toHaveLength(1);

  client.provideToken('wrong');
  expect(client.state.connection).toEqual({ status: 'connecting' });
  page.socket.open();
  expect(page.socket.sent).toEqual([{ type: 'join', token: 'wrong' }]);
  page.socket.closedByServer(4403);
  expect(client.state.connection).toEqual({ status: 'token_needed', refused: true });

  client.provideToken('right');
  answerJoin(page);
  expect(client.state.connection.status).toBe('online');
  expect(page.sockets).toHaveLength(3);
});

test('S2: a token that is given while another, or none, is on its way was not refused', () => {
  const { client, page } = newClient();
  page.socket.open();
  client.provideToken('right');
  page.socket.say({ type: 'reject', code: 'not_allowed', message: 'A token is needed.' });
  expect(client.state.connection).toEqual({ status: 'connecting' });
  expect(answerJoin(page).sentOf('join')).toEqual([{ type: 'join', token: 'right' }]);
  expect(client.state.connection.status).toBe('online');
});

test('W5: a key that is refused ends the session for this client', () => {
  const { client, page } = newClient({ sessionId: 'session-1', sessionKey: 'wrong' });
  page.socket.open();
  page.socket.say({ type: 'reject', code: 'not_allowed', message: 'This link does not let you in.' });
  expect(client.state.connection).toEqual({ status: 'closed', reason: 'not_allowed' });
  expect(page.timers).toBe(0);
});

test('a join that is refused because the server is busy is tried again as the close code says', () => {
  const { client, page } = newClient({ sessionId: 'session-1' });
  page.socket.open();
  page.socket.say({ type: 'reject', code: 'server_busy', message: 'The session is full.' });
  page.socket.closedByServer(4429);
  expect(client.state.connection.status).toBe('reconnecting');
});

test('R9: a session that is gone keeps its snapshot and its images on show until the client is closed', async () => {
  const { client, page, socket } = joinedClient();
  const first = image('image-1');
  socket.say(first);
  socket.say(userFeedback([referenceOf(first)]));
  await expect.poll(() => client.state.snapshot?.stage).toBe('user_feedback');
  socket.closedByServer(1012);
  page.pass(1_000);
  page.socket.open();
  page.socket.say({ type: 'reject', code: 'session_not_found', message: 'No such session.' });
  expect(client.state.connection).toEqual({ status: 'closed', reason: 'session_gone' });
  expect(client.state.snapshot?.stage).toBe('user_feedback');
  expect(page.liveUrls.has(client.state.images.get('image-1')?.url ?? '')).toBe(true);
  client.close();
  expect(client.state.connection).toEqual({ status: 'left' });
  expect(client.state.images.size).toBe(0);
  expect(page.liveUrls.size).toBe(0);
});

test('R9: a picture that came whole before the server ended is kept, though its bytes were still being checked', async () => {
  const { client, page, socket } = joinedClient();
  const last = image('image-1');
  socket.say(generating('generation-1'));
  socket.say(last);
  socket.say(userFeedback([referenceOf(last)]));
  socket.say({ type: 'goodbye', reason: 'restart', reconnectInMs: 100 });
  socket.closedByServer(1012);
  await expect.poll(() => client.state.snapshot?.stage).toBe('user_feedback');
  expect([...client.state.images.keys()]).toEqual(['image-1']);
  expect(client.state.connection.status).toBe('reconnecting');
  page.pass(100);
  expect(answerJoin(page).sentOf('join')[0]?.have).toEqual(['image-1']);
});

test('what a lost line still held is forgotten once the next one is open, which brings it again', async () => {
  const { client, page, socket } = joinedClient();
  const first = image('image-1');
  socket.say(first);
  socket.say(userFeedback([referenceOf(first)]));
  socket.closedByServer(1006);
  page.pass(1_000);
  answerJoin(page, initialInput({ turn: 5 }));
  await expect.poll(() => client.state.connection.status).toBe('online');
  expect(client.state.snapshot).toMatchObject({ turn: 5, stage: 'initial_input' });
});

test('R9: after the end the person may ask for another connection: what is here stays, and what was refused may be asked again', async () => {
  const { client, page, socket } = joinedClient();
  const first = image('image-1');
  socket.say(first);
  socket.say(userFeedback([referenceOf(first)]));
  await expect.poll(() => client.state.images.size).toBe(1);
  client.reconnect();
  expect(page.sockets).toHaveLength(1);
  socket.closedByServer(1001);
  expect(await client.approve(referenceOf(first))).toMatchObject({ accepted: false, notice: { code: 'closed' } });
  client.reconnect();
  expect(client.state.connection).toEqual({ status: 'connecting' });
  const again = answerJoin(page, userFeedback([referenceOf(first)]));
  expect(again.sentOf('join')).toMatchObject([{ sessionId: 'session-1', key: 'key-1', have: ['image-1'] }]);
  expect(page.liveUrls.has(client.state.images.get('image-1')?.url ?? '')).toBe(true);
  void client.approve(referenceOf(first));
  expect(again.sentOf('approve')).toHaveLength(1);
  client.close();
  client.reconnect();
  expect(page.sockets).toHaveLength(2);
});

test('who closes the client on hearing that it connects again has closed it', () => {
  const { client, page, socket } = joinedClient();
  socket.closedByServer(1001);
  client.subscribe(({ connection }) => {
    if (connection.status === 'connecting') client.close();
  });
  client.reconnect();
  expect(client.state.connection).toEqual({ status: 'left' });
  expect(page.sockets.every(({ isClosed }) => isClosed)).toBe(true);
  expect([page.timers, page.wakers]).toEqual([0, 0]);
});

test('another name is joined with anew: pictures, typed text and commands without an answer stay', async () => {
  const { client, page, socket } = joinedClient();
  const first = image('image-1');
  socket.say(first);
  socket.say(userFeedback([referenceOf(first)]));
  await expect.poll(() => client.state.images.size).toBe(1);
  client.setDraft('one two');
  const answer = client.approve(referenceOf(first));
  client.rename('Ana');
  client.setDraft('one two three');
  expect([socket.isClosed, client.state.images.size]).toEqual([true, 1]);
  const again = answerJoin(page, userFeedback([referenceOf(first)]), { name: 'Ana' });
  expect(again.sentOf('join')).toMatchObject([{ sessionId: 'session-1', name: 'Ana', have: ['image-1'] }]);
  expect(again.sentOf('draft').at(-1)?.text).toBe('one two three');
  expect(again.sentOf('approve')).toEqual(socket.sentOf('approve'));
  again.say({ type: 'ack', commandId: again.sentOf('approve')[0]?.commandId ?? '', revision: 3 });
  expect(await answer).toEqual({ accepted: true, revision: 3 });
  client.rename('Ana');
  expect(page.sockets).toHaveLength(2);
});

test('a name that is given before the join is sent goes along with it', () => {
  const { client, page } = newClient();
  client.rename('Ana');
  expect(answerJoin(page).sentOf('join')).toEqual([{ type: 'join', name: 'Ana' }]);
  expect(page.sockets).toHaveLength(1);
});
