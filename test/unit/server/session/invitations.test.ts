/** Invitations as the core takes them: who comes in by one, as whom, and until when. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decisionsIn } from '../../../../server/session/record.ts';
import type { JoinRequest } from '../../../../server/session/sessions.ts';
import { approvalsOf } from '../../../../shared/votes.ts';
import { settled, TestCore, TestMember } from '../../../support/core.ts';

const codeOf = (answer: { accepted: boolean; code?: string }) => (answer.accepted ? 'accepted' : answer.code);
const invite = (name: string) => ({ type: 'invite', name, role: 'reviewer' }) as const;
const idOf = ({ joined }: TestMember) => joined.caller.participant.id;
const nameOf = ({ joined }: TestMember) => joined.caller.participant.name;
const keyOf = ({ invitations }: TestMember, name: string) => {
  const found = invitations.findLast((one) => one.name === name);
  return found ?? expect.fail(`nobody called ${name} is invited`);
};

/** How a join ends: the role, or the code of the rejection. */
async function joinAs({ core, sessionId }: TestMember, request: JoinRequest): Promise<string> {
  const joined = await core.sessions.join(core.visitor(), sessionId, request);
  return joined.accepted ? joined.caller.role : joined.code;
}

describe('W11: an invitation', () => {
  test('lets in one participant under the name that the creator gave, in any number of tabs and browsers', async () => {
    const ana = await new TestCore().create();
    const mira = await ana.invite('Mira');
    const { key } = keyOf(ana, 'Mira');
    const tabs = [
      await ana.bring('Somebody Else', 'reviewer', { key }),
      await ana.bring('Mira', 'reviewer', { key, participant: (await ana.bring('Bo')).credentials }),
      // The page of a person who has lost the key.
      await ana.bring('', 'reviewer', { participant: mira.credentials }),
    ];
    for (const tab of [mira, ...tabs]) {
      expect([idOf(tab), nameOf(tab), tab.joined.caller.hasVote]).toEqual([idOf(mira), 'Mira', true]);
      expect(tab.joined.invitation).toBeDefined();
    }
    expect(ana.joined.invitation).toBeUndefined();
    expect(keyOf(ana, 'Mira')).toMatchObject({ role: 'reviewer', participantId: idOf(mira) });
  });

  test('for a watcher lets one look on, whatever becomes of the watch link', async () => {
    const ana = await new TestCore().create();
    const mira = await ana.invite('Mira', 'watcher');
    const tab = mira.follow();
    expect([mira.joined.caller.role, mira.joined.caller.hasVote]).toEqual(['watcher', false]);
    for (const type of ['replace_link', 'close_link', 'replace_link'] as const) {
      await ana.manage({ type, role: 'watcher' });
    }
    expect(tab.calls.at(-1)).not.toBe('link_closed');
    expect(ana.session.viewers).toMatchObject({ watchers: 1, people: [{ name: 'Mira', role: 'watcher' }] });
    // By the review link an invited watcher decides as any guest does.
    const reviewing = await mira.bring('Mo', 'reviewer', { participant: mira.credentials });
    expect(reviewing.joined.caller).toMatchObject({ role: 'reviewer', hasVote: false, participant: { name: 'Mira' } });
  });

  test('that the creator opens leaves them the creator', async () => {
    const ana = await new TestCore().create();
    await ana.manage(invite('Mira'));
    const { key } = keyOf(ana, 'Mira');
    const again = await ana.bring('Ana', 'reviewer', { key, participant: ana.credentials });
    expect(again.joined.caller.participant).toEqual(ana.joined.caller.participant);
    expect(keyOf(again, 'Mira')).not.toHaveProperty('used');
  });

  test('has a name of its own, which nobody else can take, and which only an unused one gives back', async () => {
    const ana = await new TestCore().create();
    const bo = await ana.bring('Mira');
    for (const name of [' Mira ', 'mira', 'Cy']) await ana.manage(invite(name));
    expect(ana.invitations.map(({ name }) => name)).toEqual(['Mira 2', 'mira 3', 'Cy']);
    expect([nameOf(await bo.bring('Cy')), nameOf(await bo.bring('Ana'))]).toEqual(['Cy 2', 'Ana 2']);
    const { keyId } = keyOf(ana, 'Cy');
    await ana.manage({ type: 'revoke', keyId });
    await ana.manage(invite('Cy'));
    expect(ana.invitations.at(-1)?.name).toBe('Cy');
    for (const name of ['', ' \u200b', 'You', 'x'.repeat(41)]) {
      expect(codeOf(await ana.manage(invite(name)))).toBe('name_invalid');
    }
  });

  test('S4: is refused before anything is kept, where there are too many or the record is full', async () => {
    const core = new TestCore({ limits: { INVITATIONS_PER_SESSION: 2, RECORD_ENTRIES: 3 } });
    const [ana, other] = [await core.create(), await core.create()];
    for (const name of ['Bo', 'Cy']) await ana.manage(invite(name));
    expect(codeOf(await ana.manage(invite('Di')))).toBe('invitations_full');
    for (const approvals of [2, 3, 2]) await other.send({ type: 'require_approvals', approvals });
    expect(codeOf(await other.manage(invite('Bo')))).toBe('record_full');
    expect(other.invitations).toEqual([]);
    expect(nameOf(await other.bring('Bo'))).toBe('Bo');
  });

  test('M7: sent twice is made once, and the answer has no key, whoever sends it', async () => {
    const ana = await new TestCore().create();
    const bo = await ana.bring('Bo');
    expect(codeOf(await bo.manage(invite('Mira'), 'i'))).toBe('not_allowed');
    const answers = [await ana.manage(invite('Mira'), 'i'), await ana.manage(invite('Mira'), 'i')];
    answers.push(await bo.manage(invite('Mira'), 'i'));
    expect(answers).toEqual(Array(3).fill({ accepted: true, revision: 1 }));
    expect(ana.invitations).toHaveLength(1);
  });

  test('S3: its key goes to the creator’s connections alone, at once and when they come back', async () => {
    const ana = await new TestCore().create();
    const [bo, watching] = [await ana.bring('Bo'), await ana.bring('Ana', 'watcher', { participant: ana.credentials })];
    const [first, second, bos, others] = [ana.follow(), ana.follow(), bo.follow(), watching.follow()];
    const mira = await ana.invite('Mira');
    // Once when she is invited, and once when she comes.
    for (const one of [first, second]) expect(one.calls.filter((call) => call === 'invitations Mira')).toHaveLength(2);
    expect(keyOf(ana, 'Mira')).toMatchObject({ used: true });
    for (const one of [bos, others]) expect(one.calls.join()).not.toContain('invitations');
    const [again, guest] = [await ana.bring('', 'reviewer', { participant: ana.credentials }), await ana.bring('Cy')];
    expect(again.joined.invitations).toEqual(ana.invitations);
    for (const { joined } of [guest, mira, watching]) expect(joined.invitations).toBeUndefined();
    const { key } = keyOf(ana, 'Mira');
    expect(JSON.stringify([ana.state, ana.snapshot, ana.session.viewers, ana.core.log])).not.toContain(`"${key}"`);
    expect(ana.state.record).toMatchObject([
      { kind: 'invited', by: 'Ana', invitee: { name: 'Mira', role: 'reviewer' } },
    ]);
    expect(ana.state.record[0]).toMatchObject({ invitee: { participantId: idOf(mira) } });
  });
});

describe('W11: a revocation', () => {
  test('ends every connection of that participant, who comes back by no key and no secret', async () => {
    const ana = await new TestCore().create();
    const [mira, bo] = [await ana.invite('Mira'), await ana.bring('Bo')];
    const { key } = keyOf(ana, 'Mira');
    const second = await ana.bring('', 'reviewer', { key });
    const [tabs, bos] = [[mira.follow(), second.follow()], bo.follow()];
    const early = await ana.bring('', 'reviewer', { key });
    expect(codeOf(await ana.manage({ type: 'revoke', participantId: idOf(mira) }))).toBe('accepted');
    expect(tabs.map(({ calls }) => calls.at(-1))).toEqual(['revoked', 'revoked']);
    expect(bos.calls).not.toContain('revoked');
    const { credentials: participant } = mira;
    const open = { key: ana.key, participant };
    expect(
      await Promise.all([{ key }, { key, participant }, open, { participant }].map((one) => joinAs(ana, one))),
    ).toEqual(Array(4).fill('revoked'));
    expect(() => early.follow()).toThrow('revoked');
    expect(ana.core.sessions.setDraft(mira.joined.caller, 'x')).toMatchObject({ code: 'revoked' });
    expect(codeOf(await mira.manage({ type: 'end_session' }))).toBe('revoked');
    expect(keyOf(ana, 'Mira')).toMatchObject({ revoked: true });
    expect(ana.state.record.at(-1)).toMatchObject({ kind: 'revoked', by: 'Ana', invitee: { name: 'Mira' } });
    // Invited once more, the same browser comes in as somebody else.
    const again = await ana.invite('Mira');
    expect([nameOf(again), idOf(again) === idOf(mira)]).toEqual(['Mira 2', false]);
    expect(await joinAs(ana, { key: keyOf(ana, 'Mira 2').key, participant })).toBe('reviewer');
  });

  test('is the creator’s alone, of anybody but the creator, by the key before it is used, and twice as good as once', async () => {
    const ana = await new TestCore().create();
    const bo = await ana.bring('Bo');
    const cy = await ana.bring('Cy', 'watcher');
    await ana.manage(invite('Mira'));
    const { keyId, key } = keyOf(ana, 'Mira');
    expect(codeOf(await bo.manage({ type: 'revoke', keyId }))).toBe('not_allowed');
    expect(codeOf(await ana.manage({ type: 'revoke', participantId: idOf(ana) }))).toBe('not_allowed');
    expect(codeOf(await ana.manage({ type: 'revoke', keyId: 'unknown' }))).toBe('participant_not_found');
    // A watcher who is not here is nobody that anything is known of.
    expect(codeOf(await ana.manage({ type: 'revoke', participantId: idOf(cy) }))).toBe('participant_not_found');
    const cys = cy.follow();
    for (const whom of [{ keyId }, { keyId }, { participantId: idOf(bo) }, { participantId: idOf(cy) }]) {
      expect(codeOf(await ana.manage({ type: 'revoke', ...whom }))).toBe('accepted');
    }
    expect(cys.calls.at(-1)).toBe('revoked');
    expect(await joinAs(ana, { key })).toBe('revoked');
    expect(ana.state.record.slice(1)).toMatchObject([
      { kind: 'revoked', invitee: { name: 'Mira', role: 'reviewer', invitationId: keyId } },
      { kind: 'revoked', invitee: { name: 'Bo', role: 'reviewer', participantId: idOf(bo) } },
      { kind: 'revoked', invitee: { name: 'Cy', role: 'watcher', participantId: idOf(cy) } },
    ]);
  });

  test('M11: takes votes back where no picture is final yet; a final picture stays', async () => {
    const ana = await new TestCore().create();
    const [mira, bo] = [await ana.invite('Mira'), await ana.invite('Bo')];
    const image = await ana.draw();
    await ana.send({ type: 'require_approvals', approvals: 2 });
    const approve = { type: 'approve', imageId: image.imageId } as const;
    await mira.send(approve);
    await ana.manage({ type: 'revoke', participantId: idOf(mira) });
    await bo.send(approve);
    expect(ana.snapshot).toMatchObject({
      stage: 'user_feedback',
      decisions: [{ by: 'Mira', revoked: true }, { counts: true }],
    });
    await ana.send(approve);
    await ana.manage({ type: 'revoke', participantId: idOf(bo) });
    expect(ana.snapshot).toMatchObject({ stage: 'final', outcome: 'approved', approved: image });
    await ana.send({ type: 'withdraw', decisionId: ana.snapshot.decisions.at(-1)?.decisionId ?? '' });
    expect(ana.state.stage).toBe('user_feedback');
    // Not even where one is enough.
    await ana.send({ type: 'require_approvals', approvals: 1 });
    expect(approvalsOf(image, decisionsIn(ana.state.record))).toEqual([]);
  });

  test('M11: a picture that is final stays so when somebody withdraws what did not make it final', async () => {
    const ana = await new TestCore().create();
    const [mira, guest] = [await ana.invite('Mira'), await ana.bring('Guest')];
    const image = await ana.draw();
    const { imageId, sha256 } = image;
    await ana.send({ type: 'require_approvals', approvals: 2 });
    await guest.send({ type: 'request_changes', imageId, sha256, note: 'no' });
    const { decisionId = '' } = ana.snapshot.decisions[0] ?? {};
    for (const one of [mira, ana]) await one.send({ type: 'approve', imageId });
    await ana.manage({ type: 'revoke', participantId: idOf(mira) });
    await guest.send({ type: 'withdraw', decisionId });
    expect(ana.snapshot).toMatchObject({ stage: 'final', outcome: 'approved', approved: image });
  });

  test('S4: a session takes as many revocations as its record has entries', async () => {
    const ana = await new TestCore({ limits: { RECORD_ENTRIES: 2 } }).create();
    const codes = [];
    for (const name of ['Bo', 'Cy', 'Di']) {
      codes.push(codeOf(await ana.manage({ type: 'revoke', participantId: idOf(await ana.bring(name)) })));
    }
    expect(codes).toEqual(['accepted', 'accepted', 'record_full']);
  });
});

describe('W11: an expiry', () => {
  const laterBy = (core: TestCore, ms: number) => new Date(core.clock.now() + ms).toISOString();

  test('ends the connections of whoever was invited, and lets nobody in any more, though the clock is set back', async () => {
    const core = new TestCore();
    const ana = await core.create();
    const mira = await ana.invite('Mira', 'reviewer', laterBy(core, 90_000));
    const bo = await ana.invite('Bo', 'reviewer', '2100-01-01T00:00:00+02:00');
    expect([mira.joined.invitation?.expiresAt, bo.joined.invitation?.expiresAt]).toEqual([
      laterBy(core, 90_000),
      '2099-12-31T22:00:00.000Z',
    ]);
    const [miras, anas, bos] = [mira.follow(), ana.follow(), bo.follow()];
    core.clock.advance(89_999);
    expect(miras.calls.at(-1)).not.toBe('invitation_expired');
    core.clock.advance(1);
    expect([miras.calls.at(-1), bos.calls.includes('invitation_expired')]).toEqual(['invitation_expired', false]);
    await settled();
    expect(anas.calls).toContain('invitations Mira, Bo');
    core.clock.set(-60_000);
    const { key } = keyOf(ana, 'Mira');
    expect(keyOf(ana, 'Mira')).toMatchObject({ expired: true });
    expect(await joinAs(ana, { key })).toBe('invitation_expired');
    expect(await joinAs(ana, { key: 'wrong', participant: mira.credentials })).toBe('invitation_expired');
    expect(codeOf(await mira.send({ type: 'start_over' }))).toBe('invitation_expired');
    // By an open link they are a guest like any other.
    const guest = await ana.bring('Mira', 'reviewer', { participant: mira.credentials });
    expect([nameOf(guest), guest.joined.caller.hasVote]).toEqual(['Mira 2', false]);
    await core.sessions.closeAll();
    expect(core.clock.timers).toBe(0);
  });

  test('is noticed at once by whoever comes, and within a minute by who is here, when the clock is set forward', async () => {
    const core = new TestCore();
    const ana = await core.create();
    const mira = await ana.invite('Mira', 'reviewer', laterBy(core, 3_600_000));
    const miras = mira.follow();
    core.clock.set(3_600_000);
    core.clock.advance(60_000);
    expect(miras.calls.at(-1)).toBe('invitation_expired');
    await ana.manage({ type: 'invite', name: 'Cy', role: 'reviewer', expiresAt: laterBy(core, 3_600_000) });
    core.clock.set(3_600_000);
    expect(await joinAs(ana, { key: keyOf(ana, 'Cy').key })).toBe('invitation_expired');
    expect(codeOf(await ana.manage({ ...invite('Di'), expiresAt: laterBy(core, 0) }))).toBe('invitation_expired');
  });
});

test('S3: whoever tries keys of invitations is limited, also with those that let nobody in any more', async () => {
  const ana = await new TestCore({ limits: { WRONG_SECRETS_BURST_PER_ADDRESS: 2 } }).create();
  const mira = await ana.invite('Mira');
  const { key, keyId } = keyOf(ana, 'Mira');
  await ana.manage({ type: 'revoke', keyId });
  expect([await joinAs(ana, { key: 'guess' }), await joinAs(ana, { key: `${key}x` })]).toEqual([
    'not_allowed',
    'not_allowed',
  ]);
  expect([await joinAs(ana, { key }), await joinAs(ana, { key: 'guess' })]).toEqual(['rate_limited', 'rate_limited']);
  expect(await joinAs(ana, { key: ana.key })).toBe('reviewer');
  expect(idOf(mira)).not.toBe('');
});

describe('over random invitations, revocations, expiries and decisions', () => {
  const who = fc.nat({ max: 5 });
  const step = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('invite' as const), expires: fc.boolean(), watches: fc.boolean() }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('revoke' as const), who, byKey: fc.boolean() }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('join' as const), who, secret: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('guest' as const) }) },
    { weight: 8, arbitrary: fc.record({ do: fc.constant('approve' as const), who, late: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1_000, 30_000) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('require' as const), approvals: fc.constantFrom(1, 2, 3) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('draw' as const) }) },
  );

  test('M11 M12 W11: no revoked or expired key lets anybody in, only votes that stand make a picture final, and the record only grows', async () => {
    const hits = { refused: 0, final: 0, outvoted: 0 };
    const property = fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60, size: 'max' }), async (steps) => {
      const core = new TestCore({ limits: { COMMAND_BURST: 10_000 } });
      const ana = await core.create();
      await ana.draw();
      const members: TestMember[] = [ana];
      const subscribers = new Map([[ana, ana.follow()]]);
      const out = new Set<string>();
      const pick = <Item>(all: readonly Item[], at: number) => all[at % Math.max(1, all.length)];
      const enter = async (request: JoinRequest, participantId?: string) => {
        const joined = await core.sessions.join(core.visitor(), ana.sessionId, request);
        if (participantId !== undefined) {
          expect(joined.accepted).toBe(!out.has(participantId));
          if (joined.accepted) expect(joined.caller.participant.id).toBe(participantId);
          else hits.refused += 1;
        }
        if (!joined.accepted) return;
        const member = new TestMember(core, joined);
        members.push(member);
        subscribers.set(member, member.follow());
      };
      for (const one of steps) {
        const before = ana.state;
        const present = members.filter((member) => !out.has(idOf(member)));
        switch (one.do) {
          case 'invite': {
            const role = one.watches ? 'watcher' : 'reviewer';
            const expiry = one.expires && { expiresAt: new Date(core.clock.now() + 20_000).toISOString() };
            await ana.manage({ ...invite('Mira'), role, ...expiry });
            break;
          }
          case 'revoke': {
            const invitation = pick(ana.invitations, one.who);
            const member = pick(members.slice(1), one.who);
            if (one.byKey && invitation) {
              await ana.manage({ type: 'revoke', keyId: invitation.keyId });
              out.add(invitation.participantId);
            } else if (member) {
              await ana.manage({ type: 'revoke', participantId: idOf(member) });
              out.add(idOf(member));
            }
            break;
          }
          case 'join': {
            const invitation = pick(ana.invitations, one.who);
            const member = pick(members.slice(1), one.who);
            if (!one.secret && invitation) await enter({ key: invitation.key }, invitation.participantId);
            else if (member?.joined.caller.role === 'reviewer')
              await enter({ key: 'lost', participant: member.credentials }, idOf(member));
            break;
          }
          case 'guest':
            await enter({ key: ana.key });
            break;
          case 'approve': {
            // `late`: over a connection that is gone.
            const member = pick(one.late ? members : present, one.who);
            const image = ana.state.attempts.at(-1)?.image;
            if (!member || !image) break;
            const answer = await member.send({ type: 'approve', imageId: image.imageId });
            if (out.has(idOf(member))) expect(codeOf(answer)).toMatch(/revoked|invitation_expired|not_allowed/);
            break;
          }
          case 'pass':
            core.clock.advance(one.ms);
            await settled();
            for (const { participantId, expired } of ana.invitations) if (expired) out.add(participantId);
            break;
          case 'require':
            await ana.send({ type: 'require_approvals', approvals: one.approvals });
            break;
          case 'draw':
            if (ana.state.stage === 'final') await ana.send({ type: 'start_over' });
            if (ana.state.stage !== 'generating') await ana.draw();
            break;
        }
        await settled();
        const { state } = ana;
        expect(state.record.slice(0, before.record.length)).toEqual(before.record);
        for (const [member, { calls }] of subscribers) {
          const isGone = calls.some((call) => call === 'revoked' || call === 'invitation_expired');
          expect(isGone).toBe(out.has(idOf(member)));
        }
        if (state.stage === 'final' && state.outcome === 'approved' && before.stage !== 'final') {
          const { imageId } = state.approved;
          const voters = new Set(
            ana.invitations.filter(({ role }) => role === 'reviewer').map(({ participantId }) => participantId),
          ).add(idOf(ana));
          const isRevoked = (id: string) =>
            state.record.some((entry) => entry.kind === 'revoked' && entry.invitee.participantId === id);
          const approvers = new Set(
            state.record.flatMap((entry) =>
              entry.kind === 'approved' && entry.imageId === imageId && !isRevoked(entry.participantId)
                ? entry.participantId
                : [],
            ),
          );
          const counted = [...approvers].filter((id) => state.approvalsNeeded === 1 || voters.has(id));
          expect(counted.length).toBeGreaterThanOrEqual(state.approvalsNeeded);
          hits.final += 1;
          if (counted.length < state.record.filter(({ kind }) => kind === 'approved').length) hits.outvoted += 1;
        }
      }
      await core.sessions.closeAll();
      expect([core.clock.timers, core.faults]).toEqual([0, []]);
    });
    await fc.assert(property, { seed: 1, numRuns: 60 });
    for (const count of Object.values(hits)) expect(count).toBeGreaterThanOrEqual(10);
  }, 60_000);
});
