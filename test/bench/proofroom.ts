/** The product as the bench starts it, and a reviewer who uses it. */
import { frame, upgradeRequest } from '../support/raw-client.ts';
import { WsClient } from '../support/ws-client.ts';
import { freePort, type Process, profileFlags, startNode } from './processes.ts';
import type { Bench } from './row.ts';
import type { ReadersOrder } from './stand-ins/readers.ts';

/** Everything from one address, as fast as it can. */
const limits = {
  PROOFROOM_ASKS_PER_MINUTE: '1000000',
  PROOFROOM_ASKS_PER_MINUTE_PER_ADDRESS: '1000000',
  PROOFROOM_ASKS_PER_MINUTE_PER_SESSION: '1000000',
  PROOFROOM_COMMAND_BURST: '1000000',
  PROOFROOM_CONNECTIONS: '100000',
  PROOFROOM_CONNECTIONS_PER_ADDRESS: '100000',
  PROOFROOM_CONNECTIONS_PER_SESSION: '100000',
  PROOFROOM_CONCURRENT_CANDIDATES: '10',
  PROOFROOM_QUEUED_CANDIDATES: '100000',
  PROOFROOM_QUEUED_CANDIDATES_PER_ADDRESS: '100000',
  PROOFROOM_SESSIONS: '100000',
  PROOFROOM_SESSION_BURST_PER_ADDRESS: '1000000',
  PROOFROOM_UPDATE_BYTES_PER_SECOND: '1000000000',
  PROOFROOM_DAILY_ASKS: '1000000',
  PROOFROOM_IMAGE_MEMORY_BYTES: String(8 * 2 ** 30),
  PROOFROOM_REDIS_IMAGE_BYTES: String(8 * 2 ** 30),
  PROOFROOM_LOG_LEVEL: 'error',
};

export interface Server {
  readonly process: Process;
  readonly port: number;
  /** Such as `http://127.0.0.1:40000`. */
  readonly address: string;
}

const serverAt = (process: Process, port: number): Server => ({ process, port, address: `http://127.0.0.1:${port}` });

/** As `npm start` sets them: freed memory goes back to the system, and the young generation of V8 stays small. */
const memory = { MALLOC_MMAP_THRESHOLD_: '1000000' };
const nodeArgs = ['--max-semi-space-size=16'];

/** `stand-ins/host.ts`, which offers `plan`, `release` and `progress`. */
export async function startHost(bench: Bench): Promise<Server> {
  const process = startNode(bench, 'test/bench/stand-ins/host.ts', {
    env: { ...limits, ...memory },
    nodeArgs: [...nodeArgs, ...profileFlags(bench)],
  });
  return serverAt(process, await process.call('listen'));
}

/** The built server as it is, with the upstream that answers at `baseURL`. */
export async function startBuilt(
  bench: Bench,
  baseURL: string,
  api: 'responses' | 'images',
  more: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const port = await freePort();
  const service = { OPENAI_API_KEY: 'any', OPENAI_BASE_URL: baseURL, PROOFROOM_API: api };
  const env = { ...limits, ...memory, ...service, ...more, PORT: String(port) };
  const process = startNode(bench, 'dist/server/main.js', { env, nodeArgs: [...nodeArgs, ...profileFlags(bench)] });
  await process.answers(port);
  return serverAt(process, port);
}

/** Sockets that each send these messages to a Proofroom, or to any other WebSocket server. */
export function greeting(...messages: readonly object[]): ReadersOrder['greeting'] {
  return [upgradeRequest(), ...messages.map((message) => frame(JSON.stringify(message)).toString('latin1'))];
}

/** Gets images by their address: what the bench does with bytes must not count. */
export class Reviewer implements AsyncDisposable {
  readonly #client: WsClient;
  #commands = 0;
  sessionId = '';

  constructor(address: string) {
    this.#client = new WsClient(address);
  }

  static async join(bench: Bench, { address }: Server): Promise<Reviewer> {
    const reviewer = bench.scope.use(new Reviewer(address));
    reviewer.sessionId = (await reviewer.#client.join({ images: 'url' })).sessionId;
    return reviewer;
  }

  /** The path of the newest image. */
  get imagePath(): string {
    const { attempts } = this.#client.last('snapshot');
    return `/api/sessions/${this.sessionId}/images/${attempts.at(-1)?.image.imageId}`;
  }

  /** Resolves when the generation has begun. */
  async begin(): Promise<void> {
    const isFirst = this.#forget().attempts.length === 0;
    const commandId = this.#commandId();
    this.#client.send(
      isFirst ? { type: 'generate', commandId, prompt: 'a quiet sea' } : { type: 'regenerate', commandId },
    );
    await this.#client.answer(commandId);
  }

  /** Resolves when the image can be decided on. */
  async generated(): Promise<void> {
    await this.#client.stage('user_feedback');
  }

  async generate(): Promise<void> {
    await this.begin();
    await this.generated();
  }

  async generateMany(count: number): Promise<void> {
    for (let made = 0; made < count; made += 1) await this.generate();
  }

  /** Resolves with the length of the new snapshot. */
  async approve(): Promise<number> {
    const { imageId = '' } = this.#forget().attempts.at(-1)?.image ?? {};
    const commandId = this.#commandId();
    this.#client.send({ type: 'approve', commandId, imageId });
    await this.#client.answer(commandId);
    return JSON.stringify(this.#client.last('snapshot')).length;
  }

  async startOver(): Promise<void> {
    this.#forget();
    const commandId = this.#commandId();
    this.#client.send({ type: 'start_over', commandId });
    await this.#client.answer(commandId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.socket.terminate();
  }

  /** Forgets all messages but the last snapshot, so that waits look only at what comes. */
  #forget() {
    const last = this.#client.last('snapshot');
    this.#client.received.splice(0);
    this.#client.frames.splice(0);
    return last;
  }

  #commandId(): string {
    this.#commands += 1;
    return `bench-${this.#commands}`;
  }
}
