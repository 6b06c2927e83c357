import { describe, expect, test } from 'vitest';
import { generate, TestCore } from '../../../support/core.ts';

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
