import { expect, test, vi } from 'vitest';
import { randomId } from '../../client/session/environment.ts';
import { decodeBase64 } from '../../client/session/image-bytes.ts';
import { SessionClient } from '../../client/session/session-client.ts';
import type { SessionState } from '../../client/session/session-state.ts';
import type { ProgressMessage, RejectMessage } from '../../shared/protocol.ts';
import { FakeEnvironment, type FakeSocket, settled } from '../support/client-environment.ts';
import { answerJoin, joinedClient, newClient, rejoin } from '../support/joined-client.ts';
import { generating, image, initialInput, referenceOf, userFeedback, welcome } from '../support/server-messages.ts';

const picture = referenceOf(image('image-1'));

function reject(socket: FakeSocket, commandId: string, change: Partial<RejectMessage> = {}): void {
  socket.say({ type: 'reject', commandId, code: 'rate_limited', message: 'Slow down.', ...change });
}

test('the address of the server must be one', () => {
  expect(() => new SessionClient({ server: 'nonsense' }, new FakeEnvironment())).toThrow(TypeError);
});

test('the client is online with the join’s snapshot, and no sooner', () => {
  const { client, page } = newClient();
  const statuses: [string, boolean][] = [];
  client.subscribe(({ connection, snapshot }) => statuses.push([connection.status, snapshot !== undefined]));
  page.socket.open();
  page.socket.say(welcome());
  expect(client.state.connection.status).toBe('connecting');
  page.socket.say(initialInput());
  expect(statuses).toEqual([
    ['connecting', false],
    ['online', true],
  ]);
});

test('join is the first message, and nothing follows it before the join’s snapshot', () => {
  const { client, page } = newClient({ name: 'Ana' });
  client.setDraft('a fox');
  client.want(['image-1']);
  void client.generate('a fox');
  page.socket.open();
  page.socket.say(welcome({ name: 'Ana' }));
  void client.cancel();
  expect(page.socket.sent).toEqual([{ type: 'join', name: 'Ana' }]);
  page.socket.say(initialInput());
  expect(page.socket.sent.map(({ type }) => type)).toEqual(['join', 'draft', 'generate', 'cancel']);
});

test('each change replaces the state, and tells subscribers at once until they undo it', () => {
  const { client, socket } = joinedClient();
  const states: SessionState[] = [];
  const undo = client.subscribe((state) => states.push(state));
  const before = client.state;
  socket.say({ type: 'viewers', reviewers: 2, watchers: 1 });
  expect(states).toEqual([client.state]);
  expect(client.state).not.toBe(before);
  expect(before.viewers).toBeUndefined();
  undo();
  undo();
  socket.say({ type: 'viewers', reviewers: 3, watchers: 1 });
  expect(states).toHaveLength(1);
});

test('what changes nothing is no change', () => {
  const { client, socket } = joinedClient(initialInput({ draft: 'a fox' }));
  const listener = vi.fn();
  client.subscribe(listener);
  client.setDraft('a fox');
  client.setDraftFocus(true);
  socket.say({ type: 'draft', text: 'a fox', by: 'Ana' });
  expect(listener).not.toHaveBeenCalled();
});

test('one subscriber undone leaves the same function subscribed elsewhere', () => {
  const { client, socket } = joinedClient();
  const listener = vi.fn();
  const undo = client.subscribe(listener);
  client.subscribe(listener);
  undo();
  socket.say({ type: 'viewers', reviewers: 2, watchers: 1 });
  expect(listener).toHaveBeenCalledTimes(1);
});

test('R8: a subscriber that throws is reported, and the others are told all the same', () => {
  const { client, page, socket } = joinedClient();
  client.subscribe(() => {
    throw new Error('a fault of the view');
  });
  const listener = vi.fn();
  client.subscribe(listener);
  socket.say({ type: 'viewers', reviewers: 2, watchers: 1 });
  expect(listener).toHaveBeenCalledTimes(1);
  expect(page.warnings).toHaveLength(1);
});

test('a change made by a subscriber reaches every other one in the end', () => {
  const { client, socket } = joinedClient();
  const drafts: string[] = [];
  client.subscribe(({ viewers }) => viewers && client.setDraft('typed meanwhile'));
  client.subscribe(({ draft }) => drafts.push(draft));
  socket.say({ type: 'viewers', reviewers: 2, watchers: 1 });
  expect(drafts.at(-1)).toBe('typed meanwhile');
});

test('a message that is wrong is dropped, and the console hears of the first one', () => {
  const { client, page, socket } = joinedClient();
  const before = client.state;
  socket.sayText('no JSON');
  socket.sayText('{"type":"viewers","reviewers":-1,"watchers":0}');
  socket.sayText('[]');
  expect(client.state).toBe(before);
  expect(page.warnings).toHaveLength(1);
});

test('a message of an unknown type is ignored in silence', () => {
  const { client, page, socket } = joinedClient();
  const before = client.state;
  socket.sayText('{"type":"later_version","reviewers":1}');
  expect(client.state).toBe(before);
  expect(page.warnings).toEqual([]);
});

test('progress is kept by candidate, with the moment it arrived, for the running generation alone', () => {
  const { client, page, socket } = joinedClient(generating('generation-1', { candidates: 2 }));
  const progress: ProgressMessage = {
    type: 'progress',
    generationId: 'generation-1',
    candidate: 1,
    phase: 'drawing',
    try: 1,
    maxTries: 3,
    elapsedMs: 900,
  };
  socket.say(progress);
  socket.say({ ...progress, generationId: 'generation-0', candidate: 0 });
  expect([...client.state.progress]).toEqual([[1, { ...progress, receivedAt: page.now() }]]);
  socket.say(userFeedback([picture]));
  expect(client.state.progress.size).toBe(0);
});

test('M10: a command has a fresh id and the turn of the snapshot on show', () => {
  const { client, socket } = joinedClient(userFeedback([picture], { turn: 7 }));
  void client.regenerate({ imageId: 'image-1' });
  void client.refine('image-1', 'redder', { size: 'auto' });
  void client.startOver();
  expect(socket.sent.slice(1)).toEqual([
    { type: 'regenerate', imageId: 'image-1', commandId: 'command-1', turn: 7 },
    {
      type: 'refine',
      imageId: 'image-1',
      feedback: 'redder',
      options: { size: 'auto' },
      commandId: 'command-2',
      turn: 7,
    },
    { type: 'start_over', commandId: 'command-3', turn: 7 },
  ]);
});

test('M3: approve names the image by id and digest', () => {
  const { client, socket } = joinedClient(userFeedback([picture]));
  void client.approve(picture);
  expect(socket.sentOf('approve')).toMatchObject([{ imageId: 'image-1', sha256: picture.sha256 }]);
});

test('W6: a command is pending until its ack, which resolves it with the revision', async () => {
  const { client, socket } = joinedClient();
  const answer = client.generate('a fox', { quality: 'low' });
  expect([...client.state.pending]).toEqual(['generate']);
  expect(socket.sentOf('generate')).toMatchObject([{ prompt: 'a fox', options: { quality: 'low' } }]);
  socket.say({ type: 'ack', commandId: 'command-1', revision: 1 });
  expect(client.state.pending.size).toBe(0);
  await expect(answer).resolves.toEqual({ accepted: true, revision: 1 });
});

test.each(['rate_limited', 'server_busy', 'stale', 'wrong_stage'] as const)(
  'W6: a command refused as %s resolves with a notice in the server’s words, until one is accepted',
  async (code) => {
    const { client, page, socket } = joinedClient();
    const lastAction = { action: 'approve', by: 'Ana', connectionId: 'c', at: '2026-01-01T00:00:00.000Z' } as const;
    const answer = client.generate('a fox');
    reject(socket, 'command-1', { code, message: 'A sentence.', lastAction });
    const notice = { command: 'generate', code, message: 'A sentence.', lastAction, at: page.now() };
    await expect(answer).resolves.toEqual({ accepted: false, notice });
    expect(client.state.notice).toEqual(notice);
    expect(client.state.pending.size).toBe(0);

    void client.generate('a fox');
    expect(client.state.notice).toEqual(notice);
    socket.say({ type: 'ack', commandId: 'command-2', revision: 1 });
    expect('notice' in client.state).toBe(false);
  },
);

test('an answer to no command of ours changes nothing', () => {
  const { client, socket } = joinedClient();
  void client.generate('a fox');
  const before = client.state;
  socket.say({ type: 'ack', commandId: 'another', revision: 1 });
  reject(socket, 'another');
  expect(client.state).toBe(before);
});

test('M2: a second click while the first waits does nothing twice, and gets the same answer', async () => {
  const { client, socket } = joinedClient();
  const one = client.generate('a fox');
  const other = client.generate('a fox');
  expect(socket.sentOf('generate')).toHaveLength(1);
  socket.say({ type: 'ack', commandId: 'command-1', revision: 1 });
  await expect(other).resolves.toEqual(await one);
  void client.generate('a fox');
  expect(socket.sentOf('generate').map(({ commandId }) => commandId)).toEqual(['command-1', 'command-2']);
});

test('M2: discarding two images is two commands, and discarding one of them twice is one', async () => {
  const { client, socket } = joinedClient(userFeedback([picture]));
  const one = client.discard('image-1');
  const two = client.discard('image-2');
  const again = client.discard('image-1');
  void client.restore('image-1');
  expect(socket.sent.slice(1)).toMatchObject([
    { type: 'discard', imageId: 'image-1', turn: 2 },
    { type: 'discard', imageId: 'image-2', turn: 2 },
    { type: 'restore', imageId: 'image-1', turn: 2 },
  ]);
  socket.say({ type: 'ack', commandId: 'command-1', revision: 3 });
  socket.say({ type: 'ack', commandId: 'command-2', revision: 4 });
  expect([await one, await two, await again]).toMatchObject([{ revision: 3 }, { revision: 4 }, { revision: 3 }]);
});

test('a cancel says why, in the words that were written; a blank reason is none', () => {
  const { client, socket, page } = joinedClient(generating('generation-1'));
  void client.cancel(' Too dark.');
  expect(socket.sentOf('cancel')).toMatchObject([{ reason: ' Too dark.' }]);
  socket.say({ type: 'ack', commandId: 'command-1', revision: 3 });
  void client.cancel(' ');
  expect(page.socket.sentOf('cancel')[1]).not.toHaveProperty('reason');
});

test('M7: what is unanswered is sent again after the join’s snapshot, in order, with the same id and turn', async () => {
  const { client, page, socket } = joinedClient(userFeedback([picture], { turn: 2 }));
  const regenerated = client.regenerate();
  const approved = client.approve(picture);
  const cancelled = client.cancel();
  socket.say({ type: 'ack', commandId: 'command-2', revision: 3 });
  const again = rejoin(page, userFeedback([picture], { turn: 5 }));
  expect(again.sent.slice(1)).toMatchObject([
    { type: 'regenerate', commandId: 'command-1', turn: 2 },
    { type: 'cancel', commandId: 'command-3', turn: 2 },
  ]);
  again.say({ type: 'ack', commandId: 'command-1', revision: 4 });
  reject(again, 'command-3', { code: 'stale' });
  await expect(approved).resolves.toMatchObject({ accepted: true });
  await expect(regenerated).resolves.toMatchObject({ accepted: true });
  await expect(cancelled).resolves.toMatchObject({ accepted: false });
});

test('a command given while the line is lost waits for it', () => {
  const { client, page, socket } = joinedClient(userFeedback([picture], { turn: 2 }));
  socket.closedByServer(1006);
  void client.startOver();
  expect([...client.state.pending]).toEqual(['start_over']);
  page.pass(1_000);
  const again = answerJoin(page, userFeedback([picture], { turn: 2 }));
  expect(again.sentOf('start_over')).toMatchObject([{ commandId: 'command-1', turn: 2 }]);
});

test.each([
  [1001, 'closed'],
  [1008, 'closed'],
  [4403, 'not_allowed'],
  [4404, 'session_not_found'],
])('no command hangs: close code %i answers what is pending, and all that follows, as %s', async (closeCode, code) => {
  const { client, socket } = joinedClient(userFeedback([picture]));
  const before = [client.regenerate(), client.approve(picture)];
  socket.closedByServer(closeCode);
  const answers = await Promise.all([...before, client.cancel()]);
  expect(answers.map((answer) => !answer.accepted && answer.notice)).toMatchObject([
    { command: 'regenerate', code },
    { command: 'approve', code },
    { command: 'cancel', code },
  ]);
  expect(client.state.pending.size).toBe(0);
  expect(client.state.notice).toMatchObject({ command: 'cancel', code });
});

test('no command hangs: close answers what is pending', async () => {
  const { client } = joinedClient();
  const answer = client.generate('a fox');
  client.close();
  await expect(answer).resolves.toMatchObject({ accepted: false, notice: { command: 'generate', code: 'closed' } });
  await expect(client.generate('a fox')).resolves.toMatchObject({ accepted: false });
});

test('a command over the size of a message is refused here, since sending it would end the connection', async () => {
  const { client, socket } = joinedClient();
  const answer = client.generate('é'.repeat(33_000));
  await expect(answer).resolves.toMatchObject({ accepted: false, notice: { code: 'prompt_too_long' } });
  expect(socket.sentOf('generate')).toEqual([]);
  expect(client.state.pending.size).toBe(0);
});

test('nothing happens after close, whatever still arrives', async () => {
  const { client, socket } = joinedClient(generating('generation-1'));
  socket.say(image('image-1'));
  client.close();
  const { state } = client;
  socket.say(userFeedback([picture]));
  await settled();
  expect(client.state).toBe(state);
});

test('a command id is fresh and unguessable where the page is no secure context too', () => {
  const getRandomValues = crypto.getRandomValues.bind(crypto);
  const ids = new Set(Array.from({ length: 100 }, () => randomId({ getRandomValues })));
  expect(ids.size).toBe(100);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
  expect(randomId({ randomUUID: () => 'a-uuid', getRandomValues })).toBe('a-uuid');
});

test('base64 is decoded to the same bytes with and without the browser’s own decoder', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
  const text = Buffer.from(bytes).toString('base64');
  expect(decodeBase64(text)).toEqual(bytes);
  expect(decodeBase64(text, (base64) => Uint8Array.from(Buffer.from(base64, 'base64')))).toEqual(bytes);
  expect(decodeBase64('***')).toBeUndefined();
});
