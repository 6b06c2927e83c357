/** The shared text of the prompt field, in the session client. */
import { describe, expect, test } from 'vitest';
import type { FakeEnvironment, FakeSocket } from '../../../support/client-environment.ts';
import { answerJoin, joinedClient, newClient, rejoin } from '../../../support/joined-client.ts';
import {
  generating,
  image,
  initialInput,
  lastAction,
  limits,
  referenceOf,
  userFeedback,
} from '../../../support/server-messages.ts';

const picture = referenceOf(image('image-1'));
const reviewing = userFeedback([picture], { draft: 'a fox' });

const drafts = (socket: FakeSocket) => socket.sentOf('draft').map(({ text }) => text);
const typedElsewhere = (socket: FakeSocket, text: string) =>
  socket.say({ type: 'draft', text, by: 'Ana', participantId: 'participant-2' });

/** The server has set a text of this client's: the last one that was sent, or another. */
function confirm(socket: FakeSocket, index = -1): void {
  const sent = socket.sentOf('draft').at(index);
  if (!sent) throw new Error('No draft was sent.');
  socket.say({ ...sent, by: 'Reviewer 1', participantId: 'participant-1' });
}

/** With heartbeats, so that the connection is kept. */
function passQuietly(page: FakeEnvironment, socket: FakeSocket, seconds: number): void {
  for (let i = 0; i < seconds; i += 1) {
    page.pass(1_000);
    socket.say({ type: 'heartbeat' });
  }
}

/** Somebody else's prompt has become the draft. */
const promptElsewhere = (text: string) =>
  generating('generation-1', { draft: text, draftRevision: 1, lastAction: lastAction('generate') });
/** The same, and cancelled within the same snapshot. */
const cancelledElsewhere = (text: string) =>
  initialInput({ draft: text, draftRevision: 1, turn: 2, lastAction: lastAction('cancel') });

describe('sending', () => {
  test('a text is in the state at once, and sent at the rate that the server takes, the last of several', () => {
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

  test('S4: a long text is sent less often, so that a thin line carries it', () => {
    const { client, page, socket } = joinedClient();
    client.setDraft('x'.repeat(limits.PROMPT_CHARACTERS));
    client.setDraft('x'.repeat(limits.PROMPT_CHARACTERS - 1));
    page.pass(limits.PROMPT_CHARACTERS / 32 - 1);
    expect(drafts(socket)).toHaveLength(1);
    page.pass(1);
    expect(drafts(socket)).toHaveLength(2);
  });

  test('a text over the limit is not sent until it is short enough', () => {
    const { client, page, socket } = joinedClient();
    client.setDraft('x'.repeat(limits.PROMPT_CHARACTERS + 1));
    page.pass(1_000);
    expect(drafts(socket)).toEqual([]);
    client.setDraft('x'.repeat(limits.PROMPT_CHARACTERS));
    expect(drafts(socket)).toHaveLength(1);
  });

  test('unsentDraft is the text until the server has set it: in flight, too long, or without a connection', () => {
    const { client, page, socket } = joinedClient();
    expect(client.state).not.toHaveProperty('unsentDraft');
    client.setDraft('a fox');
    expect(client.state.unsentDraft).toBe('a fox');
    confirm(socket);
    expect(client.state).not.toHaveProperty('unsentDraft');
    const long = 'x'.repeat(limits.PROMPT_CHARACTERS + 1);
    client.setDraft(long);
    page.pass(1_000);
    expect(client.state.unsentDraft).toBe(long);
    socket.closedByServer(1006);
    client.setDraft('a red fox');
    expect(client.state.unsentDraft).toBe('a red fox');
    page.pass(1_000);
    const again = answerJoin(page, initialInput({ draft: 'a fox' }));
    expect(client.state.unsentDraft).toBe('a red fox');
    confirm(again);
    expect(client.state).not.toHaveProperty('unsentDraft');
  });

  test('W5: a watcher sends no drafts, and gets those of the others', () => {
    const { client, page } = newClient({ sessionId: 'session-1' });
    const socket = answerJoin(page, initialInput(), { role: 'watcher' });
    client.setDraft('typed by a watcher');
    typedElsewhere(socket, 'a fox');
    page.pass(1_000);
    expect(drafts(socket)).toEqual([]);
    expect(client.state.draft).toBe('a fox');
  });

  test('typed text is sent before a command that follows it, and before close', () => {
    const { client, socket } = joinedClient();
    client.setDraft('a');
    client.setDraft('a fox');
    void client.generate('a fox');
    client.setDraft('a red fox');
    client.close();
    expect(socket.sent.slice(1).map(({ type }) => type)).toEqual(['draft', 'draft', 'generate', 'draft']);
    expect(drafts(socket)).toEqual(['a', 'a fox', 'a red fox']);
  });

  test('W9: a draft changes no snapshot', () => {
    const { client, socket } = joinedClient();
    const before = client.state.snapshot;
    client.setDraft('a fox');
    typedElsewhere(socket, 'a red fox');
    expect(client.state.snapshot).toBe(before);
  });
});

describe('the focus', () => {
  test('W8: without the focus, the text of others replaces the draft', () => {
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
    ['a prompt from another tab', (socket: FakeSocket) => socket.say(promptElsewhere('theirs'))],
  ])('W8: with the focus, %s does not replace what was typed', (_what, act) => {
    const { client, socket } = joinedClient();
    client.setDraftFocus(true);
    client.setDraft('mine');
    confirm(socket);
    act(socket);
    expect(client.state.draft).toBe('mine');
  });

  test('W8: when the focus goes and nothing was typed, the latest text of others is taken', () => {
    const { client, socket } = joinedClient(initialInput({ draft: 'at first' }));
    client.setDraftFocus(true);
    typedElsewhere(socket, 'theirs');
    typedElsewhere(socket, 'theirs, later');
    expect(client.state.draft).toBe('at first');
    client.setDraftFocus(false);
    expect(client.state.draft).toBe('theirs, later');
  });

  test('W8: when the focus goes after typing, the typed text stays and is sent again', () => {
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

  test('W8: what was typed during an earlier focus does not count during a later one', () => {
    const { client, socket } = joinedClient(initialInput({ draft: 'at first' }));
    client.setDraftFocus(true);
    client.setDraft('mine');
    client.setDraftFocus(false);
    client.setDraftFocus(true);
    client.setDraftFocus(false);
    expect(client.state.draft).toBe('mine');
    confirm(socket);
    client.setDraftFocus(true);
    typedElsewhere(socket, 'theirs');
    client.setDraftFocus(false);
    expect(client.state.draft).toBe('theirs');
    expect(drafts(socket)).toEqual(['mine']);
  });
});

describe('a text in flight', () => {
  test.each([
    ['another tab', (socket: FakeSocket) => typedElsewhere(socket, 'theirs')],
    ['a snapshot', (socket: FakeSocket) => socket.say(generating('generation-1', { draft: 'theirs' }))],
    ['the echo of an older draft', (socket: FakeSocket) => socket.say(initialInput({ turn: 1 }))],
    ['a prompt from another tab', (socket: FakeSocket) => socket.say(promptElsewhere('theirs'))],
  ])('W8: is not replaced by %s that the server set before it, but by what is set after it', (_what, act) => {
    const { client, socket } = joinedClient();
    client.setDraft('mine');
    act(socket);
    expect(client.state.draft).toBe('mine');
    confirm(socket);
    expect(client.state.draft).toBe('mine');
    typedElsewhere(socket, 'theirs');
    expect(client.state.draft).toBe('theirs');
  });

  test('W8: is confirmed only by its own id, not by that of an earlier text', () => {
    const { client, page, socket } = joinedClient();
    client.setDraft('first');
    page.pass(100);
    client.setDraft('second');
    confirm(socket, 0);
    typedElsewhere(socket, 'theirs');
    expect(client.state.draft).toBe('second');
    confirm(socket);
    confirm(socket, 0);
    expect(client.state.draft).toBe('second');
    expect(drafts(socket)).toEqual(['first', 'second']);
  });

  test('a text that waits for the rate is not replaced by one that it will follow', () => {
    const { client, page, socket } = joinedClient();
    client.setDraft('a');
    confirm(socket);
    client.setDraft('mine');
    typedElsewhere(socket, 'theirs');
    expect(client.state.draft).toBe('mine');
    page.pass(100);
    expect(drafts(socket)).toEqual(['a', 'mine']);
  });
});

describe('commands that set the draft', () => {
  /** A text has been typed and waits for the rate. */
  function typing() {
    const played = joinedClient();
    played.client.setDraft('a');
    confirm(played.socket);
    played.client.setDraft('mine');
    return played;
  }

  test('a prompt of another tab is taken, even when the server has said the same before', () => {
    const { client, socket } = joinedClient(initialInput({ draft: 'at first' }));
    client.setDraft('mine');
    confirm(socket);
    socket.say(promptElsewhere('at first'));
    expect(client.state.draft).toBe('at first');
  });

  test.each([
    ['a prompt of another tab', promptElsewhere('theirs')],
    ['a prompt of another tab that was cancelled within the same snapshot', cancelledElsewhere('theirs')],
  ])(
    '%s is not overwritten by text typed before it, which stays in the field until the person types on',
    (_what, snapshot) => {
      const { client, page, socket } = typing();
      socket.say(snapshot);
      page.pass(1_000);
      expect(client.state.draft).toBe('mine');
      expect(drafts(socket)).toEqual(['a']);
      client.setDraft('mine, too');
      expect(drafts(socket)).toEqual(['a', 'mine, too']);
    },
  );

  test('a prompt of another tab is not overwritten by text typed before a reconnect', () => {
    const { client, page } = typing();
    const again = rejoin(page, cancelledElsewhere('theirs'));
    expect(client.state.draft).toBe('mine');
    expect(drafts(again)).toEqual([]);
    client.setDraft('mine, too');
    expect(drafts(again)).toEqual(['mine, too']);
  });

  test('R1: text that stays in the field after a prompt of another tab is still unsent, with the revision before it', () => {
    const { client, socket } = joinedClient();
    client.setDraftFocus(true);
    client.setDraft('mine');
    confirm(socket);
    expect(client.state).not.toHaveProperty('unsentDraft');
    socket.say(promptElsewhere('theirs'));
    client.setDraftFocus(false);
    expect(client.state).toMatchObject({ draft: 'mine', unsentDraft: 'mine', unsentDraftRevision: 0 });
    typedElsewhere(socket, 'theirs, later');
    expect(client.state.draft).toBe('theirs, later');
    expect(client.state).not.toHaveProperty('unsentDraft');
  });

  test('text of others that stays in a field with the focus is not unsent', () => {
    const { client, socket } = joinedClient(initialInput({ draft: 'at first' }));
    client.setDraftFocus(true);
    socket.say(promptElsewhere('theirs'));
    expect(client.state.draft).toBe('at first');
    expect(client.state).not.toHaveProperty('unsentDraft');
  });

  test.each([
    ['is not sent over the prompt of a later command, until the person types on', 0, []],
    ['is sent where no command has followed', 1, ['mine']],
  ])('R1: text that was kept through a reload %s', (_what, draftRevision, sent) => {
    const { client, page, socket } = joinedClient(promptElsewhere('theirs'));
    client.setDraft('mine', draftRevision);
    expect(client.state).toMatchObject({ draft: 'mine', unsentDraft: 'mine', unsentDraftRevision: draftRevision });
    page.pass(1_000);
    expect(drafts(socket)).toEqual(sent);
    client.setDraft('mine, too');
    expect(client.state.unsentDraftRevision).toBe(1);
    expect(drafts(socket)).toEqual([...sent, 'mine, too']);
  });

  test('a regenerate without a prompt leaves text that is still to be sent alone', () => {
    const { client, page, socket } = typing();
    socket.say(generating('generation-1', { draft: 'a', lastAction: lastAction('regenerate') }));
    expect(client.state).toMatchObject({ draft: 'mine', unsentDraft: 'mine' });
    page.pass(100);
    expect(drafts(socket)).toEqual(['a', 'mine']);
  });

  test('a text typed before the first join is sent, whatever the draft revision of the session', () => {
    const { client, page } = newClient({ sessionId: 'session-1', sessionKey: 'key-1' });
    client.setDraft('mine');
    expect(drafts(answerJoin(page, promptElsewhere('theirs')))).toEqual(['mine']);
  });

  test('a start over in another tab leaves what is being typed in this field, and sends it nowhere', () => {
    const { client, page, socket } = joinedClient(reviewing);
    client.setDraftFocus(true);
    client.setDraft('a fox, but red');
    confirm(socket);
    page.pass(1_000);
    socket.say(initialInput({ draft: '', draftRevision: 1, lastAction: lastAction('start_over') }));
    client.setDraftFocus(false);
    page.pass(1_000);
    expect(client.state.draft).toBe('a fox, but red');
    expect(drafts(socket)).toEqual(['a fox, but red']);
  });

  test.each([
    ['empties the field, focus or not', undefined, ''],
    ['leaves what is typed after it', 'next', 'next'],
  ])('a start over in this tab %s', (_what, typedOn, left) => {
    const { client, socket } = joinedClient(reviewing);
    client.setDraftFocus(true);
    client.setDraft('a fox, but red');
    void client.startOver();
    confirm(socket);
    if (typedOn !== undefined) client.setDraft(typedOn);
    socket.say(initialInput({ draft: '', draftRevision: 1, lastAction: lastAction('start_over') }));
    socket.say({ type: 'ack', commandId: 'command-1', revision: 3 });
    expect(client.state.draft).toBe(left);
  });

  test('W8: what was typed before a start over does not count when the focus goes after it', () => {
    const { client, socket } = joinedClient(reviewing);
    client.setDraftFocus(true);
    client.setDraft('a fox, but red');
    void client.startOver();
    confirm(socket);
    socket.say(initialInput({ draft: '', draftRevision: 1 }), { type: 'ack', commandId: 'command-1', revision: 3 });
    typedElsewhere(socket, 'theirs');
    client.setDraftFocus(false);
    expect(client.state.draft).toBe('theirs');
  });

  test('a text typed before a start over is not sent after it, unless the start over is rejected', () => {
    const { client, page, socket } = joinedClient(reviewing);
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

  test('a text typed before a start over is not sent by the command after that one', () => {
    const { client, page, socket } = joinedClient(reviewing);
    socket.closedByServer(1006);
    client.setDraft('mine');
    void client.startOver();
    page.pass(10_000);
    const again = answerJoin(page, reviewing);
    void client.regenerate();
    expect(again.sentOf('start_over')).toHaveLength(1);
    expect(drafts(again)).toEqual([]);
  });
});

describe('across connections', () => {
  test.each([
    ['before it could be sent', 0],
    ['just after it was sent', 1_000],
  ])('R1: a text that was typed %s is sent again after a reconnect', (_when, ms) => {
    const { client, page } = joinedClient(initialInput({ draft: 'at first' }));
    client.setDraft('a');
    client.setDraft('a fox');
    page.pass(ms);
    const again = rejoin(page, initialInput({ draft: 'at first' }));
    expect(client.state.draft).toBe('a fox');
    expect(drafts(again)).toEqual(['a fox']);
  });

  test('R1: a text that is typed without a connection is sent after the reconnect', () => {
    const { client, page, socket } = joinedClient();
    socket.closedByServer(1006);
    client.setDraft('a');
    client.setDraft('a fox');
    page.pass(1_000);
    expect(drafts(answerJoin(page))).toEqual(['a fox']);
  });

  test('R1: a text that was typed into a dead connection, on a page that was then hidden, is sent again', () => {
    const { client, page } = joinedClient();
    client.setDraft('a fox');
    page.hidden = true;
    page.pass(3_600_000);
    page.wake();
    const again = answerJoin(page, initialInput({ draft: '' }));
    expect(client.state.draft).toBe('a fox');
    expect(drafts(again)).toEqual(['a fox']);
  });

  test('a text that the server has set is not sent again, and gives way to what others typed since', () => {
    const { client, page } = joinedClient();
    client.setDraft('mine');
    const again = rejoin(page, initialInput({ draft: 'mine' }));
    expect(drafts(again)).toEqual([]);
    typedElsewhere(again, 'theirs');
    client.setDraft('mine, too');
    confirm(again);
    expect(drafts(rejoin(page, initialInput({ draft: 'theirs, later' })))).toEqual([]);
    expect(client.state.draft).toBe('theirs, later');
  });
});
