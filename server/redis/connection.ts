/**
 * A connection to Redis that comes back by itself. Nothing waits for it longer than the command timeout, and nothing that it throws or
 * logs repeats a password, a host or a text of the server's (rules S3 and S7).
 */
import { Cluster, type CommonRedisOptions, Redis } from 'ioredis';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { TokenBucket } from '../platform/rate-limiter.ts';
import { StoreUnavailable } from '../session/session-store.ts';
import type { RedisAddress } from './redis-url.ts';

export type RedisClient = Redis | Cluster;

export interface RedisConnectionOptions {
  readonly address: RedisAddress;
  /** Shown by `CLIENT LIST`, and in the log. */
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** From 0 to 1, for the waits between two tries. */
  readonly random?: () => number;
  /** From the call to the answer, the wait for a connection included. */
  readonly commandTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
}

/** Settings that a library may need to differ: one that waits for a job in Redis gets no answer for longer than `socketTimeout`. */
export type ClientOverrides = Partial<
  Pick<
    CommonRedisOptions,
    'enableOfflineQueue' | 'maxRetriesPerRequest' | 'autoResendUnfulfilledCommands' | 'socketTimeout'
  >
>;

const COMMAND_TIMEOUT_MS = 3_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** Calls that wait for a connection or an answer; beyond them a call is rejected at once. */
const MAX_PENDING = 10_000;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2_000;
/** Lines about a connection that comes and goes: a burst, and then one in ten seconds. */
const LOG_BURST = 6;
const LOG_LINES_PER_SECOND = 0.1;

/** The wait before a try, in milliseconds: all servers notice a restart at once and should not come back at once. */
export function retryDelayMs(attempt: number, random: () => number): number {
  return Math.ceil(random() * Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt, 10)));
}

/**
 * A client of ioredis, which connects at once and again for ever. Its errors have to be listened to.
 * @param overrides what a library such as BullMQ asks for
 */
export function createClient(options: RedisConnectionOptions, overrides: ClientOverrides = {}): RedisClient {
  const { address } = options;
  const retryStrategy = retryStrategyOf(options);
  const { enableOfflineQueue = false, ...others } = overrides;
  const common = { ...commonOptions(options), ...others };
  switch (address.kind) {
    case 'single': {
      const { host, port, database: db } = address;
      return new Redis({ host, port, db, retryStrategy, enableOfflineQueue, ...common });
    }
    case 'sentinel': {
      const { sentinels, master, database, isTls, sentinelUsername, sentinelPassword } = address;
      return new Redis({
        sentinels: [...sentinels],
        name: master,
        db: database,
        ...(isTls && { enableTLSForSentinelMode: true, sentinelTLS: {} }),
        ...(sentinelUsername !== undefined && { sentinelUsername }),
        ...(sentinelPassword !== undefined && { sentinelPassword }),
        sentinelRetryStrategy: retryStrategy,
        retryStrategy,
        enableOfflineQueue,
        ...common,
      });
    }
    case 'cluster':
      return new Cluster([...address.nodes], {
        clusterRetryStrategy: retryStrategy,
        enableOfflineQueue,
        redisOptions: common,
      });
  }
}

/** Any node of a cluster hears what is published at all of them: when one is away, the next one will do. */
function createSubscriber(options: RedisConnectionOptions): RedisClient {
  const { address } = options;
  if (address.kind !== 'cluster') return createClient(options);
  const { nodes } = address;
  const retryStrategy = (attempt: number) => {
    Object.assign(client.options, nodes[attempt % nodes.length]);
    return retryStrategyOf(options)(attempt);
  };
  const client: Redis = new Redis({ ...commonOptions(options), ...nodes[0], enableOfflineQueue: false, retryStrategy });
  return client;
}

const retryStrategyOf =
  ({ random = Math.random }: RedisConnectionOptions) =>
  (attempt: number): number =>
    retryDelayMs(attempt, random);

function commonOptions({ address, name, connectTimeoutMs, commandTimeoutMs }: RedisConnectionOptions) {
  const { username, password, isTls } = address;
  return {
    connectionName: name,
    connectTimeout: connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    // A connection that owes an answer for so long is given up, with what was written to it.
    socketTimeout: commandTimeoutMs ?? COMMAND_TIMEOUT_MS,
    // What was sent may have been done, so it is not sent again: whoever called decides.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    // A master that has become a replica: find the new one.
    reconnectOnError: (error: Error) => codeOf(error) === 'READONLY',
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(isTls && { tls: {} }),
  } satisfies CommonRedisOptions & { readonly tls?: object };
}

export class RedisConnection {
  readonly client: RedisClient;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #logger: Pick<Logger, 'info' | 'warn'>;
  readonly #logLines: TokenBucket;
  readonly #timeoutMs: number;
  readonly #waiting = new Set<() => void>();
  readonly #readyListeners = new Set<() => void>();
  readonly #lostListeners = new Set<() => void>();
  #pending = 0;
  #reported: 'ready' | 'away' | undefined;
  #isClosed = false;

  /** @param purpose a connection that subscribes can do nothing else */
  constructor(options: RedisConnectionOptions, purpose: 'commands' | 'subscriber' = 'commands') {
    this.#name = options.name;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#logLines = new TokenBucket(LOG_BURST, LOG_LINES_PER_SECOND, options.clock);
    this.#timeoutMs = options.commandTimeoutMs ?? COMMAND_TIMEOUT_MS;
    this.client = purpose === 'commands' ? createClient(options) : createSubscriber(options);
    this.client.on('ready', () => this.#onReady());
    this.client.on('close', () => this.#onLost());
    this.client.on('error', (error) => this.#report('away', codeOf(error)));
  }

  get isReady(): boolean {
    return this.client.status === 'ready';
  }

  /** Calls the listener when the connection is there, the first time and each time that it has come back. Returns the undo. */
  onReady(listener: () => void): () => void {
    this.#readyListeners.add(listener);
    return () => this.#readyListeners.delete(listener);
  }

  /** Calls the listener when the connection is lost. Returns the undo. */
  onLost(listener: () => void): () => void {
    this.#lostListeners.add(listener);
    return () => this.#lostListeners.delete(listener);
  }

  /**
   * Sends a command, after a short wait if there is no connection. With one, it is sent before this returns, so commands keep their order.
   * @throws {StoreUnavailable} whatever went wrong
   */
  async run<Result>(call: (client: RedisClient) => Promise<Result>): Promise<Result> {
    if (this.#isClosed) throw new StoreUnavailable('The connection to Redis is closed');
    if (this.#pending >= MAX_PENDING) throw new StoreUnavailable('Too many commands wait for Redis');
    const { promise: timeout, reject } = Promise.withResolvers<never>();
    const cancel = this.#clock.after(this.#timeoutMs, () =>
      reject(new StoreUnavailable('Redis does not answer in time')),
    );
    try {
      if (!this.isReady) await this.#connected(timeout);
      return await Promise.race([this.#count(call(this.client)), timeout]);
    } catch (error) {
      throw asUnavailable(error);
    } finally {
      cancel();
    }
  }

  /** Ends it at once. May be called twice. */
  close(): void {
    this.#isClosed = true;
    this.client.disconnect();
  }

  /** ioredis keeps a command until it is answered or the connection is lost, also when nobody waits for it any more. */
  async #count<Result>(sent: Promise<Result>): Promise<Result> {
    this.#pending += 1;
    try {
      return await sent;
    } finally {
      this.#pending -= 1;
    }
  }

  async #connected(timeout: Promise<never>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    try {
      await this.#count(Promise.race([promise, timeout]));
    } finally {
      this.#waiting.delete(resolve);
    }
  }

  #onReady(): void {
    this.#report('ready');
    for (const resolve of this.#waiting) resolve();
    for (const listener of [...this.#readyListeners]) listener();
  }

  #onLost(): void {
    this.#report('away');
    for (const listener of [...this.#lostListeners]) listener();
  }

  /** Once for each change, not for each try. */
  #report(state: 'ready' | 'away', code?: string): void {
    if (this.#isClosed || state === this.#reported) return;
    this.#reported = state;
    if (!this.#logLines.take()) return;
    const fields = { connection: this.#name, ...(code !== undefined && { code }) };
    if (state === 'ready') this.#logger.info(fields, 'Redis can be reached');
    else this.#logger.warn(fields, 'Redis can’t be reached');
  }
}

/** The code of an error of Node's (`ECONNREFUSED`) or the first word of a refusal by Redis (`OOM`, `WRONGPASS`). Both are constants. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.name === 'ReplyError' ? /^[A-Z]{2,20}\b/.exec(error.message)?.[0] : undefined;
}

function asUnavailable(error: unknown): StoreUnavailable {
  if (error instanceof StoreUnavailable) return error;
  const code = codeOf(error);
  return new StoreUnavailable(code === undefined ? 'Redis can’t be reached' : `Redis refuses: ${code}`);
}
