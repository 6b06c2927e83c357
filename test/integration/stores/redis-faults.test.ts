import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { newId } from '../../../server/platform/secrets.ts';
import { NewerDocument, type SessionNotice, StoreUnavailable } from '../../../server/session/session-store.ts';
import type { Signal } from '../../../server/session/signals.ts';
import type { LogLine } from '../../support/quiet-log.ts';
import { useRedis } from '../../support/redis-server.ts';
import { documentOf, type OpenRedisOptions, openRedisServer, type RedisServerOnTest } from '../../support/stores.ts';

const PASSWORD = 'p@ss:word-of-redis';
const TIMEOUT_MS = 1_000;
/** Much longer than that, for a slow machine, and much shorter than an outage may last. */
const NOTICED_MS = 10_000;
const redis = useRedis({ password: PASSWORD });

/** A connection may take two seconds until it tries again. */
vi.setConfig({ testTimeout: 30_000 });

const eventually = <Result>(check: () => Result) => vi.waitFor(check, { timeout: 20_000, interval: 5 });

/** A client of the test's own. */
function admin(): Redis {
  const client = new Redis(redis.url);
  client.on('error', () => {});
  onTestFinished(() => client.disconnect());
  return client;
}

function open(options: Partial<OpenRedisOptions> = {}): RedisServerOnTest {
  return openRedisServer({ url: redis.url, commandTimeoutMs: TIMEOUT_MS, ...options });
}

function openTwo(options: Partial<OpenRedisOptions> = {}): readonly [RedisServerOnTest, RedisServerOnTest] {
  const prefix = `${newId()}:`;
  return [open({ prefix, ...options }), open({ prefix, ...options })];
}

async function noticesOf({ sessions }: RedisServerOnTest, id: string): Promise<readonly SessionNotice[]> {
  const notices: SessionNotice[] = [];
  onTestFinished(await sessions.subscribe(id, (notice) => notices.push(notice)));
  return notices;
}

async function createdIn({ sessions }: Pick<RedisServerOnTest, 'sessions'>): Promise<string> {
  const id = newId();
  expect(await sessions.create(id, documentOf(0))).toBe(true);
  return id;
}

/** What `promise` is rejected with, and how long that took. */
async function rejectionOf(promise: unknown): Promise<{ readonly error: Error; readonly ms: number }> {
  const startedAt = performance.now();
  const error: unknown = await Promise.resolve(promise).then(
    () => new Error('it was not rejected'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof StoreUnavailable)) throw error;
  return { error, ms: performance.now() - startedAt };
}

function logged() {
  const lines: LogLine[] = [];
  const write = (fields: unknown, msg?: unknown) => void lines.push({ ...Object(fields), msg: String(msg) });
  return { lines, logger: { info: write, warn: write } };
}

describe('connections that are cut', () => {
  test('R1: commands go on, and listeners are told of a change that they may have missed, and then of the next ones', async () => {
    const [first, second] = openTwo();
    const id = await createdIn(first);
    const notices = await noticesOf(second, id);
    const signals: Signal[] = [];
    let missed = 0;
    const onMissed = () => {
      missed += 1;
    };
    onTestFinished(await second.signals.subscribe(id, (signal) => signals.push(signal), onMissed));
    await first.signals.set(id, 'draft', 'a fox', 60_000);
    await eventually(() => expect(signals).toEqual([{ key: 'draft', value: 'a fox' }]));

    await admin().call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await eventually(() => expect(notices).toEqual([{ type: 'changed' }]));
    await eventually(() => expect(missed).toBe(1));

    await admin().call('CLIENT', 'KILL', 'TYPE', 'normal');
    await eventually(() => first.sessions.commit(id, 1, { document: documentOf(1) }));
    await eventually(() => expect(notices).toHaveLength(2));
    expect(await second.sessions.read(id)).toEqual({ document: documentOf(1), version: 2 });
  });

  test('a change while the subscriber was away is told when it is back', async () => {
    const [first, second] = openTwo();
    const id = await createdIn(first);
    const read: (number | undefined)[] = [];
    onTestFinished(
      await second.sessions.subscribe(id, () => {
        second.sessions.read(id).then(
          (session) => read.push(session?.version),
          () => {},
        );
      }),
    );
    await Promise.all([
      admin().call('CLIENT', 'KILL', 'TYPE', 'pubsub'),
      first.sessions.commit(id, 1, { document: documentOf(1) }),
    ]);
    await eventually(() => expect(read.at(-1)).toBe(2));
  });

  test('R3: many cuts leave one subscription of each session, and none of those that were undone', async () => {
    const [first, second] = openTwo();
    const client = admin();
    const ids = await Promise.all(Array.from({ length: 30 }, () => createdIn(first)));
    const undos = await Promise.all(ids.map((id) => second.sessions.subscribe(id, () => {})));
    for (let round = 0; round < 3; round++) {
      await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await eventually(async () => expect(await channelsOf(client, second)).toHaveLength(ids.length));
    }
    for (const undo of undos) undo();
    await eventually(async () => expect(await channelsOf(client, second)).toEqual([]));
  });

  const channelsOf = (client: Redis, { deployment }: RedisServerOnTest) =>
    client.call('PUBSUB', 'CHANNELS', `${deployment.prefix}*`);
});

describe('Redis is away', () => {
  test('everything is rejected as unavailable within the timeout, and works again afterwards, with sessions gone', async () => {
    const [first, second] = openTwo();
    const id = await createdIn(first);
    const notices = await noticesOf(second, id);
    second.sessions.hold(id);
    await redis.stop();
    const { sessions, signals } = first;
    await first.signals.set(id, 'draft', 'a fox', 60_000);
    const rejections = await Promise.all(
      [
        () => sessions.create(newId(), documentOf(0)),
        () => sessions.read(id),
        () => sessions.commit(id, 1, { document: documentOf(1) }),
        () => sessions.versions([id]),
        () => sessions.remove(id, 'session_ended'),
        () => sessions.subscribe(newId(), () => {}),
        () => sessions.idle(),
        () => sessions.size(),
        () => signals.read(id),
        () =>
          signals.subscribe(
            newId(),
            () => {},
            () => {},
          ),
      ].map((call) => rejectionOf(call())),
    );
    for (const { ms } of rejections) expect(ms).toBeLessThan(NOTICED_MS);

    await redis.start();
    await eventually(async () => expect(await first.sessions.versions([id])).toEqual([undefined]));
    await eventually(() => expect(notices.at(-1)).toEqual({ type: 'removed', why: 'session_gone' }));
    const next = await createdIn(first);
    const noticesOfNext = await eventually(() => noticesOf(second, next));
    await first.sessions.commit(next, 1, { document: documentOf(1) });
    await eventually(() => expect(noticesOfNext).toHaveLength(1));
  });

  test('a Redis that answers nothing is given up after the timeout, and used again when it answers', async () => {
    const [first, second] = openTwo();
    const id = await createdIn(first);
    const notices = await noticesOf(second, id);
    redis.pause();
    onTestFinished(() => redis.resume());
    const { ms } = await rejectionOf(first.sessions.commit(id, 1, { document: documentOf(1) }));
    expect(ms).toBeLessThan(NOTICED_MS);
    await rejectionOf(first.sessions.read(id));
    redis.resume();
    await eventually(() => first.sessions.read(id));
    // The first commit may have been done, so the next one starts from what stands there.
    const stored = await first.sessions.read(id);
    const version = stored?.version ?? 0;
    expect(await first.sessions.commit(id, version, { document: documentOf(2) })).toMatchObject({
      outcome: 'committed',
    });
    await eventually(() => expect(notices.length).toBeGreaterThan(0));
  });

  test('R7: what waits for Redis is bounded', async () => {
    const { deployment, sessions } = open();
    await deployment.connection.run((client) => client.ping());
    redis.pause();
    onTestFinished(() => redis.resume());
    const rejections = Array.from({ length: 10_100 }, () => rejectionOf(sessions.size()));
    const messages = (await Promise.all(rejections)).map(({ error }) => error.message);
    expect(messages.filter((message) => message === 'Too many commands wait for Redis')).toHaveLength(100);
  });

  test('R14, S3: each loss and each return is one line in the log, without host or password', async () => {
    const { lines, logger } = logged();
    const { deployment } = open({ logger });
    await eventually(() => expect(lines).toHaveLength(2));
    let tries = 0;
    deployment.connection.client.on('close', () => (tries += 1));
    await redis.stop();
    await eventually(() => expect(tries).toBeGreaterThan(5));
    await redis.start();
    await eventually(() => expect(lines).toHaveLength(6));
    for (const name of ['proofroom', 'proofroom-subscriber']) {
      const ofConnection = lines.filter(({ connection }) => connection === name);
      expect(ofConnection.map(({ msg }) => msg)).toEqual([
        'Redis can be reached',
        'Redis can’t be reached',
        'Redis can be reached',
      ]);
    }
    expect(JSON.stringify(lines)).not.toMatch(/pass|127\.0\.0\.1/);
  });

  test('S3: a wrong password is told as a code, in the log and in errors', async () => {
    const { lines, logger } = logged();
    const { sessions } = open({ logger, url: redis.url.replace(/:[^:@]*@/, ':wrong-secret@') });
    const { error } = await rejectionOf(sessions.size());
    await eventually(() => expect(lines).toHaveLength(2));
    expect(lines.map(({ code }) => code)).toEqual(['WRONGPASS', 'WRONGPASS']);
    expect(JSON.stringify([lines, error.message, error.stack, error.cause])).not.toContain('wrong-secret');
  });
});

describe('what Redis holds', () => {
  test('R9: after a flush sessions are gone, and their holders are told', async () => {
    const [first, second] = openTwo();
    const [held, other] = [await createdIn(first), await createdIn(first)];
    const notices = await noticesOf(second, held);
    second.sessions.hold(held);
    await admin().flushall();
    await eventually(() => expect(notices).toEqual([{ type: 'removed', why: 'session_gone' }]));
    expect(await first.sessions.versions([held, other])).toEqual([undefined, undefined]);
    expect(await first.sessions.commit(other, 1, { document: documentOf(1) })).toEqual({ outcome: 'gone' });
  });

  test('R13: when only the set of sessions was lost, those that are held are in it again', async () => {
    const { sessions, deployment } = open();
    const id = await createdIn({ sessions });
    sessions.hold(id);
    await admin().del(deployment.sharedKey('sessions'));
    await eventually(async () => expect(await sessions.size()).toBe(1));
    expect(await sessions.read(id)).toBeDefined();
  });

  test('a document in a newer format is refused, and is not replaced', async () => {
    const { sessions, deployment } = open();
    const id = newId();
    const key = deployment.sessionKey(id, 'document');
    const document = JSON.stringify({ format: 2, state: { something: 'else' } });
    await admin().hset(key, { version: 7, format: 2, document });
    await expect(sessions.read(id)).rejects.toThrow(NewerDocument);
    await expect(sessions.commit(id, 7, { document: documentOf(1) })).rejects.toThrow(NewerDocument);
    expect(await admin().hgetall(key)).toEqual({ version: '7', format: '2', document });
  });

  test('a notice brings no long document, and none in a newer format: these are to be read', async () => {
    const [first, second] = openTwo();
    const id = await createdIn(first);
    const notices = await noticesOf(second, id);
    const long = { ...documentOf(1), draft: 'x'.repeat(20_000) };
    await first.sessions.commit(id, 1, { document: long });
    await eventually(() => expect(notices).toEqual([{ type: 'changed' }]));
    const newer = JSON.stringify({ ...documentOf(2), format: 2 });
    await admin().publish(first.deployment.channelOf(id), `another-server changed 3 2 ${newer}`);
    await eventually(() => expect(notices).toEqual([{ type: 'changed' }, { type: 'changed' }]));
  });

  test('a full Redis refuses with a code; what is there stays', async () => {
    const client = admin();
    const { sessions } = open();
    const id = await createdIn({ sessions });
    await client.config('SET', 'maxmemory', '1mb');
    onTestFinished(async () => void (await admin().config('SET', 'maxmemory', '0')));
    const { error } = await rejectionOf(sessions.commit(id, 1, { document: documentOf(1) }));
    expect(error.message).toBe('Redis refuses: OOM');
    expect((await rejectionOf(sessions.create(newId(), documentOf(0)))).error.message).toBe('Redis refuses: OOM');
    expect(await sessions.read(id)).toEqual({ document: documentOf(0), version: 1 });
    await client.config('SET', 'maxmemory', '0');
    expect(await sessions.commit(id, 1, { document: documentOf(1) })).toMatchObject({ outcome: 'committed' });
    expect(await sessions.size()).toBe(1);
  });

  test('every key ends by itself, but the set of sessions', async () => {
    const { sessions, signals, deployment } = open({ limits: { SESSION_IDLE_MS: 60_000 } });
    const id = await createdIn({ sessions });
    const answer = { commandId: 'c', digest: 'd', answer: { accepted: true, revision: 1 } } as const;
    await sessions.commit(id, 1, { document: documentOf(1), answer });
    await signals.set(id, 'draft', 'x', 60_000);
    sessions.hold(id);
    const client = admin();
    await eventually(async () => expect(await client.keys(`${deployment.prefix}*`)).toHaveLength(7));
    for (const key of await client.keys(`${deployment.prefix}*`)) {
      if (key === deployment.sharedKey('sessions')) continue;
      expect(await client.pttl(key), key).toBeGreaterThan(0);
    }
  });

  test('a server that was told of an expired session and stops is followed by another one', async () => {
    const [first, second] = openTwo({ limits: { SESSION_IDLE_MS: 50 }, claimMs: 100 });
    const told: string[] = [];
    onTestFinished(first.sessions.onExpired(() => told.push('first')));
    const id = await createdIn(second);
    await eventually(() => expect(told.length).toBeGreaterThan(0));
    first.deployment.close();
    const expired: string[] = [];
    onTestFinished(second.sessions.onExpired((sessionId) => expired.push(sessionId)));
    await eventually(() => expect(expired).toContain(id));
  });

  test('the holds of a server that dies end with their leases', async () => {
    const [first, second] = openTwo({ limits: { SESSION_IDLE_MS: 200 } });
    const id = await createdIn(first);
    first.sessions.hold(id);
    await eventually(async () => expect(await second.sessions.idle()).toEqual([]));
    first.deployment.close();
    await eventually(async () => expect(await second.sessions.idle()).toEqual([id]));
  });
});
