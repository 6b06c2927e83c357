import { describe, expect, test } from 'vitest';
import type { Caller } from '../../../../server/session/participants.ts';
import { SessionDraft } from '../../../../server/session/session-draft.ts';
import { generate, TestCore } from '../../../support/core.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const callerOn = (connectionId: string): Caller => ({
  sessionId: 's1',
  role: 'reviewer',
  participant: { id: 'p1', name: 'Ana', since: 0 },
  hasVote: true,
  connectionId,
  address: '192.0.2.1',
});
const [ana, bo] = [callerOn('c1'), callerOn('c2')];

describe('SessionDraft', () => {
  function createDraft() {
    const clock = new FakeClock();
    /** The texts that were set, in order. */
    const set: string[] = [];
    return { clock, set, draft: new SessionDraft(10, clock, (text) => set.push(text)) };
  }

  /** Types `count` texts, so that the burst of `author` is used up. */
  function typeBurst(draft: SessionDraft, author = ana): void {
    for (let count = 1; count <= 10; count += 1) draft.type(author, `burst ${count}`);
  }

  test('S4: of texts that come too fast only the last is set, and it always is', () => {
    const { clock, set, draft } = createDraft();
    typeBurst(draft);
    for (let count = 11; count <= 50; count += 1) draft.type(ana, `${count}`);
    expect(set).toHaveLength(10);
    expect(draft.text).toBe('burst 10');
    clock.advance(100);
    expect([set.length, draft.text]).toEqual([11, '50']);
    clock.advance(10_000);
    expect(set).toHaveLength(11);
    expect(clock.timers).toBe(0);
  });

  test('S4: no more than 10 a second are set, whether texts come steadily or in pairs', () => {
    const { clock, set, draft } = createDraft();
    typeBurst(draft);
    for (let ms = 0; ms < 10_000; ms += 20) {
      draft.type(ana, `${ms}`);
      clock.advance(20);
    }
    expect(set.length - 10).toBeGreaterThan(80);
    expect(set.length - 10).toBeLessThanOrEqual(101);
    const before = set.length;
    for (let ms = 0; ms < 5_000; ms += 100) {
      draft.type(ana, `${ms} a`);
      draft.type(ana, `${ms} b`);
      clock.advance(100);
    }
    expect(set.length - before).toBeLessThanOrEqual(51);
  });

  test('each connection has a rate of its own', () => {
    const { draft } = createDraft();
    typeBurst(draft, ana);
    draft.type(bo, 'by another');
    expect(draft.text).toBe('by another');
  });

  test('flush sets what waits at once and only once', () => {
    const { clock, set, draft } = createDraft();
    typeBurst(draft);
    draft.type(ana, 'last');
    draft.flush();
    draft.flush();
    clock.advance(1_000);
    expect(set.slice(10)).toEqual(['last']);
  });

  test('the last text of a connection that leaves is set', () => {
    const { clock, draft } = createDraft();
    typeBurst(draft);
    draft.type(ana, 'last');
    draft.leave(bo.connectionId);
    expect(draft.text).toBe('burst 10');
    draft.leave(ana.connectionId);
    expect([draft.text, clock.timers]).toEqual(['last', 0]);
  });

  test('after close no text is set, and no timer is left', () => {
    const { clock, set, draft } = createDraft();
    typeBurst(draft);
    draft.type(ana, 'last');
    draft.close();
    expect(clock.timers).toBe(0);
    expect(set).toHaveLength(10);
  });
});

describe('the draft of a session', () => {
  test('W9: all other connections are notified of it, and it changes no revision', async () => {
    const core = new TestCore();
    const ana = await core.create('Ana');
    const bo = await ana.bring('Bo', 'watcher');
    const [own, other] = [ana.follow(), bo.follow()];
    expect(core.sessions.setDraft(ana.joined.caller, 'a red')).toBeUndefined();
    expect(other.calls).toContain('draft "a red" by Ana');
    expect(own.calls.filter((call) => call.startsWith('draft'))).toEqual([]);
    expect(ana.snapshot).toMatchObject({ draft: 'a red', revision: 0, draftRevision: 0 });
  });

  test('W8: its author is notified too when they gave a draftId, which no other connection sees', async () => {
    const core = new TestCore();
    const ana = await core.create('Ana');
    const [own, other] = [ana.follow(), (await ana.bring('Bo')).follow()];
    core.sessions.setDraft(ana.joined.caller, 'a red', 'd1');
    expect(own.calls).toContain('draft "a red" by Ana, own d1');
    expect(other.calls).toContain('draft "a red" by Ana');
  });

  test('W8: text that was typed before a command is set before it, so that the command’s prompt stays', async () => {
    const core = new TestCore({ limits: { DRAFTS_PER_SECOND: 1 } });
    const ana = await core.create('Ana');
    ana.follow();
    const other = (await ana.bring('Bo')).follow();
    core.sessions.setDraft(ana.joined.caller, 'a');
    core.sessions.setDraft(ana.joined.caller, 'a red kit');
    await ana.send(generate);
    core.clock.advance(10_000);
    const calls = other.calls.filter((call) => /^(draft|snapshot)/.test(call));
    expect(calls).toEqual(['draft "a" by Ana', 'draft "a red kit" by Ana', 'snapshot']);
    expect(ana.snapshot.draft).toBe('a red kite');
  });

  test('the last text of a connection that leaves reaches the others', async () => {
    const core = new TestCore({ limits: { DRAFTS_PER_SECOND: 1 } });
    const ana = await core.create('Ana');
    const [own, other] = [ana.follow(), (await ana.bring('Bo')).follow()];
    for (const text of ['a', 'a red kit']) core.sessions.setDraft(ana.joined.caller, text);
    own.leave();
    expect(other.calls).toContain('draft "a red kit" by Ana');
    expect(ana.snapshot.draft).toBe('a red kit');
  });

  test('an accepted prompt sets it and counts draftRevision, a rejected one does not, and start_over empties it', async () => {
    const ana = await new TestCore().create();
    await ana.draw();
    await ana.send({ type: 'generate', prompt: 'rejected' });
    expect(ana.snapshot).toMatchObject({ draft: 'a red kite', draftRevision: 1 });
    await ana.send({ type: 'start_over' });
    expect(ana.snapshot).toMatchObject({ draft: '', draftRevision: 2 });
  });

  test('S4: a watcher may not set it, and a text longer than the prompt’s limit is prompt_too_long', async () => {
    const core = new TestCore({ limits: { PROMPT_CHARACTERS: 10 } });
    const ana = await core.create();
    const watcher = await ana.bring('Bo', 'watcher');
    expect(core.sessions.setDraft(watcher.joined.caller, 'text')).toMatchObject({ code: 'not_allowed' });
    expect(core.sessions.setDraft(ana.joined.caller, 'x'.repeat(11))).toMatchObject({ code: 'prompt_too_long' });
    expect(ana.snapshot.draft).toBe('');
  });
});
