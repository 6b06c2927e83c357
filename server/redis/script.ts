/** Lua scripts, which Redis runs as one step. */
import { createHash } from 'node:crypto';
import type { RedisClient, RedisConnection } from './connection.ts';

type Connection = Pick<RedisConnection, 'run'>;

/** Scripts name the keys that they use in `KEYS`, or derive others from these within the same hash slot. Redis 7 or Valkey runs them. */
export class RedisScript {
  readonly #source: string;
  readonly #sha1: string;

  /** Begin with `#!lua`; with `#!lua flags=allow-oom` the script also runs when the memory of Redis is full. */
  constructor(source: string) {
    this.#source = source;
    this.#sha1 = createHash('sha1').update(source).digest('hex');
  }

  /** @throws {StoreUnavailable} */
  run(connection: Connection, keys: readonly string[], args: readonly (string | number)[] = []): Promise<unknown> {
    return connection.run((client) => this.#run(client, keys, args));
  }

  /**
   * The same, but 0 when the memory of Redis is full.
   * @throws {StoreUnavailable}
   */
  runUnlessFull(
    connection: Connection,
    keys: readonly string[],
    args: readonly (string | number)[] = [],
  ): Promise<unknown> {
    return connection.run((client) => unlessFull(this.#run(client, keys, args)));
  }

  /** Sends the source only when Redis does not know the script yet. */
  async #run(client: RedisClient, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    const parameters: [number, ...(string | number)[]] = [keys.length, ...keys, ...args];
    try {
      return await client.evalsha(this.#sha1, ...parameters);
    } catch (error) {
      if (!startsWith(error, 'NOSCRIPT')) throw error;
      return client.eval(this.#source, ...parameters);
    }
  }
}

/** 0 in place of the error that the memory of Redis is full, which a policy without evictions causes. */
export async function unlessFull(sent: Promise<unknown>): Promise<unknown> {
  try {
    return await sent;
  } catch (error) {
    if (startsWith(error, 'OOM')) return 0;
    throw error;
  }
}

const startsWith = (error: unknown, code: string): boolean => error instanceof Error && error.message.startsWith(code);
