/** The door: which upgrades become connections. */
import { type IncomingHttpHeaders, type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { SUBPROTOCOL } from '../../shared/protocol.ts';
import type { Config } from '../config.ts';
import type { ClientAddresses } from '../platform/client-address.ts';
import { hostOf, isAllowedHost } from '../platform/hosts.ts';
import type { Journal } from '../platform/telemetry.ts';
import { Connection, type ConnectionContext } from './connection.ts';

type Refusal = 400 | 403 | 404 | 421 | 429 | 503;

export class Door {
  readonly #config: Config;
  readonly #context: ConnectionContext;
  readonly #addresses: ClientAddresses;
  readonly #journal: Journal;
  readonly #sockets: WebSocketServer;
  readonly #connections = new Set<Connection>();
  readonly #perAddress = new Map<string, number>();
  #isClosed = false;

  constructor(config: Config, context: ConnectionContext, addresses: ClientAddresses) {
    this.#config = config;
    const { INBOUND_MESSAGE_BYTES, INBOUND_FRAGMENTS, INBOUND_CHUNKS } = config.limits;
    this.#context = context;
    this.#addresses = addresses;
    this.#journal = context.journal;
    this.#sockets = new WebSocketServer({
      noServer: true,
      maxPayload: INBOUND_MESSAGE_BYTES,
      maxFragments: INBOUND_FRAGMENTS,
      maxBufferedChunks: INBOUND_CHUNKS,
      // Deflate costs 38 times the CPU for an image, and 170 KB of memory a connection.
      perMessageDeflate: false,
      handleProtocols: () => SUBPROTOCOL,
    });
  }

  /** The connections there are. */
  get open(): ReadonlySet<Connection> {
    return this.#connections;
  }

  /** Takes or refuses an upgrade, in the order of the design: 421, 403, 400, 429, 503; 404 for another path than `/ws`. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const address = this.#addresses.of(request);
    const refusal = this.#refusal(request, address);
    if (refusal) return this.#refuse(socket, refusal, request.headers);
    this.#count(address, 1);
    socket.once('close', () => this.#count(address, -1));
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new Connection(webSocket, address, this.#context);
      this.#connections.add(connection);
      webSocket.once('close', () => this.#connections.delete(connection));
    });
  }

  /** Connections that hold more than they may, so that what is due collapses to the latest (rule R3). */
  get slowConnections(): number {
    return [...this.#connections].filter((connection) => connection.isSlow).length;
  }

  /** Refuses new connections from now on. */
  close(): void {
    this.#isClosed = true;
  }

  #refusal(request: IncomingMessage, address: string): Refusal | undefined {
    const { allowedHosts, limits } = this.#config;
    if (!isAllowedHost(hostOf(request), allowedHosts)) return 421;
    if (pathOf(request) !== '/ws') return 404;
    if (!this.#isAllowedOrigin(request)) return 403;
    if (!offeredProtocols(request).includes(SUBPROTOCOL)) return 400;
    if ((this.#perAddress.get(address) ?? 0) >= limits.CONNECTIONS_PER_ADDRESS) return 429;
    if (this.#isClosed || this.#connections.size >= limits.CONNECTIONS) return 503;
    return undefined;
  }

  /** Browsers send the origin, and show its refusal only as code 1006: the log says what to do about it. */
  #isAllowedOrigin({ headers }: IncomingMessage): boolean {
    const { origin, host } = headers;
    if (origin === undefined || this.#config.allowedOrigins.includes(origin)) return true;
    return URL.canParse(origin) && new URL(origin).host === host;
  }

  #refuse(socket: Duplex, status: Refusal, { origin = '' }: IncomingHttpHeaders): void {
    const message = 'origin refused: add it to PROOFROOM_ALLOWED_ORIGINS to let its pages connect';
    this.#journal.requestRefused(status, status === 403 ? { message, origin: origin.slice(0, 200) } : undefined);
    // A peer that keeps its end open would keep ours too.
    socket.once('finish', () => socket.destroy());
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  }

  #count(address: string, change: 1 | -1): void {
    const count = (this.#perAddress.get(address) ?? 0) + change;
    if (count > 0) this.#perAddress.set(address, count);
    else this.#perAddress.delete(address);
  }
}

const pathOf = ({ url = '' }: IncomingMessage) => url.split('?', 1)[0];
const offeredProtocols = ({ headers }: IncomingMessage) =>
  (headers['sec-websocket-protocol'] ?? '').split(',').map((offer) => offer.trim());
