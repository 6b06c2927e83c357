/** Lua scripts, which Redis runs as one step, and errors of Redis as the core knows them. */
import { createHash } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import { StoreUnavailable } from '../session/session-store.ts';

export type RedisClient = Redis | Cluster;

/** Scripts name the keys that they use in `KEYS`, or derive others from these within the same hash slot. Redis 7 or Valkey runs them. */
export class RedisScript {
  readonly #source: string;
  readonly #sha1: string;

  /** Begin with `#!lua`; with `#!lua flags=allow-oom` the script also runs when the memory of Redis is full. */
  constructor(source: string) {
    this.#source = source;
    this.#sha1 = createHash('sha1').update(source).digest('hex');
  }

  /**
   * Sends the source only when Redis does not know the script yet.
   * @throws {StoreUnavailable}
   */
  async run(redis: RedisClient, keys: readonly string[], args: readonly (string | number)[] = []): Promise<unknown> {
    const parameters: [number, ...(string | number)[]] = [keys.length, ...keys, ...args];
    return available(async () => {
      try {
        return await redis.evalsha(this.#sha1, ...parameters);
      } catch (error) {
        if (!startsWith(error, 'NOSCRIPT')) throw error;
        return redis.eval(this.#source, ...parameters);
      }
    });
  }
}

/** @throws {StoreUnavailable} in place of every error, which becomes its cause */
export async function available<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    throw error instanceof StoreUnavailable ? error : new StoreUnavailable('Redis can’t be used', { cause: error });
  }
}

/** The memory of Redis is full, and its policy is to refuse. */
export const isOutOfMemory = (error: unknown): boolean =>
  error instanceof StoreUnavailable ? isOutOfMemory(error.cause) : startsWith(error, 'OOM');

const startsWith = (error: unknown, code: string): boolean => error instanceof Error && error.message.startsWith(code);
