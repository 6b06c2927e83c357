import { expect, test } from 'vitest';
import { FakeClock } from '../../support/fake-clock.ts';
import { drawAttempts, startSession } from '../../support/server.ts';
import type { WsClient } from '../../support/ws-client.ts';

async function invite(creator: WsClient, name: string, fields: { role?: 'watcher'; expiresAt?: string } = {}) {
  const commandId = `invite ${name}`;
  creator.send({ type: 'invite', commandId, name, role: 'reviewer', ...fields });
  expect(await creator.answer(commandId)).toMatchObject({ type: 'ack' });
  return creator.last('invitations').invitations.at(-1) ?? expect.fail('no invitation');
}

const credentialsOf = (client: WsClient) => {
  const { participantId, participantSecret } = client.last('welcome');
  return { id: participantId, secret: participantSecret };
};

test('W6 W11: an invitation is told to the creator alone, before the answer, and again after a reconnect; its name is told to all', async () => {
  const { ana, ben, client, sessionId, key, logs } = await startSession();
  expect(ana.last('welcome')).not.toHaveProperty('invitations');
  const invitation = await invite(ana, 'Mira', { expiresAt: '2100-01-01T00:00:00.000Z' });
  expect(invitation).toEqual({
    ...{ keyId: expect.any(String), key: expect.stringMatching(/^[\w-]{22}$/), participantId: expect.any(String) },
    ...{ name: 'Mira', role: 'reviewer', expiresAt: '2100-01-01T00:00:00.000Z' },
  });
  const types = ana.received.map(({ type }) => type);
  expect(types.indexOf('invitations')).toBeLessThan(types.indexOf('ack'));
  const { keyId: invitationId, participantId } = invitation;
  await ben.until('record', ({ entries }) => entries.some(({ kind }) => kind === 'invited'));
  expect(ben.last('record').entries).toMatchObject([
    { kind: 'invited', by: 'Ana', invitee: { name: 'Mira', role: 'reviewer', invitationId, participantId } },
  ]);

  const mira = client();
  const welcome = await mira.join({ sessionId, key: invitation.key, name: 'Eve' });
  expect(welcome).toMatchObject({
    ...{ name: 'Mira', participantId, role: 'reviewer', counts: true, invited: true },
    ...{ expiresAt: '2100-01-01T00:00:00.000Z', links: { review: 'closed', manages: ['watcher'] } },
  });
  await ana.until('invitations', ({ invitations }) => invitations[0]?.used === true);
  const back = client();
  expect(await back.join({ sessionId, key, participant: credentialsOf(ana) })).toMatchObject({
    creator: true,
    invitations: [{ ...invitation, used: true }],
  });
  await ben.roundTrip();
  for (const secret of [...ben.frames, ...mira.frames, ...logs]) expect(secret).not.toContain(invitation.key);
});

test('W7 W11: whoever is revoked is told and closed with 4403 in every tab, and comes back by no key and no secret', async () => {
  const { ana, ben, client, sessionId, key, logged } = await startSession();
  const invitation = await invite(ana, 'Mira');
  const tabs = [client(), client()] as const;
  for (const tab of tabs) await tab.join({ sessionId, key: invitation.key });
  ben.send({ type: 'revoke', commandId: 'no', participantId: invitation.participantId });
  expect(await ben.answer('no')).toMatchObject({ code: 'not_allowed' });
  ana.send({ type: 'revoke', commandId: 'out', keyId: invitation.keyId });
  expect(await ana.answer('out')).toMatchObject({ type: 'ack' });
  for (const tab of tabs) {
    expect(await tab.closed()).toMatchObject({ code: 4403, reason: 'revoked' });
    expect(tab.last('goodbye')).toMatchObject({ code: 'revoked', reason: expect.stringContaining('revoked') });
  }
  const participant = credentialsOf(tabs[0]);
  for (const fields of [{ key: invitation.key }, { key, participant }, { key: 'lost', participant }, { participant }]) {
    const { code, rejection } = await client().joinRejected({ sessionId, ...fields });
    expect([code, rejection.code]).toEqual([4403, 'revoked']);
  }
  expect(logged('invitation changed')).toMatchObject([
    { change: 'invited', role: 'reviewer', invitation: invitation.keyId },
    { change: 'revoked', role: 'reviewer', invitation: invitation.keyId },
  ]);
});

test('W7 W11: when an invitation expires its people are told and closed with 4403, and nobody comes in by it', async () => {
  const clock = new FakeClock();
  const { ana, client, sessionId } = await startSession({ clock });
  const expiresAt = new Date(clock.now() + 4_000).toISOString();
  const { key } = await invite(ana, 'Mira', { role: 'watcher', expiresAt });
  const mira = client();
  expect((await mira.join({ sessionId, key })).role).toBe('watcher');
  clock.advance(4_000);
  expect(await mira.closed()).toMatchObject({ code: 4403, reason: 'invitation expired' });
  expect(mira.last('goodbye').code).toBe('invitation_expired');
  const { code, rejection } = await client().joinRejected({ sessionId, key });
  expect([code, rejection.code]).toEqual([4403, 'invitation_expired']);
  await ana.until('invitations', ({ invitations }) => invitations[0]?.expired === true);
});

test('M11: two invited people and a guest approve, one of the two is revoked, and the picture is final by those who are left', async () => {
  const { ana, ben, client, generator, sessionId } = await startSession();
  const mira = client();
  const { key, participantId } = await invite(ana, 'Mira');
  await mira.join({ sessionId, key });
  ana.send({ type: 'require_approvals', commandId: 'two', approvals: 2 });
  const [imageId = ''] = await drawAttempts(ana, generator, ['one']);
  for (const [at, one] of [mira, ben].entries()) {
    one.send({ type: 'approve', commandId: `yes ${at}`, imageId });
    expect(await one.answer(`yes ${at}`)).toMatchObject({ type: 'ack' });
  }
  ana.send({ type: 'revoke', commandId: 'out', participantId });
  await ana.answer('out');
  ana.send({ type: 'approve', commandId: 'yes', imageId });
  await ana.answer('yes');
  expect(ana.last('snapshot')).toMatchObject({
    stage: 'user_feedback',
    decisions: [{ revoked: true }, {}, { counts: true }],
  });
  const bo = client();
  await bo.join({ sessionId, key: (await invite(ana, 'Bo')).key });
  bo.send({ type: 'approve', commandId: 'last', imageId });
  await bo.answer('last');
  expect(bo.last('snapshot')).toMatchObject({ stage: 'final', outcome: 'approved' });
});
