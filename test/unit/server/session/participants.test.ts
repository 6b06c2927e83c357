import { describe, expect, test } from 'vitest';
import { newId } from '../../../../server/platform/secrets.ts';
import { Participants } from '../../../../server/session/participants.ts';
import { settled, TestCore } from '../../../support/core.ts';
import { imageOf } from '../../../support/scripted-generator.ts';

describe('Participants', () => {
  test('the secret proves the same participant again', () => {
    const participants = new Participants(newId, 40);
    const known = participants.identify(undefined, 'reviewer');
    expect(participants.identify(known, 'watcher')).toEqual(known);
    expect(known.secret).not.toContain(known.id);
  });

  test('S3: a wrong secret, that of another participant or of another session gives a new participant', () => {
    const participants = new Participants(newId, 40);
    const [ana, bo] = [participants.identify(undefined, 'reviewer'), participants.identify(undefined, 'reviewer')];
    const foreign = new Participants(newId, 40).identify(undefined, 'reviewer');
    const given = [
      { id: ana.id, secret: '' },
      { id: ana.id, secret: `${ana.secret}x` },
      { id: ana.id, secret: bo.secret },
      { id: `${ana.id}x`, secret: ana.secret },
      foreign,
    ];
    const known = new Set([ana.id, bo.id, foreign.id, `${ana.id}x`]);
    for (const credentials of given) {
      const identified = participants.identify(credentials, 'watcher');
      expect(known, JSON.stringify(credentials)).not.toContain(identified.id);
      expect(participants.identify(identified, 'watcher')).toEqual(identified);
    }
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
