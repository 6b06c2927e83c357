import { describe, expect, test } from 'vitest';
import { findParticipant, secretOf } from '../../../../server/session/participants.ts';
import { settled, TestCore } from '../../../support/core.ts';
import { imageOf } from '../../../support/scripted-generator.ts';

describe('the secret of a participant', () => {
  const person = (id: string, since: number) => ({ id, since, role: 'reviewer' }) as const;
  const credentialsOf = (known: ReturnType<typeof person>, key = 'key') => ({
    id: known.id,
    secret: secretOf(known, key),
  });

  test('proves who they are, when they came first, and what they may do', () => {
    const ana = person('ana', 7);
    expect(findParticipant(credentialsOf(ana), 'key')).toEqual(ana);
    expect(secretOf(ana, 'key')).not.toContain('ana');
  });

  test('S3: a wrong secret, that of another participant or of another session proves nothing', () => {
    const [ana, bo] = [credentialsOf(person('ana', 0)), credentialsOf(person('bo', 7))];
    const given = [
      { id: 'ana', secret: '' },
      { id: 'ana', secret: `${ana.secret}x` },
      { id: 'ana', secret: bo.secret },
      { id: 'ana', secret: ana.secret.replace('0.', '1.') },
      { id: 'anax', secret: ana.secret },
      credentialsOf(person('ana', 0), 'another key'),
      undefined,
    ];
    for (const credentials of given) expect(findParticipant(credentials, 'key')).toBeUndefined();
  });
});

describe('participants of a session', () => {
  test('a participant who joins again with the secret keeps the id, over another connection and in another role', async () => {
    const ana = await new TestCore().create('Ana');
    const again = await ana.bring('Ana Again', 'watcher', { participant: ana.credentials });
    expect(again.credentials).toEqual(ana.credentials);
    const { role, connectionId, participant } = again.joined.caller;
    expect([role, participant.name]).toEqual(['watcher', 'Ana Again']);
    expect(connectionId).not.toBe(ana.joined.caller.connectionId);
  });

  test('two participants who give the same name are two, and the second one gets a number', async () => {
    const core = new TestCore();
    const ana = await core.create('Jonas');
    const other = await ana.bring('Jonas');
    expect(other.joined.caller.participant.name).toBe('Jonas 2');
    const again = await other.bring('Jonas', 'reviewer', { participant: other.credentials });
    expect(again.joined.caller.participant.name).toBe('Jonas 2');
    expect(other.joined.caller.participant.id).not.toBe(ana.joined.caller.participant.id);
  });

  test('a participant without a name gets the next default name; a given one is trimmed', async () => {
    const creator = await new TestCore().create('');
    const members = [creator];
    for (const name of ['  ', ' Bo ', '']) members.push(await creator.bring(name));
    const names = members.map(({ joined }) => joined.caller.participant.name);
    expect(names).toEqual(['Reviewer 1', 'Reviewer 2', 'Bo', 'Reviewer 3']);
  });

  test('the participant stands in lastAction, decisions, discarded attempts and draft updates', async () => {
    const core = new TestCore();
    const ana = await core.create('Jonas');
    const bo = await ana.bring('Jonas', 'reviewer', {});
    const id = bo.joined.caller.participant.id;
    const first = await ana.draw(imageOf('first'));
    const second = await ana.draw(imageOf('second'));
    await bo.send({ type: 'discard', imageId: first.imageId });
    await bo.send({ type: 'approve', imageId: second.imageId });
    expect(ana.snapshot).toMatchObject({
      lastAction: { action: 'approve', by: 'Jonas 2', participantId: id },
      decisions: [{ imageId: second.imageId, by: 'Jonas 2', participantId: id }],
      discarded: [{ discarded: { by: 'Jonas 2', participantId: id } }],
    });
    const subscriber = ana.follow();
    const updates: unknown[] = [];
    subscriber.draftChanged = (update) => updates.push(update);
    core.sessions.setDraft(bo.joined.caller, 'a blue boat');
    await settled();
    expect(updates).toEqual([{ text: 'a blue boat', by: 'Jonas 2', participantId: id }]);
  });
});
