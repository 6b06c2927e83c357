/** Composes the server out of its parts; knows no process, no environment and no signal. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Config } from './config.ts';
import { drain } from './drain.ts';
import { Estimates } from './generators/estimates.ts';
import type { Generator } from './generators/generator.ts';
import { listener } from './http/listener.ts';
import { ClientAddresses } from './platform/client-address.ts';
import { type Clock, systemClock } from './platform/clock.ts';
import type { Logger } from './platform/logger.ts';
import type { Metrics } from './platform/metrics.ts';
import { newId } from './platform/secrets.ts';
import { Journal } from './platform/telemetry.ts';
import { Admissions } from './session/admission.ts';
import { GenerationQueue } from './session/generation-queue.ts';
import { ImageMemory } from './session/image-memory.ts';
import { Sessions } from './session/sessions.ts';
import { ImageFrames } from './ws/image-frames.ts';
import { Door } from './ws/upgrade.ts';

export interface AppParts {
  readonly config: Config;
  readonly generator: Generator;
  readonly log: Logger;
  /** Where the built page is. */
  readonly builtFolder: string;
  readonly clock?: Clock;
}

/** A request or an answer of which no byte moves for so long is given up; WebSockets have a pulse of their own (rule R4). */
const HTTP_STALL_MS = 30_000;

export class App {
  /** Not listening yet. */
  readonly server: Server;
  readonly #sessions: Sessions;
  readonly #door: Door;
  readonly #queue: GenerationQueue;
  readonly #clock: Clock;
  readonly #sockets = new Set<Socket>();
  #isDraining = false;

  constructor({ config, generator, log, builtFolder, clock = systemClock }: AppParts) {
    const { limits } = config;
    const memory = new ImageMemory(limits.IMAGE_MEMORY_BYTES);
    const journal = new Journal(log, clock);
    const queue = new GenerationQueue(limits, clock);
    const estimates = new Estimates();
    const sessions = new Sessions({ generator, queue, estimates, clock, newId, journal, memory, limits });
    const admissions = new Admissions(sessions, limits, clock, config.accessToken);
    const frames = new ImageFrames(memory);
    const addresses = new ClientAddresses(config.trustProxy, log);
    this.#door = new Door(config, { admissions, frames, generator, limits, clock, newId, journal }, addresses);
    this.#sessions = sessions;
    this.#queue = queue;
    this.#clock = clock;
    this.#count(journal.metrics, memory);
    const isReady = () => !this.#isDraining;
    // What offers another upgrade, such as h2c, is answered as if it offered none; a Node before 22.21 asks nobody, and refuses it.
    const shouldUpgradeCallback = ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === 'websocket';
    const answer = listener({ config, sessions, builtFolder, isReady, journal });
    this.server = createServer({ shouldUpgradeCallback }, answer);
    this.server.timeout = HTTP_STALL_MS;
    this.server.on('connection', (socket) => this.#onConnection(socket));
    this.server.on('upgrade', (request, socket, head) => this.#door.upgrade(request, socket, head));
  }

  /** Refuses new work, lets what runs come to its end, says goodbye, and closes everything (rule R6). */
  async drain(): Promise<void> {
    if (this.#isDraining) return;
    this.#isDraining = true;
    await drain({
      door: this.#door,
      queue: this.#queue,
      sessions: this.#sessions,
      clock: this.#clock,
      random: Math.random,
    });
    // Listening as long as this: who comes meanwhile is told 503, and `/readyz` tells a proxy to look elsewhere.
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #count(metrics: Metrics, memory: ImageMemory): void {
    const [door, sessions, queue] = [this.#door, this.#sessions, this.#queue];
    metrics.gauge('proofroom_connections', 'Open connections.', () => door.open.size);
    metrics.gauge('proofroom_slow_connections', 'Connections over their cap.', () => door.slowConnections);
    metrics.gauges('proofroom_sessions', 'Sessions.', 'stage', () => sessions.stages);
    metrics.gauge('proofroom_candidates_running', 'Candidates being drawn.', () => queue.running);
    metrics.gauge('proofroom_candidates_waiting', 'Candidates waiting for their turn.', () => queue.waiting);
    metrics.gauge('proofroom_image_bytes', 'Images, room kept for them, and frames.', () => memory.usedBytes);
  }

  /** A client that resets at any moment must find somebody listening for its error. */
  #onConnection(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
  }
}
