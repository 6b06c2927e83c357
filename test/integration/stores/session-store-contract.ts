/** What every store of sessions keeps, whatever it is made of. Each sentence of the port is a test here. */
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { newId } from '../../../server/platform/secrets.ts';
import type { RememberedAnswer } from '../../../server/session/answers.ts';
import type { SessionNotice, SessionStore } from '../../../server/session/session-store.ts';
import { documentOf, type OpenServers } from '../../support/stores.ts';

const answerTo = (commandId: string, revision = 1): RememberedAnswer => ({
  commandId,
  digest: `digest of ${commandId}`,
  answer: { accepted: true, revision },
});

/** The notice of the so-manieth change of a new session. */
const changedTo = (count: number): SessionNotice => ({
  type: 'changed',
  latest: { document: documentOf(count), version: count + 1 },
});

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 5 });

async function createdIn(store: SessionStore): Promise<string> {
  const id = newId();
  expect(await store.create(id, documentOf(0))).toBe(true);
  return id;
}

/** The notices that a server gets of a session, from now on. */
async function noticesOf(store: SessionStore, id: string): Promise<readonly SessionNotice[]> {
  const notices: SessionNotice[] = [];
  onTestFinished(await store.subscribe(id, (notice) => notices.push(notice)));
  return notices;
}

export function sessionStoreContract(open: OpenServers): void {
  const openStores = async (...limits: Parameters<OpenServers>) => {
    const [first, second] = await open(...limits);
    return [first.sessions, second.sessions] as const;
  };

  describe('create and read', () => {
    test('a new session has version 1, on every server', async () => {
      const [first, second] = await openStores();
      const id = await createdIn(first);
      expect(await second.read(id)).toEqual({ document: documentOf(0), version: 1 });
    });

    test('a session that does not exist reads as undefined', async () => {
      const [store] = await openStores();
      expect(await store.read(newId())).toBeUndefined();
    });

    test('S4: SESSIONS holds for all servers together, and a removal frees a place', async () => {
      const [first, second] = await openStores({ SESSIONS: 2 });
      const id = await createdIn(first);
      await createdIn(second);
      expect(await first.create(newId(), documentOf(0))).toBe(false);
      expect(await second.create(newId(), documentOf(0))).toBe(false);
      expect(await second.size()).toBe(2);
      await first.remove(id, 'session_ended');
      expect(await second.size()).toBe(1);
      await createdIn(second);
    });

    test('S4: of many sessions that two servers create in the same moment, only SESSIONS are kept', async () => {
      const [first, second] = await openStores({ SESSIONS: 5 });
      const stores = Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? first : second));
      const created = await Promise.all(stores.map((store) => store.create(newId(), documentOf(0))));
      expect(created.filter((isCreated) => isCreated)).toHaveLength(5);
      expect(await first.size()).toBe(5);
    });
  });

  describe('commit', () => {
    test('a new document replaces the one before under the next version', async () => {
      const [first, second] = await openStores();
      const id = await createdIn(first);
      expect(await second.commit(id, 1, { document: documentOf(1) })).toEqual({ outcome: 'committed', version: 2 });
      expect(await first.commit(id, 2, { document: documentOf(2) })).toEqual({ outcome: 'committed', version: 3 });
      expect(await second.read(id)).toEqual({ document: documentOf(2), version: 3 });
    });

    test('M2: a step from another version is a conflict and changes nothing', async () => {
      const [first, second] = await openStores();
      const id = await createdIn(first);
      await first.commit(id, 1, { document: documentOf(1) });
      const late = { document: documentOf(9), answer: answerTo('late') };
      expect(await second.commit(id, 1, late)).toEqual({ outcome: 'conflict' });
      expect(await second.read(id)).toEqual({ document: documentOf(1), version: 2 });
      expect(await second.commit(id, 2, late)).toEqual({ outcome: 'committed', version: 3 });
    });

    test('M2: of two servers that commit in the same moment exactly one does', async () => {
      const [first, second] = await openStores();
      const id = await createdIn(first);
      for (let version = 1; version <= 50; version++) {
        const commits = await Promise.all([
          first.commit(id, version, { document: documentOf(version * 2) }),
          second.commit(id, version, { document: documentOf(version * 2 + 1) }),
        ]);
        expect(commits.map(({ outcome }) => outcome).toSorted()).toEqual(['committed', 'conflict']);
        const winner = commits[0].outcome === 'committed' ? version * 2 : version * 2 + 1;
        expect(await first.read(id)).toEqual({ document: documentOf(winner), version: version + 1 });
      }
    });

    test('M7: a command that was answered at one server gets that answer at another, and changes nothing', async () => {
      const [first, second] = await openStores();
      const id = await createdIn(first);
      await first.commit(id, 1, { document: documentOf(1), answer: answerTo('command', 1) });
      const again = { document: documentOf(9), answer: answerTo('command', 9) };
      const answered = { outcome: 'answered', before: answerTo('command', 1) };
      expect(await second.commit(id, 2, again)).toEqual(answered);
      expect(await second.commit(id, 1, again), 'before a conflict').toEqual(answered);
      expect(await second.read(id)).toEqual({ document: documentOf(1), version: 2 });
    });

    test('M7: a command that arrives at two servers in the same moment is done once', async () => {
      const [first, second] = await openStores();
      const id = await createdIn(first);
      for (let version = 1; version <= 20; version++) {
        const change = { document: documentOf(version), answer: answerTo(`command ${version}`) };
        const commits = await Promise.all([first.commit(id, version, change), second.commit(id, version, change)]);
        expect(commits.map(({ outcome }) => outcome).toSorted()).toEqual(['answered', 'committed']);
      }
    });

    test('M7: a rejection is remembered without a new version, and nobody is told of it', async () => {
      const [first, second] = await openStores();
      const id = await createdIn(first);
      const notices = await noticesOf(second, id);
      const rejection: RememberedAnswer = {
        commandId: 'late',
        digest: 'd',
        answer: { accepted: false, code: 'stale', detail: 'Zu spät – «ü»' },
      };
      expect(await first.commit(id, 1, { answer: rejection })).toEqual({ outcome: 'committed', version: 1 });
      expect(await second.commit(id, 1, { answer: answerTo('late') })).toEqual({
        outcome: 'answered',
        before: rejection,
      });
      await first.commit(id, 1, { document: documentOf(1) });
      await eventually(() => expect(notices).toEqual([changedTo(1)]));
    });

    test('M7: a rejection that was decided from another version is a conflict', async () => {
      const [first, second] = await openStores();
      const id = await createdIn(first);
      await first.commit(id, 1, { document: documentOf(1) });
      expect(await second.commit(id, 1, { answer: answerTo('late') })).toEqual({ outcome: 'conflict' });
    });

    test('M7: the last REMEMBERED_COMMANDS answers of a session are remembered', async () => {
      const [first, second] = await openStores({ REMEMBERED_COMMANDS: 3 });
      const id = await createdIn(first);
      for (const commandId of ['a', 'b', 'c', 'd']) await first.commit(id, 1, { answer: answerTo(commandId) });
      for (const commandId of ['b', 'c', 'd']) {
        expect(await second.commit(id, 1, { answer: answerTo(commandId) })).toMatchObject({ outcome: 'answered' });
      }
      expect(await second.commit(id, 1, { answer: answerTo('a') })).toEqual({ outcome: 'committed', version: 1 });
    });

    test('M7: two sessions may have commands of the same id', async () => {
      const [store] = await openStores();
      const [one, other] = [await createdIn(store), await createdIn(store)];
      await store.commit(one, 1, { answer: answerTo('same') });
      expect(await store.commit(other, 1, { answer: answerTo('same') })).toMatchObject({ outcome: 'committed' });
    });

    test('a session that is gone is said to be gone, also to a command that it has answered', async () => {
      const [first, second] = await openStores();
      const id = await createdIn(first);
      await first.commit(id, 1, { answer: answerTo('command') });
      await second.remove(id, 'session_ended');
      expect(await first.commit(id, 1, { document: documentOf(1) })).toEqual({ outcome: 'gone' });
      expect(await first.commit(id, 1, { answer: answerTo('command') })).toEqual({ outcome: 'gone' });
      expect(await first.read(id)).toBeUndefined();
    });
  });

  test('versions are told in the order of the ids, and undefined for sessions that are gone', async () => {
    const [first, second] = await openStores();
    const [one, other] = [await createdIn(first), await createdIn(first)];
    await first.commit(one, 1, { document: documentOf(1) });
    expect(await second.versions([other, newId(), one])).toEqual([1, undefined, 2]);
    expect(await second.versions([])).toEqual([]);
  });

  describe('remove', () => {
    test('of two servers that remove a session in the same moment one does, and the answers are forgotten', async () => {
      const [first, second] = await openStores();
      const id = await createdIn(first);
      await first.commit(id, 1, { answer: answerTo('command') });
      const removed = await Promise.all([first.remove(id, 'session_ended'), second.remove(id, 'session_ended')]);
      expect(removed.toSorted()).toEqual([false, true]);
      expect(await first.remove(id, 'session_gone')).toBe(false);
      expect(await first.create(id, documentOf(5))).toBe(true);
      expect(await second.commit(id, 1, { answer: answerTo('command') })).toMatchObject({ outcome: 'committed' });
    });

    test('the other servers are told why, and of nothing more', async () => {
      const [first, second] = await openStores();
      const id = await createdIn(first);
      const notices = await noticesOf(second, id);
      const own = await noticesOf(first, id);
      await first.remove(id, 'session_ended');
      await first.create(id, documentOf(0));
      await first.commit(id, 1, { document: documentOf(1) });
      const later = await noticesOf(second, id);
      await first.commit(id, 2, { document: documentOf(2) });
      await eventually(() => expect(later).toContainEqual(changedTo(2)));
      expect(notices).toEqual([{ type: 'removed', why: 'session_ended' }]);
      expect(own).toEqual([]);
    });
  });

  describe('subscribe', () => {
    test('every listener of the other servers is told of a change; the server itself is not', async () => {
      const [first, second] = await openStores();
      const id = await createdIn(first);
      const [own, one, two] = [await noticesOf(first, id), await noticesOf(second, id), await noticesOf(second, id)];
      await first.commit(id, 1, { document: documentOf(1) });
      await eventually(() => expect([one, two]).toEqual([[changedTo(1)], [changedTo(1)]]));
      await second.commit(id, 2, { document: documentOf(2) });
      await eventually(() => expect(own).toEqual([changedTo(2)]));
      expect(one).toHaveLength(1);
    });

    test('another session’s changes are not told', async () => {
      const [first, second] = await openStores();
      const [id, other] = [await createdIn(first), await createdIn(first)];
      const notices = await noticesOf(second, id);
      const others = await noticesOf(second, other);
      await first.commit(other, 1, { document: documentOf(1) });
      await eventually(() => expect(others).toHaveLength(1));
      expect(notices).toEqual([]);
    });

    test('W1: nothing is missed once subscribe has resolved', async () => {
      const [first, second] = await openStores();
      for (let round = 0; round < 30; round++) {
        const id = await createdIn(first);
        const notices = await noticesOf(second, id);
        await first.commit(id, 1, { document: documentOf(1) });
        await eventually(() => expect(notices).toHaveLength(1));
      }
    });

    test('an undone subscription is told nothing more, the others go on, and undoing twice is harmless', async () => {
      const [first, second] = await openStores();
      const id = await createdIn(first);
      const told: string[] = [];
      const listener = () => void told.push('one');
      const undo = await second.subscribe(id, listener);
      onTestFinished(await second.subscribe(id, () => void told.push('other')));
      undo();
      undo();
      await first.commit(id, 1, { document: documentOf(1) });
      await eventually(() => expect(told).toEqual(['other']));
    });

    test('a session can be subscribed to again at once', async () => {
      const [first, second] = await openStores();
      const id = await createdIn(first);
      const undo = await second.subscribe(id, () => {});
      undo();
      const notices = await noticesOf(second, id);
      await first.commit(id, 1, { document: documentOf(1) });
      await eventually(() => expect(notices).toHaveLength(1));
    });
  });

  describe('expiry', () => {
    /** The sessions that the server is told of, from now on. */
    const expiredAt = (store: SessionStore): readonly string[] => {
      const ids: string[] = [];
      onTestFinished(
        store.onExpired((id) => {
          ids.push(id);
          // The test may be over before this is.
          store.remove(id, 'session_gone').catch(() => {});
        }),
      );
      return ids;
    };

    test('a session that nobody holds expires after SESSION_IDLE_MS, and its removal is told', async () => {
      const [first, second] = await openStores({ SESSION_IDLE_MS: 200 });
      const expired = expiredAt(second);
      const createdAt = performance.now();
      const id = await createdIn(first);
      const notices = await noticesOf(first, id);
      await eventually(() => expect(expired).toEqual([id]));
      expect(performance.now() - createdAt).toBeGreaterThan(150);
      await eventually(() => expect(notices).toEqual([{ type: 'removed', why: 'session_gone' }]));
      expect(await first.read(id)).toBeUndefined();
    });

    test('of many servers one alone is told of an expired session', async () => {
      const [first, second] = await openStores({ SESSION_IDLE_MS: 100 });
      const [atFirst, atSecond] = [expiredAt(first), expiredAt(second)];
      const ids = await Promise.all(Array.from({ length: 20 }, (_, at) => createdIn(at % 2 === 0 ? first : second)));
      await eventually(() => expect([...atFirst, ...atSecond].length).toBeGreaterThanOrEqual(20));
      // Another one expires later: until then nothing was told twice.
      const last = await createdIn(first);
      await eventually(() => expect([...atFirst, ...atSecond]).toContain(last));
      expect([...atFirst, ...atSecond].toSorted()).toEqual([...ids, last].toSorted());
    });

    test('a session that any server holds does not expire, before each of its holds is undone', async () => {
      const [first, second] = await openStores({ SESSION_IDLE_MS: 150 });
      const id = await createdIn(first);
      const holds = [second.hold(id), first.hold(id), first.hold(id)];
      const expired = expiredAt(first);
      /** Creates a session and waits until it has expired: longer than `SESSION_IDLE_MS`. */
      const anotherExpires = async () => {
        const another = await createdIn(first);
        await eventually(() => expect(expired).toContain(another));
      };
      await anotherExpires();
      await anotherExpires();
      expect(expired).not.toContain(id);
      const [atSecond, ...atFirst] = holds;
      for (const undo of atFirst) undo();
      for (const undo of atFirst) undo();
      await anotherExpires();
      await anotherExpires();
      expect(expired).not.toContain(id);
      atSecond?.();
      await eventually(() => expect(expired).toContain(id));
    });

    test('idle sessions are those that no server holds, longest idle first', async () => {
      const [first, second] = await openStores();
      const [a, b, c] = [await createdIn(first), await createdIn(first), await createdIn(second)];
      const [undoFirst, undoSecond] = [first.hold(a), second.hold(a)];
      await eventuallyIdle(second, [b, c]);
      undoFirst();
      expect(await first.idle(), 'the other server holds it').toEqual([b, c]);
      undoSecond();
      await eventuallyIdle(first, [b, c, a]);
      await first.remove(b, 'session_ended');
      await eventuallyIdle(second, [c, a]);
    });

    test('to hold a session that is gone is harmless', async () => {
      const [first, second] = await openStores();
      const undo = first.hold(newId());
      undo();
      const id = await createdIn(first);
      const hold = first.hold(id);
      await second.remove(id, 'session_ended');
      hold();
      await eventuallyIdle(first, []);
      expect(await first.size()).toBe(0);
    });

    const eventuallyIdle = (store: SessionStore, ids: readonly string[]) =>
      vi.waitFor(async () => expect(await store.idle()).toEqual(ids), { timeout: 10_000, interval: 5 });
  });
}
