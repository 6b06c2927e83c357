/** Several servers that share their sessions over a Redis, and a proxy in front of them: all on this machine, all in memory. */
import { RedisServer } from '../support/redis-server.ts';
import { startWatchedServer, type WatchedServer } from '../support/watched-server.ts';
import { RoundRobinProxy } from './round-robin-proxy.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface ClusterOptions {
  /** How many; three when absent. */
  readonly servers?: number;
  /** Of every server, or of the one with that index, besides its port and the Redis. Nothing else is in their environment. */
  readonly env?: Environment | ((server: number) => Environment);
  /** The port of the proxy; a free one when absent. */
  readonly port?: number;
}

/**
 * Resolves when every server listens. `stop` ends it, and so does the end of this process.
 * @throws {Error} when there is no Redis on this machine, or the port is in use
 */
export async function startCluster({ servers = 3, env = {}, port = 0 }: ClusterOptions = {}): Promise<Cluster> {
  const redis = new RedisServer();
  const cluster = new Cluster(
    redis,
    Array.from(
      { length: servers },
      (_, index) => new ClusterServer(redis, typeof env === 'function' ? env(index) : env),
    ),
  );
  try {
    await cluster.proxy.listen(port);
    await redis.start();
    await Promise.all(cluster.servers.map((server) => server.start()));
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return cluster;
}

export class Cluster {
  readonly redis: RedisServer;
  readonly servers: readonly ClusterServer[];
  /** Each connection to it goes to the next server that runs. */
  readonly proxy: RoundRobinProxy;

  constructor(redis: RedisServer, servers: readonly ClusterServer[]) {
    this.redis = redis;
    this.servers = servers;
    this.proxy = new RoundRobinProxy(() => servers.flatMap(({ port }) => port ?? []));
  }

  /** Ends everything at once. May be called twice. */
  async stop(): Promise<void> {
    await Promise.all([...this.servers.map((server) => server.kill()), this.proxy.close()]);
    await this.redis.stop();
  }
}

/** A place for one server process after the other. It keeps its port. */
export class ClusterServer {
  readonly #redis: RedisServer;
  readonly #env: Environment;
  #running: WatchedServer | undefined;
  #port: number | undefined;

  constructor(redis: RedisServer, env: Environment) {
    this.#redis = redis;
    this.#env = env;
  }

  /** Undefined before the first start. */
  get port(): number | undefined {
    return this.#port;
  }

  /** Such as `http://127.0.0.1:40000`. */
  get address(): string {
    return this.process.address;
  }

  /** The one that runs, or the last one. */
  get process(): WatchedServer {
    if (!this.#running) throw new Error('The server was not started yet');
    return this.#running;
  }

  /** Resolves when it listens. The one before must have ended. */
  async start(): Promise<WatchedServer> {
    this.#running = await startWatchedServer({
      ...this.#env,
      PORT: String(this.#port ?? 0),
      PROOFROOM_REDIS_URL: this.#redis.url,
    });
    this.#port = this.#running.port;
    return this.#running;
  }

  /** Ends it at once, as `kill -9` does. May be called twice. */
  async kill(): Promise<void> {
    await this.#running?.kill();
  }
}
