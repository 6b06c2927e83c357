import { describe, expect, test } from 'vitest';
import { decisionsIn } from '../../../../server/session/record.ts';
import type { EndedEvent } from '../../../../server/session/session-events.ts';
import { SessionEvents } from '../../../../server/session/session-events.ts';
import { generate, settled, TestCore } from '../../../support/core.ts';
import { imageOf } from '../../../support/scripted-generator.ts';

const ended: EndedEvent = { sessionId: 's1', reason: 'idle', stage: 'final', attempts: 1 };

describe('SessionEvents', () => {
  function createEvents() {
    const faults: unknown[] = [];
    return { faults, events: new SessionEvents((error) => faults.push(error)) };
  }

  test('R8: a handler that throws or rejects is reported, and the other handlers get the event', async () => {
    const { faults, events } = createEvents();
    const received: EndedEvent[] = [];
    const [thrown, rejected] = [new Error('thrown'), new Error('rejected')];
    events.on('ended', () => {
      throw thrown;
    });
    events.on('ended', () => Promise.reject(rejected));
    events.on('ended', (event) => received.push(event));
    events.emit('ended', ended);
    expect(received).toEqual([ended]);
    await events.settled();
    expect(new Set(faults)).toEqual(new Set([thrown, rejected]));
  });

  test('the undo of `on` ends the calls, and may be called twice', async () => {
    const { events } = createEvents();
    const received: string[] = [];
    const undo = events.on('ended', () => received.push('first'));
    events.on('ended', () => received.push('second'));
    undo();
    undo();
    events.emit('ended', ended);
    expect(received).toEqual(['second']);
  });

  test('settled waits for async handlers, and for those of events that follow from them', async () => {
    const { events } = createEvents();
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    events.on('ended', () => first.promise.then(() => events.emit('ready', ready)));
    events.on('ready', () => second.promise);
    const ready = { sessionId: 's1', generationId: 'g1', attempts: [] };
    events.emit('ended', ended);
    let isSettled = false;
    const all = events.settled().then(() => {
      isSettled = true;
    });
    await settled();
    expect(isSettled).toBe(false);
    first.resolve();
    await settled();
    expect(isSettled).toBe(false);
    second.resolve();
    await all;
    await events.settled();
  });
});

describe('events of sessions', () => {
  test('ready names the attempts of a generation that ended with images, and a failure emits none', async () => {
    const core = new TestCore();
    const received: unknown[] = [];
    core.sessions.on('ready', (event) => received.push(event));
    const ana = await core.create();
    await ana.draw();
    received.length = 0;
    await ana.send({ type: 'regenerate', options: { candidates: 3 } });
    await settled();
    const [, one, two, three] = core.generator.drawings;
    one?.finish(imageOf('one'));
    two?.fail(new Error('failed'));
    await settled();
    expect(received).toEqual([]);
    three?.finish(imageOf('three'));
    await settled();
    const attempts = ana.state.attempts.slice(1);
    const generationId = attempts[0]?.image.generationId;
    expect(attempts).toHaveLength(2);
    expect(received).toEqual([{ sessionId: ana.sessionId, generationId, attempts }]);
    await ana.send({ type: 'regenerate', options: {} });
    await settled();
    core.generator.drawings.at(-1)?.fail(new Error('failed'));
    await settled();
    expect(received).toHaveLength(1);
  });

  test('W4: decided carries the decision, the attempt and its bytes, and is emitted once', async () => {
    const core = new TestCore();
    const received: unknown[] = [];
    core.sessions.on('decided', (event) => received.push(event));
    const ana = await core.create();
    const kite = imageOf('kite');
    const { imageId, sha256 } = await ana.draw(kite);
    await ana.draw();
    await ana.send({ type: 'discard', imageId: ana.state.attempts[1]?.image.imageId ?? '' });
    await ana.send({ type: 'approve', imageId, sha256 });
    await ana.send({ type: 'approve', imageId, sha256 });
    await ana.session.memory.forget();
    expect(ana.state.discarded).toEqual([]);
    const [decision] = decisionsIn(ana.state.record);
    const [attempt] = ana.state.attempts;
    expect(decision).toMatchObject({ imageId, sha256, participantId: ana.credentials.id });
    expect(received).toEqual([{ sessionId: ana.sessionId, decision, outcome: 'approved', attempt, bytes: kite.bytes }]);
    await ana.send({ type: 'start_over' });
    expect(received).toHaveLength(1);
  });

  test('ended says why a session ended, at which stage and with how many attempts', async () => {
    const limits = { SESSION_IDLE_MS: 60_000, IMAGE_MEMORY_BYTES: 2_500, UPSTREAM_IMAGE_BYTES: 1_000 };
    const core = new TestCore({ limits });
    const received: EndedEvent[] = [];
    core.sessions.on('ended', (event) => received.push(event));
    const [idle, evicted] = [await core.create(), await core.create()];
    await evicted.draw(imageOf('evicted', 1_000));
    const working = [await core.create(), await core.create()] as const;
    for (const member of working) {
      member.follow();
      await member.draw(imageOf(member.sessionId, 1_000));
    }
    core.clock.advance(60_000);
    const [discarding, reviewing] = working;
    await discarding.send({ type: 'discard', imageId: discarding.state.attempts[0]?.image.imageId ?? '' });
    await core.sessions.closeAll();
    expect(received).toEqual([
      { sessionId: evicted.sessionId, reason: 'memory', stage: 'user_feedback', attempts: 1 },
      { sessionId: idle.sessionId, reason: 'idle', stage: 'initial_input', attempts: 0 },
      { sessionId: discarding.sessionId, reason: 'shutdown', stage: 'initial_input', attempts: 1 },
      { sessionId: reviewing.sessionId, reason: 'shutdown', stage: 'user_feedback', attempts: 1 },
    ]);
  });

  test('R8: a handler that throws or never settles holds up no session; eventsSettled waits for it', async () => {
    const core = new TestCore();
    const fault = new Error('webhook failed');
    const delivery = Promise.withResolvers<void>();
    core.sessions.on('decided', () => {
      throw fault;
    });
    core.sessions.on('decided', () => delivery.promise);
    const ana = await core.create();
    const subscriber = ana.follow();
    const { imageId } = await ana.draw();
    expect(await ana.send({ type: 'approve', imageId })).toMatchObject({ accepted: true });
    expect(subscriber.calls.at(-1)).toBe('snapshot');
    expect(await ana.send({ type: 'start_over' })).toMatchObject({ accepted: true });
    expect(core.faults).toEqual([fault]);
    let isSettled = false;
    const all = core.sessions.eventsSettled().then(() => {
      isSettled = true;
    });
    await settled();
    expect(isSettled).toBe(false);
    delivery.resolve();
    await all;
  });

  test('subscribers are notified of a state before the event about it is emitted', async () => {
    const core = new TestCore();
    const ana = await core.create();
    const subscriber = ana.follow();
    core.sessions.on('ready', () => subscriber.calls.push('ready'));
    await ana.send(generate);
    await settled();
    core.generator.drawings[0]?.finish();
    await settled();
    expect(subscriber.calls.slice(-2)).toEqual(['snapshot', 'ready']);
  });
});
