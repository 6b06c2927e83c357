import { describe, expect, test, vi } from 'vitest';
import { Connection } from '../../../../server/ws/connection.ts';
import { Heartbeats } from '../../../../server/ws/heartbeats.ts';
import { ImageFrames } from '../../../../server/ws/image-frames.ts';
import type { CloseCode } from '../../../../shared/close-codes.ts';
import { settled, TestCore, type TestMember } from '../../../support/core.ts';
import { FakeWebSocket, type SentMessage } from '../../../support/fake-web-socket.ts';
import { imageOf } from '../../../support/scripted-generator.ts';

class TestConnection {
  readonly core: TestCore;
  readonly socket = new FakeWebSocket();
  readonly connection: Connection;

  constructor(core: TestCore = new TestCore()) {
    const { sessions, memory, generator, limits, clock, newId, telemetry } = core;
    this.core = core;
    this.connection = new Connection(
      this.socket.asWebSocket,
      this.socket,
      { address: '192.0.2.1', headers: {} },
      {
        sessions,
        frames: new ImageFrames(memory),
        heartbeats: new Heartbeats(clock),
        generator,
        limits,
        clock,
        newId,
        telemetry,
        download: 'approved',
        imagePath: (sessionId, imageId) => `/images/${sessionId}/${imageId}`,
      },
    );
  }

  /** Sends messages at once, and returns the answers when everything has come to rest. */
  async send(...messages: readonly (object | string)[]): Promise<SentMessage[]> {
    for (const message of messages) this.socket.receive(message);
    return this.received();
  }

  /** The messages that were sent since the last look. */
  async received(): Promise<SentMessage[]> {
    await settled();
    this.socket.flush();
    await settled();
    return this.socket.take();
  }

  async join(fields: object = {}): Promise<SentMessage[]> {
    return this.send({ type: 'join', ...fields });
  }
}

const typesOf = (messages: readonly SentMessage[]) => messages.map(({ type }) => type);
const generate = { type: 'generate', prompt: 'a red kite', commandId: 'g' };

/** A connection that has joined the session of `member`, as a reviewer. */
async function joinAs(member: TestMember): Promise<TestConnection> {
  const joined = new TestConnection(member.core);
  const { sessionId } = member;
  expect(typesOf(await joined.join({ sessionId, key: member.key }))).toContain('welcome');
  return joined;
}

describe('join', () => {
  test('W1 W5: the creator gets welcome with the key and a participant, then snapshot and viewers', async () => {
    const creator = new TestConnection();
    const messages = await creator.join({ name: 'Ana' });
    expect(typesOf(messages)).toEqual(['welcome', 'snapshot', 'viewers']);
    expect(messages).toMatchObject([
      { role: 'reviewer', name: 'Ana', connectionId: creator.connection.id, key: expect.any(String) },
      { stage: 'initial_input', revision: 0 },
      { reviewers: 1, watchers: 0 },
    ]);
    const [welcome] = messages;
    const { participantId, participantSecret, sessionId } = welcome ?? expect.fail('no welcome');
    const again = new TestConnection(creator.core);
    const participant = { id: participantId, secret: participantSecret };
    const [welcomeAgain] = await again.join({ sessionId, participant });
    expect(welcomeAgain).toMatchObject({ role: 'watcher', participantId, participantSecret });
    expect(welcomeAgain).not.toHaveProperty('key');
  });

  test('W1: a later join gets the record and the shown images that `have` does not list, then progress and preview', async () => {
    const core = new TestCore();
    const ana = await core.create();
    const first = await ana.draw();
    const second = await ana.draw();
    const { sessionId } = ana;
    await ana.send({ type: 'regenerate' });
    await settled();
    core.generator.drawings.at(-1)?.preview();
    const late = await new TestConnection(core).join({ sessionId });
    expect(typesOf(late)).toEqual(['welcome', 'snapshot', 'viewers', 'image', 'progress', 'image']);
    expect(late.filter(({ type }) => type === 'image')).toMatchObject([
      { imageId: second.imageId, kind: 'final' },
      { kind: 'partial' },
    ]);
    core.generator.drawings.at(-1)?.fail(new Error('failed'));
    await settled();
    await ana.send({ type: 'approve', imageId: first.imageId });
    const final = await new TestConnection(core).join({ sessionId, have: [second.imageId], images: 'url' });
    expect(typesOf(final)).toEqual(['welcome', 'snapshot', 'record', 'viewers', 'image']);
    expect(final.slice(4)).toMatchObject([
      { type: 'image', imageId: first.imageId, url: `/images/${sessionId}/${first.imageId}` },
    ]);
  });

  test.each<[CloseCode, string, object | string]>([
    [4404, 'session_not_found', { type: 'join', sessionId: 'gone' }],
    [4403, 'not_allowed', { type: 'join', token: 'wrong' }],
    [4429, 'server_busy', { type: 'join', token: 'right' }],
    [1008, 'invalid_message', { type: 'join', name: 'x'.repeat(41) }],
    [1008, 'invalid_message', { type: 'join', have: Array(33).fill('x') }],
    [1008, 'invalid_message', { type: 'join', sessionId: 7 }],
  ])('W7: a rejected join closes with %i and its code %s', async (closeCode, code, message) => {
    const core = new TestCore({ limits: { SESSIONS: 0 }, authorize: ({ token }) => token === 'right' });
    const visitor = new TestConnection(core);
    expect(await visitor.send(message)).toMatchObject([{ type: 'reject', code }]);
    expect(visitor.socket.closed).toBe(`${closeCode} ${code}`);
  });

  test('W7: an address over its rate is closed with 4429', async () => {
    const core = new TestCore({ limits: { SESSION_BURST_PER_ADDRESS: 1 } });
    await new TestConnection(core).join();
    const second = new TestConnection(core);
    expect(await second.join()).toMatchObject([{ code: 'rate_limited' }]);
    expect(second.socket.closed).toBe('4429 rate_limited');
  });

  test('a second join is invalid_message, and the first one holds', async () => {
    const joined = new TestConnection();
    await joined.join();
    expect(await joined.join()).toMatchObject([{ type: 'reject', code: 'invalid_message' }]);
    expect(typesOf(await joined.send(generate))).toEqual(['snapshot', 'ack', 'progress']);
    expect(joined.socket.closed).toBeUndefined();
  });

  test('messages that come together with the join are answered after it', async () => {
    const joined = new TestConnection();
    expect(typesOf(await joined.send({ type: 'join' }, generate))).toEqual([
      'welcome',
      'snapshot',
      'viewers',
      'snapshot',
      'ack',
      'progress',
    ]);
  });

  test('a connection that closes while its join waits for authorize is no viewer', async () => {
    const decision = Promise.withResolvers<boolean>();
    const core = new TestCore({ authorize: () => decision.promise });
    const visitor = new TestConnection(core);
    await visitor.join();
    visitor.socket.emit('close');
    decision.resolve(true);
    expect(await visitor.received()).toEqual([]);
    core.clock.advance(core.limits.SESSION_IDLE_MS);
    expect([core.sessions.size, core.clock.timers]).toEqual([0, 0]);
  });
});

describe('before the join', () => {
  test('S4: all other messages are rejected with their commandId, and the 16th rejection closes with 1008', async () => {
    const visitor = new TestConnection();
    const rejected = await visitor.send(generate, '{', { type: 'draft', text: 'x' });
    expect(rejected).toMatchObject([
      { code: 'not_joined', commandId: 'g' },
      { code: 'invalid_message' },
      { code: 'not_joined' },
    ]);
    await visitor.send(...Array(12).fill(generate));
    expect(visitor.socket.closed).toBeUndefined();
    await visitor.send(generate);
    expect(visitor.socket.closed).toBe('1008 join comes first');
  });

  test('S4 W7: a connection that does not join in 5 s is closed with 4408, one that joins is not', async () => {
    const core = new TestCore();
    const [visitor, joined] = [new TestConnection(core), new TestConnection(core)];
    await visitor.send(generate);
    await joined.join();
    core.clock.advance(4_999);
    expect(visitor.socket.closed).toBeUndefined();
    core.clock.advance(1);
    expect([visitor.socket.closed, joined.socket.closed]).toEqual(['4408 no join', undefined]);
  });
});

describe('S4: the rate of rejected messages', () => {
  const limits = { INBOUND_MESSAGE_BYTES: 64 * 1024, REJECTED_BYTES_PER_SECOND: 8 * 1024 };
  const nested = '['.repeat(32_000) + ']'.repeat(32_000);

  test('counts their bytes, so that after two of 64 KB one is parsed each 8 s, and what comes behind it waits and is not lost', async () => {
    const core = new TestCore({ limits });
    const ana = await core.create();
    const [flood, other] = [await joinAs(ana), await joinAs(ana)];
    const answers = async () => typesOf(await flood.received()).filter((type) => type === 'reject' || type === 'ack');
    for (let count = 0; count < 4; count += 1) flood.socket.receive(nested);
    flood.socket.receive({ ...generate, commandId: 'last' });
    expect(await answers()).toEqual(['reject', 'reject']);
    expect(typesOf(await other.send({ type: 'cancel', commandId: 'c' }))).toContain('reject');
    for (const expected of ['reject', 'reject', 'ack']) {
      core.clock.advance(8_000);
      flood.socket.pong();
      expect(await answers()).toEqual([expected]);
    }
  });

  test('lets 128 short ones through at once, more than any client needs, and then 16 a second', async () => {
    const core = new TestCore({ limits: { ...limits, COMMAND_BURST: 1 } });
    const joined = await joinAs(await core.create());
    const answers = async () => (await joined.received()).map(({ type }) => type).length;
    for (let count = 0; count < 200; count += 1) joined.socket.receive('{}');
    expect(await answers()).toBe(128);
    core.clock.advance(1_000);
    expect(await answers()).toBe(16);
    joined.socket.emit('close');
    core.clock.advance(core.limits.SESSION_IDLE_MS);
    expect(core.clock.timers).toBe(0);
  });

  test('does not count accepted ones', async () => {
    const core = new TestCore({ limits: { ...limits, INBOUND_MESSAGE_BYTES: 100, REJECTED_BYTES_PER_SECOND: 1 } });
    const joined = await joinAs(await core.create());
    const typed = Array.from({ length: 300 }, (_, count) => ({ type: 'draft', text: `text ${count}` }));
    await joined.send(...typed);
    expect(typesOf(await joined.send(generate))).toContain('ack');
  });
});

describe('messages', () => {
  test('W6: each command gets one answer, in the order of the commands', async () => {
    const joined = new TestConnection();
    await joined.join();
    const answers = await joined.send(
      { ...generate, commandId: '1' },
      { ...generate, commandId: '2' },
      { type: 'cancel', commandId: '3', turn: 0 },
      { type: 'dance', commandId: '4' },
      { type: 'cancel', commandId: '5' },
    );
    expect(answers.filter(({ type }) => type === 'ack' || type === 'reject')).toMatchObject([
      { type: 'ack', commandId: '1', revision: 1 },
      { type: 'reject', commandId: '2', code: 'wrong_stage', lastAction: { action: 'generate' } },
      { type: 'reject', commandId: '3', code: 'stale', lastAction: { action: 'generate' } },
      { type: 'reject', commandId: '4', code: 'invalid_message' },
      { type: 'ack', commandId: '5', revision: 2 },
    ]);
  });

  test('a binary frame is invalid_message', async () => {
    const joined = new TestConnection();
    await joined.join();
    joined.socket.receive(generate, true);
    expect(await joined.received()).toMatchObject([{ type: 'reject', code: 'invalid_message' }]);
  });

  test('W2 W4: want sends the bytes of any attempt, and says which ids are not there', async () => {
    const core = new TestCore();
    const ana = await core.create();
    const kite = imageOf('kite');
    const { imageId } = await ana.draw(kite);
    await ana.draw();
    const joined = await joinAs(ana);
    const answers = await joined.send({ type: 'want', imageIds: ['unknown', imageId] });
    expect(answers).toMatchObject([
      { type: 'reject', code: 'image_not_found', imageId: 'unknown' },
      { type: 'image', imageId, data: Buffer.from(kite.bytes).toString('base64') },
    ]);
  });

  test('S4: want is limited in its ids, and in its rate together with commands', async () => {
    const core = new TestCore({ limits: { WANT_IDS: 2, COMMAND_BURST: 1 } });
    const joined = await joinAs(await core.create());
    const want = { type: 'want', imageIds: ['a', 'b', 'c'] };
    expect(await joined.send(want)).toMatchObject([{ code: 'invalid_message' }]);
    expect(await joined.send({ ...want, imageIds: ['a'] })).toMatchObject([{ code: 'image_not_found' }]);
    expect(await joined.send({ ...want, imageIds: ['a'] })).toMatchObject([{ code: 'rate_limited' }]);
    expect(await joined.send(generate)).toMatchObject([{ code: 'rate_limited', commandId: 'g' }]);
  });

  test('W8 W9: a draft is passed on to the others, and one of a watcher is rejected', async () => {
    const core = new TestCore();
    const ana = await core.create();
    const [joined, other] = [await joinAs(ana), await joinAs(ana)];
    const watcher = new TestConnection(core);
    await watcher.join({ sessionId: ana.sessionId });
    for (const { socket } of [joined, other]) socket.take();
    expect(await joined.send({ type: 'draft', text: 'a red', draftId: 'd1' })).toMatchObject([
      { type: 'draft', text: 'a red', draftId: 'd1' },
    ]);
    const [update] = (await other.received()).filter(({ type }) => type === 'draft');
    expect(update).toEqual({ type: 'draft', text: 'a red', by: 'Reviewer 1', participantId: expect.any(String) });
    expect(await watcher.send({ type: 'draft', text: 'x' })).toMatchObject([
      { type: 'draft' },
      { type: 'reject', code: 'not_allowed' },
    ]);
  });

  test('R3: a client that does not read its answers is read no further, until it reads again', async () => {
    const joined = new TestConnection(new TestCore({ limits: { OUTBOX_BYTES: 0, COMMAND_BURST: 1_000 } }));
    await joined.join();
    const cancel = (count: number) => ({ type: 'cancel', commandId: `${count}` });
    for (let count = 0; count < 40; count += 1) joined.socket.receive(cancel(count));
    await settled();
    expect(joined.socket.isPaused).toBe(true);
    expect(joined.socket.frames.length).toBeLessThan(2);
    const answers = [...(await joined.received()), ...(await joined.received()), ...(await joined.received())];
    expect(answers.map(({ commandId }) => commandId)).toEqual(Array.from({ length: 40 }, (_, count) => `${count}`));
    expect(joined.socket.isPaused).toBe(false);
  });

  test('a beat is one call of the kernel, and so are the messages of a join', async () => {
    const core = new TestCore();
    const joined = await joinAs(await core.create());
    expect(joined.socket.kernelCalls).toBe(1);
    await joined.received();
    joined.socket.kernelCalls = 0;
    core.clock.advance(5_000);
    expect([joined.socket.kernelCalls, typesOf(await joined.received())]).toEqual([1, ['heartbeat']]);
  });
});

describe('R8: a fault in handling a message', () => {
  test('R8: it is answered with internal_error, logged once, closes with 1011, and disturbs no other connection', async () => {
    const core = new TestCore();
    const [ana, bo] = [await core.create('Ana'), await core.create('Bo')];
    const [broken, sameSession, other] = [await joinAs(ana), await joinAs(ana), await joinAs(bo)];
    await broken.received();
    const fault = new TypeError('secret is not a function');
    const { execute } = core.sessions;
    core.sessions.execute = () => Promise.reject(fault);
    const answers = await broken.send(generate, { type: 'cancel', commandId: 'after' });
    core.sessions.execute = execute;
    expect(answers).toMatchObject([{ type: 'reject', code: 'internal_error', commandId: 'g' }]);
    expect(JSON.stringify(answers)).not.toContain('secret');
    expect(broken.socket.closed).toBe('1011 internal error');
    expect(core.faults).toEqual([fault]);
    for (const joined of [sameSession, other]) {
      expect(joined.socket.closed).toBeUndefined();
      joined.socket.take();
      expect(typesOf(await joined.send(generate))).toEqual(['snapshot', 'ack', 'progress']);
    }
    expect(ana.session.viewers).toMatchObject({ reviewers: 1, watchers: 0 });
  });

  test('R8: in a join it is answered as well', async () => {
    const core = new TestCore();
    const fault = new Error('boom');
    core.sessions.create = () => Promise.reject(fault);
    const visitor = new TestConnection(core);
    expect(await visitor.join()).toMatchObject([{ type: 'reject', code: 'internal_error' }]);
    expect([visitor.socket.closed, core.faults]).toEqual(['1011 internal error', [fault]]);
  });
});

describe('the end of a connection', () => {
  test('W7 R9: when its session ends it is closed with 4404', async () => {
    const core = new TestCore();
    const joined = await joinAs(await core.create());
    await core.sessions.closeAll();
    expect(joined.socket.closed).toBe('4404 session gone');
  });

  test('R4 W7: a peer that answers no ping is closed with 4408, one that does is not', async () => {
    const core = new TestCore();
    const ana = await core.create();
    const [silent, alive] = [await joinAs(ana), await joinAs(ana)];
    for (let second = 0; second < 12; second += 1) {
      alive.socket.pong();
      core.clock.advance(1_000);
    }
    expect([silent.socket.closed, alive.socket.closed]).toEqual(['4408 silent', undefined]);
    expect(silent.socket.pings.length).toBeGreaterThanOrEqual(2);
    expect(typesOf(await alive.received())).toContain('heartbeat');
    expect(core.log).toContainEqual({ msg: 'connection silent', connection: silent.connection.id });
  });

  test('R6: dismissing says goodbye and when to come back', async () => {
    const joined = await joinAs(await new TestCore().create());
    joined.connection.dismiss(1012, 'restart', 1_234);
    expect(await joined.received()).toEqual([{ type: 'goodbye', reason: 'restart', reconnectInMs: 1_234 }]);
    expect(joined.socket.closed).toBe('1012 restart');
  });

  test('R3 R6: a connection is slow above its cap, and quiet when everything was sent and read', async () => {
    const core = new TestCore({ limits: { OUTBOX_BYTES: 1_000 } });
    const joined = await joinAs(await core.create());
    expect([joined.connection.isSlow, joined.connection.isQuiet]).toEqual([false, true]);
    await joined.send({ ...generate, prompt: 'x'.repeat(1_000) });
    joined.socket.pong();
    await joined.received();
    expect(joined.connection.isQuiet).toBe(true);
    joined.socket.receive({ type: 'cancel', commandId: 'c' });
    await settled();
    expect([joined.connection.isSlow, joined.connection.isQuiet]).toEqual([true, false]);
  });

  test.each<[string, object]>([
    ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', { msg: 'connection refused', code: 1009 }],
    ['WS_ERR_TOO_MANY_BUFFERED_PARTS', { msg: 'connection refused', code: 1008 }],
    ['ECONNRESET', { msg: 'socket error', code: 'ECONNRESET' }],
  ])(
    'R8: a connection that breaks with %s leaves the session at once, and is torn down 2 s later',
    async (code, line) => {
      const core = new TestCore();
      const ana = await core.create();
      const joined = await joinAs(ana);
      joined.socket.emit('error', Object.assign(new Error('broken'), { code }));
      expect(ana.session.viewers).toMatchObject({ reviewers: 0, watchers: 0 });
      expect(core.log).toContainEqual({ connection: joined.connection.id, ...line });
      expect(await joined.send(generate)).toEqual([]);
      core.clock.advance(2_000);
      expect(joined.socket.isTerminated).toBe(true);
    },
  );

  test('R8: a failure while writing closes the connection with 1011 and is logged', async () => {
    const core = new TestCore();
    const ana = await core.create();
    const joined = await joinAs(ana);
    vi.spyOn(ana.session, 'snapshotFrame', 'get').mockImplementation(() => {
      throw new Error('out of memory');
    });
    ana.session.setDraft(ana.joined.caller, 'typed elsewhere');
    await ana.draw();
    expect(joined.socket.closed).toBe('1011 internal error');
    expect(core.faults).toEqual([expect.objectContaining({ message: 'out of memory' })]);
  });

  test('a dead peer that never answers the close is torn down after 2 s, and no timer is left', async () => {
    const core = new TestCore();
    const [joined, answering] = [new TestConnection(core), new TestConnection(core)];
    for (const one of [joined, answering]) await one.join();
    await core.sessions.closeAll();
    answering.socket.emit('close');
    core.clock.advance(2_000);
    expect([joined.socket.isTerminated, answering.socket.isTerminated]).toEqual([true, false]);
    expect(core.clock.timers).toBe(0);
  });
});
