import { describe, expect, test } from 'vitest';
import type { Signal, Signals } from '../../../../server/session/signals.ts';
import { generate, settled, TestCore } from '../../../support/core.ts';

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

describe('the draft of a session that several servers have open', () => {
  const typed = (text: string): Signal => ({
    key: 'draft',
    value: { text, by: 'Bo', participantId: 'p1', draftRevision: 0 },
  });

  /** A core that shares its sessions with other servers by `signals`. */
  const sharing = (signals: Signals): TestCore =>
    new TestCore({ stores: () => ({ sharing: { serverId: 'one', intervalMs: 2_000 }, signals }) });

  test('W8: a text that is heard while an older one is read stays', async () => {
    const [begun, read] = [Promise.withResolvers<void>(), Promise.withResolvers<readonly Signal[]>()];
    let listen = (_signal: Signal) => {};
    const core = sharing({
      set: async () => true,
      subscribe: async (_sessionId, listener) => {
        listen = listener;
        return () => {};
      },
      read: () => {
        begun.resolve();
        return read.promise;
      },
    });
    const created = core.create();
    await begun.promise;
    listen(typed('a red kite'));
    read.resolve([typed('a red')]);
    expect((await created).snapshot.draft).toBe('a red kite');
  });

  test('W8: whoever waits for their text to be shared is told what stands in its place when it is given up', async () => {
    let isReachable = true;
    const core = sharing({
      set: async () => isReachable,
      subscribe: async () => () => {},
      read: async () => [typed('a red kite')],
    });
    const ana = await core.create('Ana');
    const bo = await ana.bring('Bo');
    const [own, other] = [ana.follow(), bo.follow()];
    isReachable = false;
    core.sessions.setDraft(ana.joined.caller, 'a blue', 'd1');
    core.sessions.setDraft(bo.joined.caller, 'a green');
    other.leave();
    await settled();
    expect(own.calls).not.toContain('draft "a green" by Ana, own d1');
    core.clock.advance(1_000);
    await settled();
    expect(own.calls.at(-1)).toBe('draft "a red kite" by Ana, own d1');
  });
});
