/** The images of all servers of a deployment, in the memory of Redis. */
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import type { Clock } from '../platform/clock.ts';
import { ignoreUnavailable } from '../session/availability.ts';
import type { ImageLease, ImageStore } from '../session/image-store.ts';
import type { RedisDeployment } from './deployment.ts';
import { RedisScript, unlessFull } from './script.ts';

export interface RedisImageOptions {
  /** The budget of all servers together. Less than the `maxmemory` of Redis: the rest is for documents and jobs. */
  readonly limitBytes: number;
  /** Images expire so long after the last `put` or `keep` of their session. */
  readonly keptMs: number;
  readonly clock: Pick<Clock, 'every'>;
  /** A lease counts so long after its server has stopped. A minute by default. */
  readonly leaseMs?: number;
}

/*
 * The budget has keys of one hash slot:
 *   bytes     a hash: `used`, and what each holder has of it. A holder is `lease:<id>` or `session:<id>`
 *   expiry    a sorted set of the holders by the moment, in milliseconds, at which what they hold is free again
 *   of:<id>   a hash of a session's images: their bytes, and the moment of their `put`
 * The images themselves lie in the slot of their session. They are counted before they are written, and deleted before they are
 * subtracted, so whoever stops in between leaves too much counted, until `keep` or `get` notices or the session expires.
 */
const budget = `
local bytes, expiry = KEYS[1], KEYS[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function used() return tonumber(redis.call('HGET', bytes, 'used') or '0') end
local function held(holder) return tonumber(redis.call('HGET', bytes, holder) or '0') end

local function add(holder, count)
  redis.call('HINCRBY', bytes, 'used', count)
  redis.call('HINCRBY', bytes, holder, count)
end

local function free(holder)
  local count = held(holder)
  if count > 0 then redis.call('HINCRBY', bytes, 'used', -count) end
  redis.call('HDEL', bytes, holder)
  redis.call('ZREM', expiry, holder)
end

-- A Redis that is full may have evicted one of the two: what is left of them would never be freed.
if redis.call('EXISTS', expiry) == 0 then redis.call('DEL', bytes) end
for _, holder in ipairs(redis.call('ZRANGE', expiry, '-inf', now, 'BYSCORE', 'LIMIT', 0, 1000)) do free(holder) end
`;

/** ARGV: the lease, bytes, the limit, how long the lease lasts. */
const reserve = new RedisScript(`#!lua
${budget}
if used() + ARGV[2] > tonumber(ARGV[3]) then return 0 end
add(ARGV[1], ARGV[2])
redis.call('ZADD', expiry, now + ARGV[4], ARGV[1])
return 1
`);

/** ARGV: how long the leases last, the leases. */
const renew = new RedisScript(`#!lua flags=allow-oom
local time = redis.call('TIME')
local until_ = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[1]
for index = 2, #ARGV do redis.call('ZADD', KEYS[2], 'XX', until_, ARGV[index]) end
`);

/** ARGV: the lease. */
const release = new RedisScript(`#!lua flags=allow-oom
${budget}
free(ARGV[1])
`);

/** ARGV: the session, the image, bytes, the limit, how long the image is kept, the lease or an empty text. */
const count = new RedisScript(`#!lua
${budget}
local session, image, size, limit, keptMs, lease = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5], ARGV[6]
if redis.call('HEXISTS', bytes, session) == 0 then redis.call('DEL', KEYS[3]) end
if redis.call('HEXISTS', KEYS[3], image) == 0 then
  if used() - held(lease) + size > limit then return 0 end
  add(session, size)
  redis.call('HSET', KEYS[3], image, string.format('%.0f %.0f', size, now))
end
free(lease)
redis.call('ZADD', expiry, now + keptMs, session)
redis.call('PEXPIRE', KEYS[3], keptMs)
return 1
`);

/** ARGV: the session, an age, the images. Those that were put less than that age ago stay. */
const subtract = new RedisScript(`#!lua flags=allow-oom
${budget}
for index = 3, #ARGV do
  local size, putAt = string.match(redis.call('HGET', KEYS[3], ARGV[index]) or '', '(%d+) (%d+)')
  if size and putAt + ARGV[2] <= now then
    redis.call('HDEL', KEYS[3], ARGV[index])
    local left = held(ARGV[1]) - size
    if left <= 0 then free(ARGV[1]) else add(ARGV[1], -size) end
  end
end
`);

/** ARGV: the session. */
const subtractAll = new RedisScript(`#!lua flags=allow-oom
${budget}
free(ARGV[1])
redis.call('DEL', KEYS[3])
`);

/** ARGV: the session, how long its images are kept. Returns the images. */
const keep = new RedisScript(`#!lua flags=allow-oom
${budget}
redis.call('ZADD', expiry, 'XX', now + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[3], ARGV[2])
return redis.call('HKEYS', KEYS[3])
`);

const readUsed = new RedisScript(`#!lua flags=allow-oom
${budget}
return used()
`);

const DEFAULT_LEASE_MS = 60_000;
/** An image whose bytes are not there so long after its `put` was evicted. */
const PUT_MS = 30_000;

export class RedisImageStore implements ImageStore {
  readonly #redis: Pick<RedisDeployment, 'connection' | 'prefix' | 'sessionKey'>;
  readonly #options: RedisImageOptions;
  readonly #leaseMs: number;
  /** The names of this server's leases. */
  readonly #leases = new Map<ImageLease, string>();
  readonly #stopRenewing: () => void;

  constructor(redis: Pick<RedisDeployment, 'connection' | 'prefix' | 'sessionKey'>, options: RedisImageOptions) {
    this.#redis = redis;
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? DEFAULT_LEASE_MS;
    this.#stopRenewing = options.clock.every(this.#leaseMs / 3, () => this.#renew());
  }

  async reserve(bytes: number): Promise<ImageLease | undefined> {
    const name = `lease:${randomUUID()}`;
    const args = [name, bytes, this.#options.limitBytes, this.#leaseMs];
    if ((await reserve.runUnlessFull(this.#redis.connection, this.#keys(), args)) === 0) return undefined;
    const lease: ImageLease = { release: () => this.#release(lease) };
    this.#leases.set(lease, name);
    return lease;
  }

  async put(sessionId: string, imageId: string, bytes: Uint8Array, lease?: ImageLease): Promise<boolean> {
    const { connection } = this.#redis;
    const { limitBytes, keptMs } = this.#options;
    const name = (lease && this.#leases.get(lease)) ?? '';
    const args = [holder(sessionId), imageId, bytes.byteLength, limitBytes, keptMs, name];
    if ((await count.runUnlessFull(connection, this.#keys(sessionId), args)) === 0) return false;
    if (lease) this.#leases.delete(lease);
    const key = this.#imageKey(sessionId, imageId);
    const reply = await connection.run(async (client) => {
      if ((await client.exists(key)) === 1) return 1;
      const [pushed] = await Promise.all([
        unlessFull(client.rpush(key, ...chunksOf(bytes))),
        client.pexpire(key, keptMs),
      ]);
      return pushed;
    });
    if (reply === 0) await this.#subtract(sessionId, [imageId], 0);
    return reply !== 0;
  }

  async get(sessionId: string, imageId: string): Promise<Uint8Array | undefined> {
    const key = this.#imageKey(sessionId, imageId);
    const chunks = await this.#redis.connection.run((client) => client.lrangeBuffer(key, 0, -1));
    if (chunks.length > 0) return Buffer.concat(chunks);
    await this.#subtract(sessionId, [imageId], PUT_MS);
    return undefined;
  }

  async keep(sessionId: string): Promise<void> {
    const { connection } = this.#redis;
    const { keptMs } = this.#options;
    const reply = await keep.run(connection, this.#keys(sessionId), [holder(sessionId), keptMs]);
    const imageIds = v.parse(v.array(v.string()), reply);
    const isThere = await connection.run((client) =>
      Promise.all(imageIds.map((imageId) => client.pexpire(this.#imageKey(sessionId, imageId), keptMs))),
    );
    const evicted = imageIds.filter((_, index) => isThere[index] === 0);
    await this.#subtract(sessionId, evicted, PUT_MS);
  }

  async drop(sessionId: string, imageIds: readonly string[]): Promise<void> {
    await this.#delete(sessionId, imageIds);
    await this.#subtract(sessionId, imageIds, 0);
  }

  async dropAll(sessionId: string): Promise<void> {
    const keys = this.#keys(sessionId);
    const imageIds = await this.#redis.connection.run((client) => client.hkeys(keys[2]));
    await this.#delete(sessionId, imageIds);
    await subtractAll.run(this.#redis.connection, keys, [holder(sessionId)]);
  }

  async usedBytes(): Promise<number> {
    return v.parse(v.number(), await readUsed.run(this.#redis.connection, this.#keys()));
  }

  close(): void {
    this.#stopRenewing();
    for (const lease of this.#leases.keys()) lease.release();
  }

  #release(lease: ImageLease): void {
    const name = this.#leases.get(lease);
    if (name === undefined) return;
    this.#leases.delete(lease);
    // It is not renewed any more, so it ends even when Redis can't be told.
    release.run(this.#redis.connection, this.#keys(), [name]).catch(ignoreUnavailable);
  }

  #renew(): void {
    if (this.#leases.size === 0) return;
    const args = [this.#leaseMs, ...this.#leases.values()];
    renew.run(this.#redis.connection, this.#keys(), args).catch(ignoreUnavailable);
  }

  async #delete(sessionId: string, imageIds: readonly string[]): Promise<void> {
    if (imageIds.length === 0) return;
    const keys = imageIds.map((imageId) => this.#imageKey(sessionId, imageId));
    await this.#redis.connection.run((client) => client.unlink(...keys));
  }

  /** @param ageMs those that were put less than so long ago stay: they may be on their way */
  async #subtract(sessionId: string, imageIds: readonly string[], ageMs: number): Promise<void> {
    if (imageIds.length === 0) return;
    await subtract.run(this.#redis.connection, this.#keys(sessionId), [holder(sessionId), ageMs, ...imageIds]);
  }

  #keys(sessionId = ''): [string, string, string] {
    const prefix = `${this.#redis.prefix}{images}:`;
    return [`${prefix}bytes`, `${prefix}expiry`, `${prefix}of:${sessionId}`];
  }

  #imageKey(sessionId: string, imageId: string): string {
    return this.#redis.sessionKey(sessionId, `image:${imageId}`);
  }
}

/**
 * An image lies in pieces that fill the sizes in which Redis gets its memory: as one text, one of 3 MiB would take a sixth more than its
 * bytes.
 */
const CHUNK_BYTES = 256 * 1024 - 128;

function chunksOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < byteLength || at === 0; at += CHUNK_BYTES) {
    chunks.push(Buffer.from(buffer, byteOffset + at, Math.min(CHUNK_BYTES, byteLength - at)));
  }
  return chunks;
}

const holder = (sessionId: string): string => `session:${sessionId}`;
