/** Decisions as the session takes them: who may, what is recorded and reported, and what it protects. */
import { describe, expect, test } from 'vitest';
import { decisionsIn } from '../../../../server/session/record.ts';
import type { RecordEntry } from '../../../../shared/model.ts';
import { parseServerMessage } from '../../../../shared/protocol.ts';
import { TestCore, TestMember } from '../../../support/core.ts';
import type { CommandInput } from '../../../support/machine.ts';

async function createReview(limits = {}) {
  const core = new TestCore({ limits });
  const ana = await core.create();
  const [bo, guest] = [await ana.invite('Bo'), await ana.bring('Guest')];
  return { core, ana, bo, guest, image: await ana.draw() };
}

const codeOf = (answer: { accepted: boolean; code?: string }) => (answer.accepted ? 'accepted' : answer.code);

describe('who may decide what', () => {
  test('M11: the creator alone says how many must agree, also when they come back', async () => {
    const { core, ana, bo } = await createReview();
    const needTwo = { type: 'require_approvals', approvals: 2 } as const;
    expect(await bo.send(needTwo)).toMatchObject({ accepted: false, code: 'not_allowed' });
    const { key } = ana.session.access.links.reviewer ?? {};
    const request = { ...(key !== undefined && { key }), participant: ana.credentials };
    const back = await core.sessions.join(core.visitor(), ana.sessionId, request);
    if (!back.accepted) throw new Error(back.code);
    expect(back.caller).toMatchObject({ participant: { since: 0 }, hasVote: true });
    expect(await new TestMember(core, back).send(needTwo)).toMatchObject({ accepted: true });
    expect(ana.snapshot).toMatchObject({ approvalsNeeded: 2, recordLength: 2 });
  });

  test('M11: a session begins with the number that its creator gives, or the server’s own', async () => {
    const core = new TestCore({ limits: { APPROVALS: 3 } });
    const create = async (request: object) => {
      const joined = await core.sessions.create(core.visitor(), request);
      return joined.accepted ? new TestMember(core, joined).state.approvalsNeeded : joined.code;
    };
    expect([await create({}), await create({ approvals: 2 })]).toEqual([3, 2]);
  });

  test('M11: two invited people make a picture final; a guest’s approval is recorded, and does not count', async () => {
    const { ana, bo, guest, image } = await createReview();
    const { imageId, sha256 } = image;
    const approve = { type: 'approve', imageId, sha256 } as const;
    await ana.send({ type: 'require_approvals', approvals: 2 });
    for (const one of [guest, ana, ana]) expect(await one.send(approve)).toMatchObject({ accepted: true });
    expect(ana.state.stage).toBe('user_feedback');
    await bo.send(approve);
    expect(ana.snapshot).toMatchObject({ stage: 'final', outcome: 'approved', approved: image });
    const decisions = decisionsIn(ana.state.record);
    expect(decisions.map(({ by, counts }) => [by, counts ?? false])).toEqual([
      ['Guest', false],
      ['Ana', true],
      ['Bo', true],
    ]);
  });

  test('M7 M12: only its author withdraws a decision, and doing it twice is doing it once', async () => {
    const { ana, bo, image } = await createReview();
    await bo.send({ type: 'approve', imageId: image.imageId });
    const [decision] = ana.snapshot.decisions;
    const withdraw = { type: 'withdraw', decisionId: decision?.decisionId ?? '' } as const;
    expect(codeOf(await ana.send(withdraw))).toBe('not_allowed');
    expect(codeOf(await bo.send({ ...withdraw, decisionId: 'unknown' }))).toBe('decision_not_found');
    const answers = [await bo.send(withdraw, 'w'), await bo.send(withdraw, 'w'), await bo.send(withdraw)];
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(ana.snapshot).toMatchObject({ stage: 'user_feedback', decisions: [{ withdrawn: { by: 'Bo' } }] });
    expect(ana.state.record.map(({ kind }) => kind)).toEqual(['invited', 'approved', 'withdrawn']);
  });
});

describe('what is said of a decision', () => {
  test('a request for changes and a decline need a note, which is cleaned; an approval may have one', async () => {
    const { ana, image } = await createReview({ FEEDBACK_CHARACTERS: 10 });
    const { imageId, sha256 } = image;
    const codes = [];
    for (const note of ['', ' \n', '\u0000', 'x'.repeat(11)]) {
      for (const type of ['request_changes', 'decline'] as const) {
        codes.push(codeOf(await ana.send({ type, imageId, sha256, note })));
      }
    }
    expect(codes).toEqual([...Array(6).fill('prompt_empty'), ...Array(2).fill('prompt_too_long')]);
    await ana.send({ type: 'request_changes', imageId, sha256, note: 'dar\u0007ker' });
    expect(codeOf(await ana.send({ type: 'approve', imageId, note: 'x'.repeat(11) }))).toBe('prompt_too_long');
    await ana.send({ type: 'approve', imageId, note: ' ' });
    expect(decisionsIn(ana.state.record)).toMatchObject([
      { decision: 'changes_requested', note: 'darker' },
      { decision: 'approved' },
    ]);
    expect(ana.snapshot.decisions[1]).not.toHaveProperty('note');
  });

  test('M2: whoever lost a race is told what the winner decided about', async () => {
    const { ana, bo, image } = await createReview();
    const { turn } = ana.state;
    await bo.send({ type: 'approve', imageId: image.imageId, turn });
    expect(await ana.send({ type: 'approve', imageId: 'another', turn })).toMatchObject({
      code: 'stale',
      lastAction: { action: 'approve', by: 'Bo', imageId: image.imageId, number: 1 },
    });
  });

  test('W2: a snapshot has the note of a decision about an image of the session, and the record has all notes', async () => {
    const { ana, bo, image } = await createReview();
    const { imageId, sha256 } = image;
    await ana.send({ type: 'request_changes', imageId, sha256, note: 'darker' });
    await bo.send({ type: 'request_changes', imageId, sha256, note: 'lighter' });
    const notes = () => ana.snapshot.decisions.map(({ note }) => note);
    expect(notes()).toEqual(['darker', 'lighter']);
    await bo.send({ type: 'withdraw', decisionId: ana.snapshot.decisions[1]?.decisionId ?? '' });
    expect(notes()).toEqual(['darker', undefined]);
    await ana.send({ type: 'start_over' });
    expect(notes()).toEqual([undefined, undefined]);
    expect(ana.state.record).toMatchObject([
      { kind: 'invited' },
      { note: 'darker' },
      { note: 'lighter' },
      { kind: 'withdrawn' },
    ]);
  });

  test('programs are told of every decision and what became of the review, and get bytes for an approved picture alone', async () => {
    const { core, ana, bo, image } = await createReview();
    const { imageId, sha256 } = image;
    const events: unknown[] = [];
    core.sessions.on('decided', ({ outcome, decision: { decision, withdrawn }, ...event }) => {
      events.push([decision, withdrawn !== undefined, outcome, 'bytes' in event]);
    });
    const last = () => ana.snapshot.decisions.at(-1)?.decisionId ?? '';
    await bo.send({ type: 'request_changes', imageId, sha256, note: 'no' });
    await ana.send({ type: 'approve', imageId });
    await ana.send({ type: 'withdraw', decisionId: last() });
    await ana.send({ type: 'decline', imageId, sha256, note: 'no' });
    await ana.send({ type: 'withdraw', decisionId: last() });
    await ana.send({ type: 'require_approvals', approvals: 2 });
    await ana.send({ type: 'approve', imageId });
    await bo.send({ type: 'approve', imageId });
    expect(events).toEqual([
      ['changes_requested', false, 'unchanged', false],
      ['approved', false, 'approved', true],
      ['approved', true, 'reopened', false],
      ['declined', false, 'declined', false],
      ['declined', true, 'reopened', false],
      ['approved', false, 'unchanged', false],
      ['approved', false, 'approved', true],
    ]);
  });
});

describe('what a removal may take', () => {
  test('R13: not what another participant has open in any of their tabs; what one has open oneself goes', async () => {
    const { ana, bo, image } = await createReview();
    await ana.draw();
    const remove: CommandInput = { type: 'remove', imageIds: [image.imageId] };
    const [own, second, other] = [
      ana.follow(),
      await ana.bring('Ana', 'watcher', { participant: ana.credentials }),
      bo,
    ];
    const tab = second.follow();
    const leave = other.follow();
    const { sessions } = ana.core;
    for (const member of [ana, second, bo]) sessions.look(member.joined.caller, image.imageId);
    expect(codeOf(await ana.send(remove))).toBe('image_in_use');
    sessions.look(bo.joined.caller, undefined);
    expect(codeOf(await bo.send(remove))).toBe('image_in_use');
    expect(codeOf(await ana.send(remove))).toBe('accepted');
    expect(ana.session.image(image.imageId)).toBeUndefined();
    for (const one of [own, tab, leave]) one.leave();
    expect(ana.session.viewers.people).toEqual([]);
  });

  test('R7 R13: what somebody has open stays although its memory is needed', async () => {
    const { core, ana, image } = await createReview();
    await ana.draw();
    await ana.draw();
    ana.follow();
    core.sessions.look(ana.joined.caller, image.imageId);
    core.clock.advance(core.limits.SESSION_UNTOUCHED_MS);
    await ana.session.memory.forget();
    expect(ana.state.attempts.map(({ number }) => number)).toEqual([1, 3]);
    expect(ana.state.record).toMatchObject([{ kind: 'invited' }, { kind: 'forgotten', numbers: [2] }]);
  });
});

describe('W10: the record as messages', () => {
  const entriesIn = (frame: Buffer): readonly RecordEntry[] => {
    const parsed = parseServerMessage(String(frame));
    if (!parsed.ok || parsed.message.type !== 'record') throw new Error('not a record');
    return parsed.message.entries;
  };

  test('comes in messages of a bounded length, encoded once for all connections, until it grows', async () => {
    const { ana, image } = await createReview({ RECORD_MESSAGE_CHARACTERS: 2_000 });
    const { imageId, sha256 } = image;
    const { session } = ana;
    const ask = (note: string) => ana.send({ type: 'request_changes', imageId, sha256, note });
    for (let count = 0; count < 9; count += 1) await ask(`${count} ${'x'.repeat(500)}`);
    const read = [];
    for (let from = 0; from < session.record.length; ) {
      const { frame, next } = session.recordFrame(from);
      expect(frame.length).toBeLessThan(4_000);
      expect(session.recordFrame(from).frame).toBe(frame);
      read.push(...entriesIn(frame));
      from = next;
    }
    expect(read).toEqual(session.record);
    const { next } = session.recordFrame(9);
    await ask('more');
    expect([next, session.recordFrame(9).next]).toEqual([10, 11]);
  });

  test('a record that is full refuses decisions, and neither withdrawals nor revocations', async () => {
    const { ana, guest, image } = await createReview({ RECORD_ENTRIES: 2 });
    const { imageId, sha256 } = image;
    await ana.send({ type: 'request_changes', imageId, sha256, note: 'no' });
    const decisionId = ana.snapshot.decisions[0]?.decisionId ?? '';
    expect(codeOf(await ana.send({ type: 'approve', imageId }))).toBe('record_full');
    expect(codeOf(await ana.send({ type: 'require_approvals', approvals: 2 }))).toBe('record_full');
    expect(codeOf(await ana.send({ type: 'withdraw', decisionId }))).toBe('accepted');
    expect(codeOf(await ana.manage({ type: 'invite', name: 'Mira', role: 'reviewer' }))).toBe('record_full');
    const { id } = guest.joined.caller.participant;
    expect(codeOf(await ana.manage({ type: 'revoke', participantId: id }))).toBe('accepted');
  });
});
