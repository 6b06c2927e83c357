/** Which upgrade requests become connections. */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { SUBPROTOCOL } from '../../shared/protocol.ts';
import type { RequestAddresses } from '../platform/addresses.ts';
import { Counts } from '../platform/counts.ts';
import { Connection, type ConnectionContext, type Peer } from './connection.ts';

export interface UpgradeContext extends ConnectionContext {
  readonly addresses: RequestAddresses;
  /** The path of the WebSocket, such as `/ws`. */
  readonly path: string;
}

type RefusalStatus = 400 | 403 | 404 | 421 | 429 | 503;

export class WebSocketDoor {
  readonly #context: UpgradeContext;
  readonly #server: WebSocketServer;
  readonly #connections = new Set<Connection>();
  readonly #perAddress = new Counts();
  #isClosed = false;

  constructor(context: UpgradeContext) {
    this.#context = context;
    const { INBOUND_MESSAGE_BYTES, INBOUND_FRAGMENTS, INBOUND_CHUNKS } = context.limits;
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: INBOUND_MESSAGE_BYTES,
      maxFragments: INBOUND_FRAGMENTS,
      maxBufferedChunks: INBOUND_CHUNKS,
      // Deflate takes 38 times the CPU for an image, and 170 KB of memory for a connection.
      perMessageDeflate: false,
      handleProtocols: () => SUBPROTOCOL,
    });
  }

  get connections(): ReadonlySet<Connection> {
    return this.#connections;
  }

  /** How many connections hold more than their cap (rule R3). */
  get slowConnections(): number {
    return [...this.#connections].filter(({ isSlow }) => isSlow).length;
  }

  /** Refuses new connections from now on. */
  close(): void {
    this.#isClosed = true;
  }

  /** Listener for an HTTP server's `upgrade` event. Refuses with 421, 404, 403, 400, 429 or 503, checked in this order. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // It closed before the host program handed it on: `close` comes only once, so its address would be counted for ever.
    if (socket.destroyed) return;
    socket.on('error', () => socket.destroy());
    const address = this.#context.addresses.clientOf(request);
    const status = this.#refusalStatus(request, address);
    if (status) return this.#refuse(socket, status, request);
    this.#count(socket, address);
    // Bound, since an arrow function would keep the request and its headers for as long as the socket has listeners of this method.
    this.#server.handleUpgrade(
      request,
      socket,
      head,
      this.#connect.bind(this, socket, { address, headers: request.headers }),
    );
  }

  #count(socket: Duplex, address: string): void {
    this.#perAddress.add(address, 1);
    socket.once('close', () => this.#perAddress.add(address, -1));
  }

  #connect(stream: Duplex, peer: Peer, webSocket: WebSocket): void {
    const connection = new Connection(webSocket, stream, peer, this.#context);
    this.#connections.add(connection);
    webSocket.once('close', () => this.#connections.delete(connection));
  }

  #refusalStatus(request: IncomingMessage, address: string): RefusalStatus | undefined {
    const { addresses, limits, path } = this.#context;
    if (!addresses.isAllowedHost(request)) return 421;
    if (request.url?.split('?', 1)[0] !== path) return 404;
    if (!addresses.isAllowedOrigin(request)) return 403;
    if (!offeredProtocols(request).includes(SUBPROTOCOL)) return 400;
    if (this.#perAddress.of(address) >= limits.CONNECTIONS_PER_ADDRESS) return 429;
    if (this.#isClosed || this.#connections.size >= limits.CONNECTIONS) return 503;
    return undefined;
  }

  #refuse(socket: Duplex, status: RefusalStatus, request: IncomingMessage): void {
    this.#context.telemetry.requestRefused(status, status === 403 ? this.#originHint(request) : undefined);
    // A peer that keeps its end open would keep ours open too.
    socket.once('finish', () => socket.destroy());
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  }

  /** A browser shows a refused origin only as close code 1006, so the log says what to do about it. */
  #originHint(request: IncomingMessage) {
    const message = this.#context.addresses.isOtherPort(request)
      ? 'origin refused: a proxy passes on Host without its port; let it pass on the whole Host ($http_host in nginx), or ' +
        'X-Forwarded-Host together with PROOFROOM_TRUST_PROXY=1'
      : 'origin refused: add it to PROOFROOM_ALLOWED_ORIGINS to let its pages connect';
    return { message, origin: String(request.headers.origin).slice(0, 200) };
  }
}

const offeredProtocols = ({ headers }: IncomingMessage) =>
  (headers['sec-websocket-protocol'] ?? '').split(',').map((offer) => offer.trim());
