/** Composes a Proofroom: what `import 'proofroom'` gives. It knows no process and no environment, and listens on no port. */
import type { IncomingMessage, RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { HttpBindings } from '@hono/node-server';
import type { DownloadPolicy } from '../shared/protocol.ts';
import { drain } from './drain.ts';
import { createDemoGenerator } from './generators/demo/demo-generator.ts';
import { Estimates } from './generators/estimates.ts';
import type { Generator } from './generators/generator.ts';
import { readBuiltFiles } from './http/built-files.ts';
import { createHttpApp, createListener } from './http/http-app.ts';
import { HttpConnections } from './http/http-connections.ts';
import type { HttpContext } from './http/http-context.ts';
import { imagePath } from './http/image-routes.ts';
import { createMemoryStores } from './memory/memory-stores.ts';
import { RequestAddresses } from './platform/addresses.ts';
import { type Clock, systemClock } from './platform/clock.ts';
import { type Limits, limitsOf } from './platform/limits.ts';
import { createLogger, type Logger } from './platform/logger.ts';
import { isSameSecret, newId } from './platform/secrets.ts';
import { Telemetry } from './platform/telemetry.ts';
import { ImageMemory } from './session/image-memory.ts';
import type { DecidedEvent, EndedEvent, ReadyEvent } from './session/session-events.ts';
import { type Authorize, Sessions } from './session/sessions.ts';
import type { Stores } from './session/stores.ts';
import { Heartbeats } from './ws/heartbeats.ts';
import { ImageFrames } from './ws/image-frames.ts';
import { WebSocketDoor } from './ws/upgrade.ts';

export interface ProofroomOptions {
  /** What draws. The demo painter when absent. */
  readonly generator?: Generator;
  /** Who creates a session must know it; it also opens `/metrics`. 32 characters or more. */
  readonly accessToken?: string;
  /** Opens `/metrics` alone. Without it and without `accessToken` nobody can read the metrics. 32 characters or more. */
  readonly metricsToken?: string;
  /** Who may create a session, in place of the access token's check. */
  readonly authorize?: Authorize;
  /** Hosts besides IP literals and `localhost` that are answered, in lower case and without port (rule S1). */
  readonly allowedHosts?: readonly string[];
  /** Origins besides the own one whose pages may connect, embed and read images (rule S1). */
  readonly allowedOrigins?: readonly string[];
  /** Whether a proxy stands in front, so that `X-Forwarded-For` counts (rule S8). */
  readonly trustProxy?: boolean;
  /** Which images the page offers to save: those that are approved, or `always` any. Over HTTP every image can be viewed. */
  readonly download?: DownloadPolicy;
  /** The path that the host program mounts `fetch` or `listener` at, such as `/proofroom`; it hands requests on without it. */
  readonly basePath?: string;
  /** Limits that differ from `defaultLimits` and from the generator's own. */
  readonly limits?: Partial<Limits>;
  /** Where sessions are kept, made with the same limits. In the memory of this process when absent. */
  readonly stores?: Stores;
  /** JSON lines to standard error when absent. */
  readonly logger?: Logger;
  /** The folder that `npm run build` writes, with the page in it. The package's own when absent. */
  readonly builtFolder?: string;
  readonly clock?: Clock;
  /**
   * A generation has brought attempts that wait for a decision. Like the other hooks it may be async: no session waits for a hook, but
   * `drain` waits up to 5 s for those that run, and what a hook throws is logged.
   */
  readonly onReady?: (event: ReadyEvent) => unknown;
  /** Somebody has decided about an image. Where `outcome` is `approved`, the image is final, and the event carries its bytes. */
  readonly onDecided?: (event: DecidedEvent) => unknown;
  /** A session is gone, and its images with it. */
  readonly onEnded?: (event: EndedEvent) => unknown;
}

export interface Proofroom {
  /** For Hono (`mount` of `hono/mount`) and others that speak fetch. Node's request and response as `env` make limits and metrics exact. */
  fetch(request: Request, env?: Partial<HttpBindings>): Response | Promise<Response>;
  /** For `http.createServer` and Express (`app.use`). */
  readonly listener: RequestListener;
  /** For the `connection` event of the HTTP server: caps how many connections there are, in all and from one address. */
  connection(socket: Socket): void;
  /** For the `upgrade` event of the HTTP server; without it there are no WebSockets. Answers the path `basePath` + `/ws` alone. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** The core, for programs that create, follow and decide sessions themselves. */
  readonly sessions: Sessions;
  /** Refuses new work, lets running generations end, says goodbye and ends all sessions (rule R6). May be called twice. */
  drain(): Promise<void>;
}

/** @throws {TypeError} when `limits.DAILY_DOLLARS` is set and the generator does not know its prices */
export function createProofroom(options: ProofroomOptions = {}): Proofroom {
  const { generator = createDemoGenerator(), clock = systemClock, logger = createLogger('info') } = options;
  const {
    accessToken,
    metricsToken,
    allowedHosts = [],
    allowedOrigins = [],
    trustProxy = false,
    basePath = '',
    download = 'approved',
  } = options;
  const { builtFolder = defaultBuiltFolder, authorize = tokenCheck(accessToken) } = options;
  const limits = limitsOf(options.limits ?? {}, generator);
  if (Number.isFinite(limits.DAILY_DOLLARS) && !generator.mostDollars) throw new TypeError(UNKNOWN_PRICES);
  const telemetry = new Telemetry(logger, clock);
  const memory = new ImageMemory(limits.IMAGE_MEMORY_BYTES);
  const { stores = createMemoryStores(clock, limits) } = options;
  const addresses = new RequestAddresses({ allowedHosts, allowedOrigins, trustProxy }, logger);
  const connections = new HttpConnections({ limits, trustProxy, telemetry });
  const core = { generator, clock, newId, limits, telemetry };
  const sessions = new Sessions({
    ...core,
    stores,
    memory,
    estimates: new Estimates(limits.CONCURRENT_CANDIDATES),
    authorize,
  });
  const door = new WebSocketDoor({
    ...core,
    sessions,
    frames: new ImageFrames(memory),
    heartbeats: new Heartbeats(clock),
    addresses,
    path: `${basePath}/ws`,
    download,
    imagePath: (sessionId, imageId) => basePath + imagePath(sessionId, imageId),
  });
  let drained: Promise<void> | undefined;
  const readiness = () => {
    if (drained !== undefined) return 'draining';
    return stores.isReady ? 'ready' : 'store_unreachable';
  };
  const files = readBuiltFiles(builtFolder);
  const metricsTokens = [accessToken, metricsToken].filter((token) => token !== undefined);
  const isOpen = accessToken === undefined && options.authorize === undefined;
  const expected = isOpen ? (generator.demo ? 'demo' : 'model') : undefined;
  const shared = { sessions, telemetry, limits, addresses };
  const http: HttpContext = { ...shared, files, allowedOrigins, metricsTokens, expected, readiness };
  const app = createHttpApp(http);

  follow(sessions, telemetry, options);
  telemetry.gauge('proofroom_connections', 'Open connections.', () => door.connections.size);
  telemetry.gauge('proofroom_slow_connections', 'Connections over their cap.', () => door.slowConnections);
  telemetry.labelledGauge('proofroom_sessions', 'Sessions.', 'stage', () => sessions.stages);
  const counts = () => stores.jobs.counts();
  telemetry.gauge(
    'proofroom_candidates_running',
    'Candidates that are being drawn.',
    async () => (await counts()).running,
  );
  telemetry.gauge(
    'proofroom_candidates_waiting',
    'Candidates that wait for their turn.',
    async () => (await counts()).waiting,
  );
  const spent = () => sessions.spentToday();
  telemetry.gauge('proofroom_asks_today', 'Images of today’s budget, in UTC.', async () => (await spent()).asks);
  telemetry.gauge('proofroom_dollars_today', 'Dollars of today’s budget, in UTC.', async () => (await spent()).dollars);
  telemetry.gauge('proofroom_lost_log_lines', 'Lines that the log could not take.', () => logger.lostLines ?? 0);
  telemetry.gauge('proofroom_image_bytes', 'Images, reservations and frames.', () => memory.usedBytes);

  return {
    fetch: (request, env) => app.fetch(request, env),
    listener: createListener(app.fetch, http),
    connection: (socket) => connections.accept(socket),
    upgrade: (request, socket, head) => {
      connections.release(socket);
      door.upgrade(request, socket, head);
    },
    sessions,
    drain: () => {
      drained ??= drain({ door, sessions, stores, clock, random: Math.random });
      return drained;
    },
  };
}

/** A ceiling that can't hold would be worse than none. */
const UNKNOWN_PRICES = 'limits.DAILY_DOLLARS needs a generator that has mostDollars';

/** Where `npm run build` puts the page. As source this file stands in server/, as JavaScript in dist/server/. */
export const defaultBuiltFolder = join(import.meta.dirname, import.meta.filename.endsWith('.ts') ? '../dist' : '..');

/** Without an access token everybody who reaches the server may create a session (rule S2). */
function tokenCheck(accessToken: string | undefined): Authorize {
  return ({ token = '' }) => accessToken === undefined || isSameSecret(token, accessToken);
}

function follow(sessions: Sessions, telemetry: Telemetry, { onReady, onDecided, onEnded }: ProofroomOptions): void {
  sessions.on('decided', ({ sessionId, decision, outcome }) => telemetry.decided(sessionId, decision, outcome));
  sessions.on('ended', ({ sessionId, ...ended }) => telemetry.sessionEnded({ session: sessionId, ...ended }));
  if (onReady) sessions.on('ready', onReady);
  if (onDecided) sessions.on('decided', onDecided);
  if (onEnded) sessions.on('ended', onEnded);
}
