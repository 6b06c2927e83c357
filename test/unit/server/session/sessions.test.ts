import { describe, expect, test } from 'vitest';
import type { Caller } from '../../../../server/session/participants.ts';
import type { Authorize, Joined, JoinRequest } from '../../../../server/session/sessions.ts';
import { generate, RecordingSubscriber, settled, TestCore, type TestMember } from '../../../support/core.ts';

const codeOf = (answer: { accepted: boolean; code?: string } | undefined) =>
  answer === undefined || answer.accepted ? 'accepted' : answer.code;
/** How a `create` or a `join` ended: the role, or the code of the rejection. */
const roleOf = (answer: Joined | { accepted: false; code: string }) =>
  answer.accepted ? answer.caller.role : answer.code;

describe('create', () => {
  const createFrom = async (core: TestCore, address?: string, request: JoinRequest = {}) =>
    roleOf(await core.sessions.create(core.visitor(address), request));

  test('W5: the creator is a reviewer, and the only one who is given the key', async () => {
    const ana = await new TestCore().create();
    const [bo, cy] = [await ana.bring('Bo'), await ana.bring('Cy', 'watcher')];
    expect(ana.joined).toMatchObject({ caller: { role: 'reviewer' }, key: ana.key });
    expect([bo.joined, cy.joined].map((joined) => 'key' in joined)).toEqual([false, false]);
  });

  test('S2: authorize decides with the token, address and headers of the visitor', async () => {
    const attempts: Parameters<Authorize>[0][] = [];
    const core = new TestCore({
      authorize: async (attempt) => {
        attempts.push(attempt);
        await settled();
        return attempt.token === 'right';
      },
    });
    const headers = { cookie: 'user=ana' };
    const visitor = { ...core.visitor('192.0.2.7'), headers };
    expect(roleOf(await core.sessions.create(visitor, { token: 'wrong' }))).toBe('not_allowed');
    expect(roleOf(await core.sessions.create(visitor, {}))).toBe('not_allowed');
    expect(core.sessions.size).toBe(0);
    expect(roleOf(await core.sessions.create(visitor, { token: 'right' }))).toBe('reviewer');
    const address = '192.0.2.7';
    expect(attempts).toEqual(['wrong', undefined, 'right'].map((token) => ({ token, address, headers })));
    expect(core.faults).toEqual([]);
  });

  test.each<[string, (fault: Error) => Authorize]>([
    ['rejects', (fault) => () => Promise.reject(fault)],
    [
      'throws',
      (fault) => () => {
        throw fault;
      },
    ],
  ])('S2 R8: an authorize that %s counts as no, and is logged as a fault', async (_how, failing) => {
    const fault = new Error('the directory is down');
    const core = new TestCore({ authorize: failing(fault) });
    expect(await createFrom(core)).toBe('not_allowed');
    expect([core.sessions.size, core.faults]).toEqual([0, [fault]]);
  });

  test('S4: an address may create a burst of sessions, and then so many a minute', async () => {
    const core = new TestCore({ limits: { SESSION_BURST_PER_ADDRESS: 3, SESSIONS_PER_MINUTE_PER_ADDRESS: 2 } });
    const burst = await Promise.all(Array.from({ length: 5 }, () => createFrom(core)));
    expect(burst).toEqual([...Array(3).fill('reviewer'), 'rate_limited', 'rate_limited']);
    expect(await createFrom(core, '192.0.2.99')).toBe('reviewer');
    core.clock.advance(60_000);
    expect([await createFrom(core), await createFrom(core), await createFrom(core)]).toEqual([
      'reviewer',
      'reviewer',
      'rate_limited',
    ]);
  });

  test('S2 S4: wrong tokens take nothing from the rate of sessions, and the token is checked before their number', async () => {
    const core = new TestCore({
      limits: { SESSION_BURST_PER_ADDRESS: 2, SESSIONS: 1 },
      authorize: ({ token }) => token === 'right',
    });
    const [right, wrong] = [{ token: 'right' }, { token: 'wrong' }];
    const codes = [];
    for (const request of [wrong, wrong, wrong, right, right, wrong, right]) {
      codes.push(await createFrom(core, undefined, request));
    }
    const refused = Array(3).fill('not_allowed');
    expect(codes).toEqual([...refused, 'reviewer', 'server_busy', 'not_allowed', 'rate_limited']);
  });

  test('S4: when there are too many sessions, one makes way that was left unused; never one in use, or with a picture', async () => {
    const core = new TestCore({ limits: { SESSIONS: 3 } });
    const [unused, open, drawn] = [await core.create(), await core.create(), await core.create()];
    open.follow();
    await drawn.draw();
    expect(await createFrom(core)).toBe('server_busy');
    core.clock.advance(core.limits.SESSION_UNTOUCHED_MS);
    expect(await createFrom(core)).toBe('reviewer');
    const isThere = ({ sessionId }: TestMember) => core.sessions.view(sessionId) !== undefined;
    expect([unused, open, drawn].map(isThere)).toEqual([false, true, true]);
    expect(await createFrom(core)).toBe('server_busy');
  });

  test('S2: wrong tokens and keys of an address share one rate, and the right one passes all the same', async () => {
    const limits = { WRONG_SECRETS_BURST_PER_ADDRESS: 3, WRONG_SECRETS_PER_MINUTE_PER_ADDRESS: 1 };
    const core = new TestCore({ limits, authorize: ({ token }) => token !== 'wrong' });
    const { sessionId, key } = await core.create();
    const join = async (request: JoinRequest, address?: string) =>
      roleOf(await core.sessions.join(core.visitor(address), sessionId, request));
    expect(await createFrom(core, undefined, { token: 'wrong' })).toBe('not_allowed');
    expect([await join({ token: 'wrong' }), await join({ key: 'wrong' })]).toEqual(Array(2).fill('not_allowed'));
    expect(await createFrom(core, undefined, { token: 'wrong' })).toBe('rate_limited');
    expect([await join({ token: 'wrong' }), await join({ key: 'wrong' })]).toEqual(Array(2).fill('rate_limited'));
    expect([await join({ key }), await join({ token: 'right' })]).toEqual(['reviewer', 'watcher']);
    expect(await createFrom(core, undefined, { token: 'right' })).toBe('reviewer');
    expect(await join({ key: 'wrong' }, '192.0.2.99')).toBe('not_allowed');
    core.clock.advance(60_000);
    expect([await join({ key: 'wrong' }), await join({ key: 'wrong' })]).toEqual(['not_allowed', 'rate_limited']);
  });
});

describe('join', () => {
  const joinAs = async (member: TestMember, request: JoinRequest = {}, sessionId = member.sessionId) =>
    roleOf(await member.core.sessions.join(member.core.visitor(), sessionId, request));

  test('W5: the id makes a watcher, the key a reviewer, and a wrong key is not_allowed', async () => {
    const core = new TestCore();
    const [ana, other] = [await core.create(), await core.create()];
    const { key } = ana;
    expect(await joinAs(ana)).toBe('watcher');
    expect(await joinAs(ana, { key })).toBe('reviewer');
    for (const wrong of ['', 'x', other.key, `${key} `, ana.sessionId]) {
      expect(await joinAs(ana, { key: wrong }), JSON.stringify(wrong)).toBe('not_allowed');
    }
  });

  test('S2: joining needs no token, and a wrong token is not_allowed', async () => {
    const core = new TestCore({ authorize: async ({ token }) => token === undefined || token === 'right' });
    const ana = await core.create();
    const { key } = ana;
    expect(await joinAs(ana, { token: 'right' })).toBe('watcher');
    expect(await joinAs(ana, { token: 'right', key })).toBe('reviewer');
    expect(await joinAs(ana, { token: 'wrong' })).toBe('not_allowed');
    expect(await joinAs(ana, { token: 'wrong', key })).toBe('not_allowed');
  });

  test('W5: the checks come in this order: session, key, token', async () => {
    const core = new TestCore({ authorize: ({ token }) => token !== 'wrong' });
    const ana = await core.create();
    const { key } = ana;
    expect(await joinAs(ana, { key: 'wrong', token: 'wrong' }, 'gone')).toBe('session_not_found');
    expect(await joinAs(ana, { key: 'wrong' })).toBe('not_allowed');
    expect(await joinAs(ana, { key, token: 'wrong' })).toBe('not_allowed');
    expect(await joinAs(ana, { key, token: 'right' })).toBe('reviewer');
  });
});

describe('execute', () => {
  test('S4 M7: the checks come in this order: capabilities, session, rate, role, idempotency, text, machine, capacity', async () => {
    const limits = { COMMAND_BURST: 3, CONCURRENT_CANDIDATES: 1, QUEUED_CANDIDATES: 0 };
    const core = new TestCore({ limits });
    const ana = await core.create('Ana');
    const busy = await core.create('Busy');
    const watcher = await ana.bring('Wim', 'watcher');
    const codesOf = async (caller: Caller, ...commands: Parameters<TestMember['send']>[0][]) => {
      const codes: unknown[] = [];
      for (const [index, command] of commands.entries()) {
        codes.push(codeOf(await core.sessions.execute(caller, { ...command, commandId: `${command.type} ${index}` })));
      }
      return codes;
    };
    const blank = { type: 'generate', prompt: ' ' } as const;
    const impossible = { ...blank, options: { size: '9000x9000' } };
    const gone = { ...ana.joined.caller, sessionId: 'gone' };
    expect(await codesOf(gone, impossible, blank)).toEqual(['invalid_message', 'session_not_found']);
    // Neither of those took a token of the participant's rate.
    expect(await codesOf(watcher.joined.caller, impossible, blank, blank, blank, blank)).toEqual([
      'invalid_message',
      ...Array(3).fill('not_allowed'),
      'rate_limited',
    ]);
    await busy.send(generate);
    expect(await codesOf(ana.joined.caller, blank, { ...generate, turn: 7 }, generate)).toEqual([
      'prompt_empty',
      'stale',
      'server_busy',
    ]);
    core.clock.advance(1_000);
    const repeated = { ...blank, commandId: 'generate 0' };
    expect(codeOf(await core.sessions.execute(ana.joined.caller, { ...repeated, prompt: 'x' }))).toBe(
      'invalid_message',
    );
    expect(codeOf(await core.sessions.execute(ana.joined.caller, repeated))).toBe('prompt_empty');
  });

  test('S4 M7: the rate is per participant over all their connections, refills, and is not remembered', async () => {
    const core = new TestCore({ limits: { COMMAND_BURST: 4, COMMANDS_PER_SECOND: 2 } });
    const ana = await core.create('Ana');
    const second = await ana.bring('Ana', 'reviewer', { participant: ana.credentials });
    const bo = await ana.bring('Bo');
    const answers = [];
    for (const member of [ana, second, ana, second]) answers.push(codeOf(await member.send({ type: 'cancel' })));
    expect(answers).toEqual(Array(4).fill('wrong_stage'));
    expect(codeOf(await second.send(generate, 'same'))).toBe('rate_limited');
    expect(core.sessions.requestImages(ana.joined.caller)).toMatchObject({ code: 'rate_limited' });
    expect(codeOf(await bo.send({ type: 'cancel' }))).toBe('wrong_stage');
    core.clock.advance(1_000);
    expect(codeOf(await second.send(generate, 'same'))).toBe('accepted');
    expect(core.sessions.requestImages(ana.joined.caller)).toBeUndefined();
    expect(core.sessions.requestImages(second.joined.caller)).toMatchObject({ code: 'rate_limited' });
  });

  test('W5: every command of a watcher is not_allowed, and changes nothing', async () => {
    const core = new TestCore();
    const ana = await core.create();
    const watcher = await ana.bring('Wim', 'watcher');
    const before = ana.state;
    for (const command of [generate, { type: 'cancel' }, { type: 'start_over' }] as const) {
      expect(codeOf(await watcher.send(command))).toBe('not_allowed');
    }
    expect(ana.state).toBe(before);
    expect(core.generator.drawings).toEqual([]);
  });

  test('S4: a generation needs capacity for all its candidates, or none of them is queued', async () => {
    const core = new TestCore({ limits: { CONCURRENT_CANDIDATES: 1, QUEUED_CANDIDATES: 2 } });
    const [one, two] = [await core.create(), await core.create()];
    await one.send({ ...generate, options: { candidates: 2 } });
    expect(codeOf(await two.send({ ...generate, options: { candidates: 2 } }))).toBe('server_busy');
    expect(two.state.revision).toBe(0);
    expect(codeOf(await two.send(generate))).toBe('accepted');
    await settled();
    expect([core.jobs.counts.running, core.jobs.counts.waiting]).toEqual([1, 2]);
  });
});

describe('reading', () => {
  test('sessions are counted by stage, and it is known whether something is drawn', async () => {
    const core = new TestCore();
    const [ana, bo] = [await core.create(), await core.create()];
    await ana.draw();
    expect(core.sessions.isDrawing).toBe(false);
    await bo.send(generate);
    expect(core.sessions.stages).toEqual({ initial_input: 0, generating: 1, user_feedback: 1, final: 0 });
    expect([core.sessions.size, core.sessions.isDrawing]).toEqual([2, true]);
  });

  test('R9: a session that is gone has no view, and takes no draft and no subscriber', async () => {
    const core = new TestCore();
    const ana = await core.create();
    expect(core.sessions.view(ana.sessionId)).toBe(ana.session);
    await core.sessions.closeAll();
    expect(core.sessions.view(ana.sessionId)).toBeUndefined();
    expect(core.sessions.setDraft(ana.joined.caller, 'text')).toMatchObject({ code: 'session_not_found' });
    const subscriber = new RecordingSubscriber(() => '');
    expect(core.sessions.subscribe(ana.joined.caller, subscriber)).toMatchObject({ code: 'session_not_found' });
    expect(subscriber.calls).toEqual([]);
  });
});

describe('a session without connections', () => {
  const IDLE_MS = 24 * 60 * 60_000;
  const isThere = ({ core, sessionId }: TestMember) => core.sessions.view(sessionId) !== undefined;

  test('ends 24 hours after its creation or after the last connection has left', async () => {
    const core = new TestCore();
    const [ana, never] = [await core.create(), await core.create()];
    const [first, second] = [ana.follow(), ana.follow()];
    first.leave();
    core.clock.advance(2 * IDLE_MS);
    expect([isThere(ana), isThere(never)]).toEqual([true, false]);
    second.leave();
    core.clock.advance(IDLE_MS - 1);
    expect(isThere(ana)).toBe(true);
    core.clock.advance(1);
    expect([isThere(ana), core.clock.timers]).toEqual([false, 0]);
  });

  test('starts the 24 hours anew when a connection comes back in time', async () => {
    const core = new TestCore();
    const ana = await core.create();
    ana.follow().leave();
    core.clock.advance(IDLE_MS - 1);
    const back = ana.follow();
    core.clock.advance(IDLE_MS);
    back.leave();
    back.leave();
    core.clock.advance(IDLE_MS - 1);
    expect(isThere(ana)).toBe(true);
    core.clock.advance(1);
    expect(isThere(ana)).toBe(false);
  });

  test.each(['finish', 'fail', 'cancel'] as const)(
    'R2: does not end while a generation runs, but 24 hours after its end by %s',
    async (end) => {
      const core = new TestCore();
      const ana = await core.create();
      const subscriber = ana.follow();
      await ana.send(generate);
      await settled();
      subscriber.leave();
      core.clock.advance(3 * IDLE_MS);
      expect(isThere(ana)).toBe(true);
      if (end === 'finish') core.generator.drawings[0]?.finish();
      if (end === 'fail') core.generator.drawings[0]?.fail(new Error('failed'));
      if (end === 'cancel') await ana.send({ type: 'cancel' });
      await settled();
      core.clock.advance(IDLE_MS - 1);
      expect(isThere(ana)).toBe(true);
      core.clock.advance(1);
      expect(isThere(ana)).toBe(false);
    },
  );

  test('R2 R7: closeAll aborts what runs or waits, and leaves neither memory nor timers', async () => {
    const core = new TestCore({ limits: { CONCURRENT_CANDIDATES: 1, DRAFTS_PER_SECOND: 1 } });
    const [ana, bo, cy] = [await core.create(), await core.create(), await core.create()];
    const subscriber = ana.follow();
    await ana.draw();
    await bo.send(generate);
    await cy.send({ ...generate, options: { candidates: 4 } });
    await settled();
    core.generator.drawings[1]?.preview();
    for (const text of ['a', 'ab']) core.sessions.setDraft(ana.joined.caller, text);
    await core.sessions.closeAll();
    await core.sessions.closeAll();
    await settled();
    expect(subscriber.calls.filter((call) => call === 'session_gone')).toHaveLength(1);
    expect([core.jobs.counts.running, core.jobs.counts.waiting, core.generator.drawings.length]).toEqual([0, 0, 2]);
    expect([core.sessions.size, core.clock.timers, core.memory.usedBytes, core.faults]).toEqual([0, 0, 0, []]);
  });
});
