import { expect, test } from 'vitest';
import type { SnapshotMessage } from '../../shared/protocol.ts';
import type { FakeEnvironment, FakeSocket } from '../support/client-environment.ts';
import { answerJoin, joinedClient, newClient, rejoin } from '../support/joined-client.ts';
import { generating, image, initialInput, limits, referenceOf, userFeedback } from '../support/server-messages.ts';

const drafts = (socket: FakeSocket) => socket.sentOf('draft').map(({ text }) => text);
const typedElsewhere = (socket: FakeSocket, text: string) => socket.say({ type: 'draft', text, by: 'Ana' });

/** The server has set a text of ours: the last one sent unless told. */
function confirm(socket: FakeSocket, index = -1): void {
  const sent = socket.sentOf('draft').at(index);
  if (!sent) throw new Error('No draft was sent.');
  socket.say({ ...sent, by: 'Reviewer 1' });
}

/** Heartbeats go on, so that the line lives. */
function passQuietly(page: FakeEnvironment, socket: FakeSocket, seconds: number): void {
  for (let i = 0; i < seconds; i += 1) {
    page.pass(1_000);
    socket.say({ type: 'heartbeat' });
  }
}

function accepted(action: 'generate' | 'start_over' | 'cancel', at = '2026-01-01T00:00:01.000Z') {
  return { action, by: 'Ana', connectionId: 'connection-2', at };
}

test('a draft is on show at once, and sent at most as often as the server takes it, the last text of several', () => {
  const { client, page, socket } = joinedClient();
  client.setDraft('a');
  client.setDraft('a f');
  client.setDraft('a fo');
  expect(client.state.draft).toBe('a fo');
  expect(drafts(socket)).toEqual(['a']);
  page.pass(99);
  client.setDraft('a fox');
  expect(drafts(socket)).toEqual(['a']);
  page.pass(1);
  expect(drafts(socket)).toEqual(['a', 'a fox']);
  passQuietly(page, socket, 10);
  expect(drafts(socket)).toEqual(['a', 'a fox']);
});

test('a draft over the limit stays here until it is short enough', () => {
  const { client, page, socket } = joinedClient();
  client.setDraft('x'.repeat(limits.PROMPT_CHARACTERS + 1));
  page.pass(1_000);
  expect(drafts(socket)).toEqual([]);
  client.setDraft('x'.repeat(limits.PROMPT_CHARACTERS));
  expect(drafts(socket)).toHaveLength(1);
});

test('a text is unsent until the server is known to have it: on its way, too long, or with the line down', () => {
  const { client, page, socket } = joinedClient();
  expect(client.state.unsentDraft).toBeUndefined();
  client.setDraft('a fox');
  expect(client.state.unsentDraft).toBe('a fox');
  confirm(socket);
  expect(client.state.unsentDraft).toBeUndefined();
  const long = 'x'.repeat(limits.PROMPT_CHARACTERS + 1);
  client.setDraft(long);
  page.pass(1_000);
  expect(client.state.unsentDraft).toBe(long);
  page.wake();
  client.setDraft('a red fox');
  expect(client.state.unsentDraft).toBe('a red fox');
  const again = answerJoin(page, initialInput({ draft: 'a fox' }));
  expect(client.state.unsentDraft).toBe('a red fox');
  confirm(again);
  expect(client.state.unsentDraft).toBeUndefined();
  typedElsewhere(again, 'theirs');
  expect(client.state.unsentDraft).toBeUndefined();
});

test('W5: a watcher sends no drafts, and follows those of the others', () => {
  const { client, page } = newClient({ sessionId: 'session-1' });
  const socket = answerJoin(page, initialInput(), { role: 'watcher' });
  client.setDraft('typed by a watcher');
  typedElsewhere(socket, 'a fox');
  page.pass(1_000);
  expect(drafts(socket)).toEqual([]);
  expect(client.state.draft).toBe('a fox');
});

test('typed text goes out before the command that follows it', () => {
  const { client, socket } = joinedClient();
  client.setDraft('a');
  client.setDraft('a fox');
  void client.generate('a fox');
  expect(socket.sent.slice(1).map(({ type }) => type)).toEqual(['draft', 'draft', 'generate']);
});

test('W8: without the focus, the draft follows the others and the snapshots', () => {
  const { client, socket } = joinedClient(initialInput({ draft: 'at first' }));
  expect(client.state.draft).toBe('at first');
  typedElsewhere(socket, 'a fox');
  expect(client.state.draft).toBe('a fox');
  socket.say(generating('generation-1', { draft: 'a red fox' }));
  expect(client.state.draft).toBe('a red fox');
});

test.each([
  ['another tab', (socket: FakeSocket) => typedElsewhere(socket, 'theirs')],
  ['a snapshot', (socket: FakeSocket) => socket.say(generating('generation-1', { draft: 'theirs' }))],
])('W8: while the field has the focus, %s does not overwrite what is typed there', (_what, speak) => {
  const { client, socket } = joinedClient();
  client.setDraftFocus(true);
  client.setDraft('mine');
  confirm(socket);
  speak(socket);
  expect(client.state.draft).toBe('mine');
});

test('W8: when the focus goes and nothing was typed, the latest text from elsewhere is taken', () => {
  const { client, socket } = joinedClient(initialInput({ draft: 'at first' }));
  client.setDraftFocus(true);
  typedElsewhere(socket, 'theirs');
  typedElsewhere(socket, 'theirs, later');
  expect(client.state.draft).toBe('at first');
  client.setDraftFocus(false);
  expect(client.state.draft).toBe('theirs, later');
});

test('W8: when the focus goes after typing, the typed text stays, and becomes everybody’s again', () => {
  const { client, page, socket } = joinedClient();
  client.setDraftFocus(true);
  client.setDraft('mine');
  confirm(socket);
  page.pass(1_000);
  typedElsewhere(socket, 'theirs');
  client.setDraftFocus(false);
  expect(client.state.draft).toBe('mine');
  expect(drafts(socket)).toEqual(['mine', 'mine']);
});

test('W8: coming and going without typing never brings an older text back', () => {
  const { client, socket } = joinedClient(initialInput({ draft: 'at first' }));
  client.setDraftFocus(true);
  client.setDraft('mine');
  client.setDraftFocus(false);
  client.setDraftFocus(true);
  client.setDraftFocus(false);
  expect(client.state.draft).toBe('mine');
  expect(drafts(socket)).toEqual(['mine']);
});

test('W8: what was typed on an earlier visit to the field does not count as typed on this one', () => {
  const { client, socket } = joinedClient();
  client.setDraftFocus(true);
  client.setDraft('mine');
  client.setDraftFocus(false);
  confirm(socket);
  client.setDraftFocus(true);
  typedElsewhere(socket, 'theirs');
  client.setDraftFocus(false);
  expect(client.state.draft).toBe('theirs');
});

test('W8: the echo of an older text in a snapshot does not undo a newer one on its way', () => {
  const { client, socket } = joinedClient(generating('generation-1', { draft: 'at first' }));
  client.setDraft('newer');
  socket.say(initialInput({ draft: 'at first', lastAction: accepted('cancel') }));
  expect(client.state.draft).toBe('newer');
});

test.each([
  ['another tab', (socket: FakeSocket) => typedElsewhere(socket, 'theirs')],
  ['a snapshot', (socket: FakeSocket) => socket.say(generating('generation-1', { draft: 'theirs' }))],
  [
    'a prompt accepted in another tab',
    (socket: FakeSocket) =>
      socket.say(generating('generation-1', { draft: 'theirs', lastAction: accepted('generate') })),
  ],
])('W8: what %s said before our text was set does not replace it, and what it says after it does', (_what, speak) => {
  const { client, socket } = joinedClient();
  client.setDraft('mine');
  speak(socket);
  expect(client.state.draft).toBe('mine');
  confirm(socket);
  expect(client.state.draft).toBe('mine');
  typedElsewhere(socket, 'theirs');
  expect(client.state.draft).toBe('theirs');
});

test('W8: what was set between two texts of ours does not stay, although the first of them has arrived', () => {
  const { client, page, socket } = joinedClient();
  client.setDraft('first');
  page.pass(100);
  client.setDraft('second');
  confirm(socket, 0);
  typedElsewhere(socket, 'theirs');
  expect(client.state.draft).toBe('second');
  confirm(socket);
  expect(client.state.draft).toBe('second');
  expect(drafts(socket)).toEqual(['first', 'second']);
});

test('W8: an answer about an older text of ours does not bring it back', () => {
  const { client, page, socket } = joinedClient();
  client.setDraft('first');
  page.pass(100);
  client.setDraft('second');
  confirm(socket);
  confirm(socket, 0);
  expect(client.state.draft).toBe('second');
});

test('a text about to be sent is not overwritten by one that it will follow', () => {
  const { client, page, socket } = joinedClient();
  client.setDraft('a');
  client.setDraft('mine');
  typedElsewhere(socket, 'theirs');
  expect(client.state.draft).toBe('mine');
  page.pass(100);
  expect(drafts(socket)).toEqual(['a', 'mine']);
});

test('a prompt accepted in another tab sets the draft here, even to what the server said before', () => {
  const { client, socket } = joinedClient(initialInput({ draft: 'at first' }));
  client.setDraft('mine');
  confirm(socket);
  socket.say(generating('generation-1', { draft: 'at first', lastAction: accepted('generate') }));
  expect(client.state.draft).toBe('at first');
});

test('a start over in another tab leaves what is being typed here in the field, and nowhere else', () => {
  const picture = referenceOf(image('image-1'));
  const { client, page, socket } = joinedClient(userFeedback([picture], { draft: 'a fox' }));
  client.setDraftFocus(true);
  client.setDraft('a fox, but red');
  confirm(socket);
  page.pass(1_000);
  socket.say(initialInput({ draft: '', lastAction: accepted('start_over') }));
  client.setDraftFocus(false);
  page.pass(1_000);
  expect(client.state.draft).toBe('a fox, but red');
  expect(drafts(socket)).toEqual(['a fox, but red']);
  client.setDraft('a fox, but redder');
  expect(drafts(socket)).toEqual(['a fox, but red', 'a fox, but redder']);
});

test('start over in this tab empties the field even while it has the focus, unless somebody types on', () => {
  const picture = referenceOf(image('image-1'));
  const play = (typeOn: boolean): string => {
    const { client, socket } = joinedClient(userFeedback([picture], { draft: 'a fox' }));
    client.setDraftFocus(true);
    client.setDraft('a fox, but red');
    void client.startOver();
    confirm(socket);
    if (typeOn) client.setDraft('next');
    socket.say(initialInput({ draft: '', lastAction: accepted('start_over') }));
    socket.say({ type: 'ack', commandId: 'command-1', revision: 3 });
    return client.state.draft;
  };
  expect(play(false)).toBe('');
  expect(play(true)).toBe('next');
});

test('while a start over waits for its answer, a text typed before it is not sent after it, unless it is refused', () => {
  const picture = referenceOf(image('image-1'));
  const { client, page, socket } = joinedClient(userFeedback([picture], { draft: 'a fox' }));
  client.setDraftFocus(true);
  client.setDraft('mine');
  void client.startOver();
  confirm(socket);
  typedElsewhere(socket, 'theirs');
  client.setDraftFocus(false);
  page.pass(1_000);
  expect(drafts(socket)).toEqual(['mine']);
  socket.say({ type: 'reject', commandId: 'command-1', code: 'stale', message: 'Too late.' });
  expect(client.state.draft).toBe('mine');
  expect(drafts(socket)).toEqual(['mine', 'mine']);
});

test.each([
  ['before it could be sent', 0],
  ['just after it was sent', 1_000],
])('R1: text typed %s is not lost with the line, but sent again', (_when, ms) => {
  const { client, page } = joinedClient(initialInput({ draft: 'at first' }));
  client.setDraft('a');
  client.setDraft('a fox');
  page.pass(ms);
  const again = rejoin(page, initialInput({ draft: 'at first' }));
  expect(client.state.draft).toBe('a fox');
  expect(drafts(again)).toEqual(['a fox']);
});

test('a text typed before a start over is not sent behind it with another command', () => {
  const reviewed = userFeedback([referenceOf(image('image-1'))]);
  const { client, page, socket } = joinedClient(reviewed);
  socket.closedByServer(1006);
  client.setDraft('a fox');
  void client.startOver();
  page.pass(10_000);
  const back = answerJoin(page, reviewed);
  void client.regenerate();
  expect(back.sentOf('start_over')).toHaveLength(1);
  expect(drafts(back)).toEqual([]);
});

test('R1: text typed while the line is lost is sent when it is back', () => {
  const { client, page, socket } = joinedClient();
  socket.closedByServer(1006);
  client.setDraft('a');
  client.setDraft('a fox');
  expect(client.state.draft).toBe('a fox');
  page.pass(1_000);
  expect(drafts(answerJoin(page))).toEqual(['a fox']);
});

test('R1: text typed into a line that was dead already, on a page then hidden, is not lost', () => {
  const { client, page } = joinedClient();
  client.setDraft('a fox');
  page.hidden = true;
  page.pass(3_600_000);
  page.wake();
  const again = answerJoin(page, initialInput({ draft: '' }));
  expect(client.state.draft).toBe('a fox');
  expect(drafts(again)).toEqual(['a fox']);
});

test('after a reconnect, what the server has already is not sent again', () => {
  const { client, page } = joinedClient();
  client.setDraft('a fox');
  const again = rejoin(page, initialInput({ draft: 'a fox' }));
  expect(drafts(again)).toEqual([]);
  typedElsewhere(again, 'theirs');
  expect(drafts(rejoin(page, initialInput({ draft: 'theirs, later' })))).toEqual([]);
  expect(client.state.draft).toBe('theirs, later');
});

test('after a reconnect, text that the server has set does not overwrite what others typed since', () => {
  const { client, page, socket } = joinedClient();
  client.setDraft('mine');
  confirm(socket);
  const again = rejoin(page, initialInput({ draft: 'theirs' }));
  expect(client.state.draft).toBe('theirs');
  expect(drafts(again)).toEqual([]);
});

test('what was typed last is sent before the client is closed', () => {
  const { client, socket } = joinedClient();
  client.setDraft('a');
  client.setDraft('a fox');
  client.close();
  expect(drafts(socket)).toEqual(['a', 'a fox']);
});

test('W9: a draft changes no snapshot', () => {
  const { client, socket } = joinedClient();
  const before: SnapshotMessage | undefined = client.state.snapshot;
  client.setDraft('a fox');
  typedElsewhere(socket, 'a red fox');
  expect(client.state.snapshot).toBe(before);
});
