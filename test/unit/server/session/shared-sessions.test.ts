/** Sessions on one of several servers, which share a store. */
import { describe, expect, test } from 'vitest';
import { MemoryImages } from '../../../../server/memory/memory-image-store.ts';
import { ImageMemory } from '../../../../server/session/image-memory.ts';
import { NewerDocument } from '../../../../server/session/session-store.ts';
import type { Signal } from '../../../../server/session/signals.ts';
import type { Stores } from '../../../../server/session/stores.ts';
import { type CoreOptions, generate, settled, TestCore, type TestMember } from '../../../support/core.ts';
import { imageOf } from '../../../support/scripted-generator.ts';

/** A server that is one of several. */
const shared = ({ stores = () => ({}), ...options }: CoreOptions = {}): TestCore =>
  new TestCore({
    ...options,
    stores: (made) => ({ sharing: { serverId: 'one', intervalMs: 5_000 }, ...stores(made) }),
  });

const isThere = async ({ core, sessionId }: TestMember) =>
  (await core.stores.sessions.versions([sessionId]))[0] !== undefined;

/** Another session asks for a picture. Returns whether it is drawn. */
async function asksForPicture(core: TestCore): Promise<boolean> {
  const other = await core.create();
  other.follow();
  const before = core.generator.drawings.length;
  expect(await other.send(generate)).toMatchObject({ accepted: true });
  await settled();
  return core.generator.drawings.length > before;
}

describe('memory', () => {
  const IMAGE_BYTES = 1_000;
  const limits = { UPSTREAM_IMAGE_BYTES: IMAGE_BYTES, SESSION_BURST_PER_ADDRESS: 1_000 };

  /** A session with one picture, which everybody has left. */
  async function idleSession(core: TestCore): Promise<TestMember> {
    const member = await core.create();
    const { leave } = member.follow();
    await member.draw(imageOf('idle', IMAGE_BYTES));
    leave();
    return member;
  }

  test('R7: a server ends no session when its own memory is used up, since that would free none of it', async () => {
    const core = shared({ limits: { ...limits, IMAGE_MEMORY_BYTES: 2 * IMAGE_BYTES } });
    const idle = await idleSession(core);
    core.memory.tryReserve(0)?.resize(2 * IMAGE_BYTES);
    expect(await asksForPicture(core)).toBe(false);
    expect(core.outcomes.at(-1)).toBe('server_busy');
    expect(await isThere(idle)).toBe(true);
  });

  test('R7: idle sessions that have nothing to give do not keep the search from the others', async () => {
    const images = new MemoryImages(new ImageMemory(IMAGE_BYTES)).forServer();
    const core = shared({ limits: { ...limits, REDIS_IMAGE_BYTES: IMAGE_BYTES }, stores: () => ({ images }) });
    for (let count = 0; count < 200; count += 1) await core.create();
    const idle = await idleSession(core);
    expect(await asksForPicture(core)).toBe(false);
    expect(await asksForPicture(core)).toBe(true);
    expect(await isThere(idle)).toBe(false);
  });

  test('W1: whoever comes back gets the picture on show, though its copy has made way meanwhile', async () => {
    const core = shared();
    const idle = await idleSession(core);
    idle.session.memory.dropCopies();
    const [attempt] = idle.state.attempts;
    const imageId = attempt?.image.imageId ?? '';
    expect(idle.session.image(imageId)).toBeUndefined();
    await core.sessions.join(core.visitor(), idle.sessionId, { name: 'Ana', participant: idle.credentials });
    expect(idle.session.image(imageId)).toBeDefined();
    expect(idle.session.shownImages).toEqual([imageId]);
  });
});

test('a session that nobody has used here for a minute stays open while a visitor is let in', async () => {
  const decided = Promise.withResolvers<boolean>();
  const core = shared({ authorize: ({ token }) => (token === 'slow' ? decided.promise : true) });
  const { sessionId } = await core.create();
  core.clock.advance(59_000);
  const joined = core.sessions.join(core.visitor(), sessionId, { token: 'slow' });
  await settled();
  core.clock.advance(6_000);
  await settled();
  decided.resolve(true);
  expect(await joined).toMatchObject({ accepted: true });
});

test('S4: a session that was left unused makes way though it has been closed here since', async () => {
  const core = shared({ limits: { SESSIONS: 1 } });
  const unused = await core.create();
  core.clock.advance(core.limits.SESSION_UNTOUCHED_MS);
  await settled();
  expect(core.sessions.view(unused.sessionId)).toBeUndefined();
  await core.create();
  expect(await isThere(unused)).toBe(false);
});

test('a place without a session is given up when it expires', async () => {
  const removed: string[] = [];
  let expire = (_sessionId: string) => {};
  shared({
    stores: ({ sessions }: Stores) => ({
      sessions: Object.assign(sessions, {
        onExpired: (listener: typeof expire) => {
          expire = listener;
          return () => {};
        },
        remove: async (sessionId: string) => {
          removed.push(sessionId);
          return false;
        },
      }),
    }),
  });
  expire('gone');
  await settled();
  expect(removed).toEqual(['gone']);
});

test('the job of a session that only newer servers understand ends here, so that they can draw it', async () => {
  const core = shared({
    stores: ({ sessions }: Stores) => ({
      sessions: Object.assign(sessions, { read: () => Promise.reject(new NewerDocument('newer')) }),
    }),
  });
  core.jobs.add([{ generationId: 'g1', candidate: 0, requester: { sessionId: 's1', address: '192.0.2.1' } }]);
  await settled();
  expect([core.jobs.counts, core.faults]).toEqual([{ running: 0, waiting: 0 }, []]);
});

test('S9: what was spent for a step that the store took after its server had left the session is not given back', async () => {
  const [begun, taken] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const core = shared();
  const ana = await core.create();
  const { sessions } = core.stores;
  const commit = sessions.commit.bind(sessions);
  sessions.commit = async (...change) => {
    const result = await commit(...change);
    begun.resolve();
    await taken.promise;
    return result;
  };
  const answer = ana.send(generate);
  await begun.promise;
  await core.sessions.closeAll();
  taken.resolve();
  expect(await answer).toMatchObject({ code: 'session_not_found' });
  await settled();
  expect(await core.sessions.spentToday()).toMatchObject({ asks: 1 });
});

describe('what other servers tell', () => {
  test('R13: an attempt stays that somebody on another server has open in one of several tabs, or as one of many watchers', async () => {
    let listen = (_signal: Signal) => {};
    const told: Signal[] = [];
    const core = shared({
      stores: () => ({
        signals: {
          set: async (_sessionId, key, value) => told.push({ key, value }) > 0,
          read: async () => [],
          subscribe: async (_sessionId, listener) => {
            listen = listener;
            return () => {};
          },
        },
      }),
    });
    const ana = await core.create('Ana');
    ana.follow();
    const [first, second] = [await ana.draw(), await ana.draw()];
    await ana.draw();
    const other = await core.sessions.join(core.visitor(), ana.sessionId, { participant: ana.credentials });
    if (!other.accepted) throw new Error('rejected');
    core.sessions.subscribe(other.caller, ana.follow());
    core.sessions.look(ana.joined.caller, first.imageId);
    core.sessions.look(other.caller, second.imageId);
    core.clock.advance(1_000);
    const { id: participantId } = ana.joined.caller.participant;
    expect(told.findLast(({ key }) => key.startsWith('people'))?.value).toMatchObject({
      looks: [
        { imageId: first.imageId, participantId },
        { imageId: second.imageId, participantId },
      ],
    });
    const remove = (imageId: string) => ana.send({ type: 'remove', imageIds: [imageId] });
    listen({
      key: 'people two',
      value: { reviewers: 0, watchers: 30, people: [], looks: [{ imageId: first.imageId }] },
    });
    expect(await remove(first.imageId)).toMatchObject({ code: 'image_in_use' });
    expect(await remove(second.imageId)).toMatchObject({ accepted: true });
  });
});

describe('a session that ends here while this server begins to listen to it', () => {
  /** A server that stops meanwhile. Returns how many of its subscriptions are left. */
  async function listeningAfterStop(outcome: 'subscribed' | 'failed'): Promise<number> {
    const [begins, isStopped] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let listening = 0;
    const subscribe = async () => {
      listening += 1;
      return () => {
        listening -= 1;
      };
    };
    const core = shared({
      stores: ({ sessions }: Stores) => ({
        sessions: Object.assign(sessions, {
          subscribe: async () => {
            begins.resolve();
            await isStopped.promise;
            return subscribe();
          },
        }),
        signals: {
          subscribe: outcome === 'subscribed' ? subscribe : () => Promise.reject(new NewerDocument('away')),
          set: async () => true,
          read: async () => [],
        },
      }),
    });
    const created = core.sessions.create(core.visitor(), {});
    await begins.promise;
    await core.sessions.closeAll();
    isStopped.resolve();
    await created;
    return listening;
  }

  test.each(['subscribed', 'failed'] as const)('is listened to no longer: %s', async (outcome) => {
    expect(await listeningAfterStop(outcome)).toBe(0);
  });
});
