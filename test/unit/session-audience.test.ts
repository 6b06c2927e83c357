import { describe, expect, test } from 'vitest';
import { parseServerMessage } from '../../shared/protocol.ts';
import { imageOf } from '../support/scripted-generator.ts';
import { ana, drawn, Onlooker, send, studioWithSession } from '../support/core.ts';

describe('what goes out', () => {
  test('W2 the snapshot is encoded once for all, and holds no bytes', async () => {
    const { session, generator } = studioWithSession();
    const bytes = imageOf('kite');
    await drawn(session, generator, bytes);
    expect(session.snapshotFrame).toBeInstanceOf(Buffer);
    expect(session.snapshotFrame).toBe(session.snapshotFrame);
    expect(String(session.snapshotFrame)).not.toContain(Buffer.from(bytes.bytes).toString('base64').slice(0, 32));
    expect(parseServerMessage(String(session.snapshotFrame)).ok).toBe(true);
  });

  test('the snapshot is kept encoded for as long as somebody looks on', () => {
    const { session } = studioWithSession();
    const [leave, leaveToo] = [session.attach(new Onlooker(session, 'a')), session.attach(new Onlooker(session, 'b'))];
    const frame = session.snapshotFrame;
    leave();
    expect(session.snapshotFrame).toBe(frame);
    leaveToo();
    expect(session.snapshotFrame).not.toBe(frame);
  });

  test('viewers are counted by role', () => {
    const { session } = studioWithSession();
    session.attach(new Onlooker(session, 'a', 'reviewer'));
    session.attach(new Onlooker(session, 'b', 'watcher'));
    const leave = session.attach(new Onlooker(session, 'c', 'watcher'));
    leave();
    expect(session.viewers).toEqual({ reviewers: 1, watchers: 1 });
  });

  test('the images on show are the newest and the approved one, each once', async () => {
    const { session, generator } = studioWithSession();
    expect(session.shownImages).toEqual([]);
    const first = await drawn(session, generator);
    const second = await drawn(session, generator);
    expect(session.shownImages).toEqual([second.imageId]);
    await send(session, { type: 'approve', imageId: first.imageId });
    expect(session.shownImages).toEqual([second.imageId, first.imageId]);
  });

  test('reviewers without a name are numbered', () => {
    const { session } = studioWithSession();
    expect([session.nextReviewerName(), session.nextReviewerName()]).toEqual(['Reviewer 1', 'Reviewer 2']);
  });
});

describe('the draft', () => {
  test('W9 is shared with everybody else, and changes no revision', () => {
    const { session } = studioWithSession();
    const [one, two] = [new Onlooker(session, 'a'), new Onlooker(session, 'b')];
    session.attach(one);
    session.attach(two);
    session.setDraft('a r', ana);
    expect(two.heard).toContain('draft a r by Ana');
    expect(one.heard.some((what) => what.startsWith('draft'))).toBe(false);
    expect(JSON.parse(String(session.snapshotFrame))).toMatchObject({ draft: 'a r', revision: 0 });
  });

  test('an accepted prompt sets it, a refused one does not, start_over empties it', async () => {
    const { session, generator } = studioWithSession();
    const draft = () => JSON.parse(String(session.snapshotFrame)).draft;
    await drawn(session, generator);
    expect(draft()).toBe('a red kite');
    await send(session, { type: 'generate', prompt: 'refused' });
    expect(draft()).toBe('a red kite');
    await send(session, { type: 'start_over' });
    expect(draft()).toBe('');
  });
});
