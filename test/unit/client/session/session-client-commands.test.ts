/** Commands of the session client: each is sent until it is answered, and answered once. */
import { describe, expect, test } from 'vitest';
import { isPending } from '../../../../client/session/session-state.ts';
import type { Command, RejectMessage } from '../../../../shared/protocol.ts';
import { type FakeSocket, settled } from '../../../support/client-environment.ts';
import { answerJoin, joinedClient, rejoin } from '../../../support/joined-client.ts';
import {
  generating,
  image,
  initialInput,
  lastAction,
  referenceOf,
  userFeedback,
} from '../../../support/server-messages.ts';

const [one, two] = [referenceOf(image('image-1')), referenceOf(image('image-2'))];
const reviewing = userFeedback([one, two], { turn: 7 });

const accept = (socket: FakeSocket, number: number) =>
  socket.say({ type: 'ack', commandId: `command-${number}`, revision: number });
const reject = (socket: FakeSocket, number: number, change: Partial<RejectMessage> = {}) =>
  socket.say({ type: 'reject', commandId: `command-${number}`, code: 'stale', message: 'Too late.', ...change });

describe('what is sent', () => {
  test('M3, M10: every command has a fresh id and the turn on show; decisions have id and digest', () => {
    const { client, socket } = joinedClient(reviewing);
    void client.generate('a fox', { quality: 'low' });
    void client.regenerate({ imageId: 'image-1' });
    void client.refine('image-1', 'redder', { size: 'auto' });
    void client.approve(one);
    void client.approve(one, 'At last.');
    void client.approve(two, ' ');
    void client.requestChanges(one, 'darker');
    void client.decline(two, 'none of these');
    void client.withdraw('decision-1');
    void client.requireApprovals(2);
    void client.remove(['image-1', 'image-2']);
    void client.cancel(' Too dark.');
    void client.cancel(' ');
    void client.discard('image-1');
    void client.restore('image-1');
    void client.startOver();
    const sent = [
      { type: 'generate', prompt: 'a fox', options: { quality: 'low' } },
      { type: 'regenerate', imageId: 'image-1' },
      { type: 'refine', imageId: 'image-1', feedback: 'redder', options: { size: 'auto' } },
      { type: 'approve', imageId: 'image-1', sha256: one.sha256 },
      { type: 'approve', imageId: 'image-1', sha256: one.sha256, note: 'At last.' },
      { type: 'approve', imageId: 'image-2', sha256: two.sha256 },
      { type: 'request_changes', imageId: 'image-1', sha256: one.sha256, note: 'darker' },
      { type: 'decline', imageId: 'image-2', sha256: two.sha256, note: 'none of these' },
      { type: 'withdraw', decisionId: 'decision-1' },
      { type: 'require_approvals', approvals: 2 },
      { type: 'remove', imageIds: ['image-1', 'image-2'] },
      { type: 'cancel', reason: ' Too dark.' },
      { type: 'cancel' },
      { type: 'discard', imageId: 'image-1' },
      { type: 'restore', imageId: 'image-1' },
      { type: 'start_over' },
    ];
    expect(socket.sent.slice(1)).toEqual(
      sent.map((command, at) => ({ ...command, commandId: `command-${at + 1}`, turn: 7 })),
    );
  });

  test('commands about people, links and the end have no turn', () => {
    const { client, socket } = joinedClient(reviewing);
    void client.closeLink('watcher');
    void client.replaceLink('reviewer');
    void client.invite('Mira', 'reviewer');
    void client.invite('Bo', 'watcher', '2100-01-01T00:00:00.000Z');
    void client.revoke({ participantId: 'p2' });
    void client.revoke({ keyId: 'n1' });
    void client.endSession();
    expect(socket.sent.slice(1)).toEqual([
      { type: 'close_link', role: 'watcher', commandId: 'command-1' },
      { type: 'replace_link', role: 'reviewer', commandId: 'command-2' },
      { type: 'invite', name: 'Mira', role: 'reviewer', commandId: 'command-3' },
      { type: 'invite', name: 'Bo', role: 'watcher', expiresAt: '2100-01-01T00:00:00.000Z', commandId: 'command-4' },
      { type: 'revoke', participantId: 'p2', commandId: 'command-5' },
      { type: 'revoke', keyId: 'n1', commandId: 'command-6' },
      { type: 'end_session', commandId: 'command-7' },
    ]);
  });

  test('a command over the size of a message is rejected here: to send it would end the connection', async () => {
    const { client, socket } = joinedClient();
    const answer = client.generate('é'.repeat(33_000));
    await expect(answer).resolves.toMatchObject({ accepted: false, rejection: { code: 'prompt_too_long' } });
    expect(socket.sentOf('generate')).toEqual([]);
    expect(client.state.pending).toEqual([]);
  });

  test('M2: the same command again, while the first waits, is not sent and gets the same answer', async () => {
    const { client, socket } = joinedClient(reviewing);
    const first = client.regenerate({ prompt: 'a fox', options: { size: 'auto', quality: 'low' } });
    const second = client.regenerate({ options: { quality: 'low', size: 'auto' }, prompt: 'a fox' });
    expect(socket.sentOf('regenerate')).toHaveLength(1);
    accept(socket, 1);
    await expect(second).resolves.toEqual(await first);
    void client.regenerate({ prompt: 'a fox', options: { size: 'auto', quality: 'low' } });
    expect(socket.sentOf('regenerate')).toHaveLength(2);
  });

  test('M2: a command of the same type with other content is sent, and gets an answer of its own', async () => {
    const { client, socket } = joinedClient(reviewing);
    const answers = [
      client.approve(one),
      client.approve(two),
      client.refine('image-1', 'redder'),
      client.refine('image-1', 'darker'),
      client.discard('image-1'),
      client.discard('image-2'),
    ];
    expect(socket.sent.slice(1)).toMatchObject([
      { type: 'approve', imageId: 'image-1' },
      { type: 'approve', imageId: 'image-2' },
      { type: 'refine', feedback: 'redder' },
      { type: 'refine', feedback: 'darker' },
      { type: 'discard', imageId: 'image-1' },
      { type: 'discard', imageId: 'image-2' },
    ]);
    for (const number of [1, 3, 5]) accept(socket, number);
    for (const number of [2, 4, 6]) reject(socket, number);
    expect((await Promise.all(answers)).map(({ accepted }) => accepted)).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
    ]);
  });

  test('M10: the same command in a later turn is sent, although the first one waits', () => {
    const { client, socket } = joinedClient(generating('generation-1', { turn: 1 }));
    void client.cancel();
    socket.say(generating('generation-2', { turn: 3 }));
    void client.cancel();
    expect(socket.sentOf('cancel').map(({ turn }) => turn)).toEqual([1, 3]);
  });
});

describe('the answer', () => {
  test('W6: a command is pending until its ack, which resolves it with the revision', async () => {
    const { client, socket } = joinedClient();
    const answer = client.generate('a fox');
    expect(client.state.pending).toMatchObject([{ type: 'generate', commandId: 'command-1', prompt: 'a fox' }]);
    accept(socket, 1);
    expect(client.state.pending).toEqual([]);
    await expect(answer).resolves.toEqual({ accepted: true, revision: 1 });
  });

  test('pending names the image that a command is about', () => {
    const { client, socket } = joinedClient(reviewing);
    void client.discard('image-1');
    void client.startOver();
    const is = (type: Command['type'], imageId?: string) => isPending(client.state.pending, type, imageId);
    expect([is('discard'), is('discard', 'image-1'), is('discard', 'image-2')]).toEqual([true, true, false]);
    expect([is('restore', 'image-1'), is('start_over'), is('start_over', 'image-1')]).toEqual([false, true, false]);
    accept(socket, 1);
    expect(is('discard', 'image-1')).toBe(false);
  });

  test.each(['rate_limited', 'server_busy', 'stale', 'wrong_stage', 'internal_error'] as const)(
    'W6: a command that is rejected as %s resolves with the server’s message, which stays until a command is accepted',
    async (code) => {
      const { client, page, socket } = joinedClient();
      const answer = client.generate('a fox');
      reject(socket, 1, { code, message: 'A sentence.', lastAction: lastAction('approve') });
      const rejection = {
        command: 'generate',
        code,
        message: 'A sentence.',
        lastAction: lastAction('approve'),
        at: page.now(),
      };
      await expect(answer).resolves.toEqual({ accepted: false, rejection });
      expect(client.state.rejection).toEqual(rejection);
      expect(client.state.pending).toEqual([]);

      void client.generate('a fox');
      expect(client.state.rejection).toEqual(rejection);
      accept(socket, 2);
      expect(client.state).not.toHaveProperty('rejection');
    },
  );

  test.each([
    ['the same one, over another connection', { connectionId: 'connection-9' }, false],
    ['a later one', { at: '2026-01-01T00:00:09.000Z' }, true],
    ['another participant’s of the same name', { participantId: 'participant-3' }, true],
  ])('M2: a rejection has a lastAction only if that was not on show: %s', async (_what, change, is) => {
    const seen = lastAction('generate');
    const { client, socket } = joinedClient(userFeedback([one], { lastAction: seen }));
    const answer = client.regenerate();
    reject(socket, 1, { lastAction: { ...seen, ...change } });
    const result = await answer;
    expect(!result.accepted && 'lastAction' in result.rejection).toBe(is);
  });

  test('an answer to an unknown command changes nothing', () => {
    const { client, socket } = joinedClient();
    void client.generate('a fox');
    const before = client.state;
    accept(socket, 9);
    reject(socket, 9);
    expect(client.state).toBe(before);
  });

  test('W6: an ack behind a snapshot that waits for its image still comes after it', async () => {
    const { client, socket } = joinedClient(generating('generation-1'));
    const stages: (string | undefined)[] = [];
    void client.cancel();
    client.subscribe(({ pending, snapshot }) => {
      if (pending.length === 0) stages.push(snapshot?.stage);
    });
    socket.say(image('image-1'), userFeedback([one]), { type: 'ack', commandId: 'command-1', revision: 2 });
    await settled();
    expect(stages).toEqual(['user_feedback']);
  });
});

describe('across connections', () => {
  test('M7: pending commands are sent again after the next join, in order, with the same id, turn and content', async () => {
    const { client, page, socket } = joinedClient(reviewing);
    const answers = [client.regenerate(), client.approve(one), client.cancel()];
    accept(socket, 2);
    const again = rejoin(page, userFeedback([one, two], { turn: 9 }));
    expect(again.sent.slice(1)).toEqual([socket.sent[1], socket.sent[3]]);
    accept(again, 1);
    reject(again, 3);
    expect((await Promise.all(answers)).map(({ accepted }) => accepted)).toEqual([true, true, false]);
  });

  test('M7: a command that is given without a connection is sent after the next join, with the turn that was on show', () => {
    const { client, page, socket } = joinedClient(reviewing);
    socket.closedByServer(1006);
    void client.startOver();
    expect(isPending(client.state.pending, 'start_over')).toBe(true);
    page.pass(1_000);
    const again = answerJoin(page, userFeedback([one], { turn: 8 }));
    expect(again.sentOf('start_over')).toMatchObject([{ commandId: 'command-1', turn: 7 }]);
  });

  test('a command at which the server failed is rejected, and not sent again over the next connection', async () => {
    const { client, page, socket } = joinedClient();
    const answer = client.generate('a fox');
    reject(socket, 1, { code: 'internal_error', message: 'The server failed.' });
    socket.closedByServer(1011);
    await expect(answer).resolves.toMatchObject({ accepted: false, rejection: { code: 'internal_error' } });
    page.pass(1_000);
    expect(answerJoin(page, initialInput()).sent.map(({ type }) => type)).toEqual(['join']);
  });

  test.each([
    [1008, 'closed'],
    [4403, 'not_allowed'],
    [4404, 'session_not_found'],
  ])('W6: close code %i rejects what is pending, and every later command, as %s', async (closeCode, code) => {
    const { client, socket } = joinedClient(reviewing);
    const pending = [client.regenerate(), client.approve(one)];
    socket.closedByServer(closeCode);
    const answers = await Promise.all([...pending, client.cancel()]);
    expect(answers).toMatchObject(
      ['regenerate', 'approve', 'cancel'].map((command) => ({ accepted: false, rejection: { command, code } })),
    );
    expect(client.state.pending).toEqual([]);
    expect(client.state.rejection).toMatchObject({ command: 'cancel', code });
  });

  test('W6: close rejects what is pending, and every later command', async () => {
    const { client } = joinedClient();
    const answer = client.generate('a fox');
    client.close();
    await expect(answer).resolves.toMatchObject({
      accepted: false,
      rejection: { command: 'generate', code: 'closed' },
    });
    await expect(client.generate('a fox')).resolves.toMatchObject({ accepted: false });
  });
});
