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
  /** By which URL the servers reach the Redis, once it listens; by its own when absent. */
  readonly redisUrl?: (redis: RedisServer) => string | Promise<string>;
  /** The port of the proxy; a free one when absent. */
  readonly port?: number;
}

/**
 * Resolves when every server listens. `stop` ends it, and so does the end of this process.
 * @throws {Error} when there is no Redis on this machine, or the port is in use
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { servers = 3, env = {}, port = 0, redisUrl = (server) => server.url } = options;
  const redis = new RedisServer();
  let url = '';
  const cluster = new Cluster(
    redis,
    Array.from(
      { length: servers },
      (_, index) => new ClusterServer(() => url, typeof env === 'function' ? env(index) : env),
    ),
  );
  try {
    await cluster.proxy.listen(port);
    await redis.start();
    url = await redisUrl(redis);
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
  readonly #redisUrl: () => string;
  readonly #env: Environment;
  #running: WatchedServer | undefined;
  #port: number | undefined;

  constructor(redisUrl: () => string, env: Environment) {
    this.#redisUrl = redisUrl;
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
      PROOFROOM_REDIS_URL: this.#redisUrl(),
    });
    this.#port = this.#running.port;
    return this.#running;
  }

  /** Ends it at once, as `kill -9` does. May be called twice. */
  async kill(): Promise<void> {
    await this.#running?.kill();
  }
}
