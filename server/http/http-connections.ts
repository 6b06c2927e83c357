/** Caps the connections that are no WebSocket: each costs memory, though it may never send a request or read an answer. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { countedAs } from '../platform/addresses.ts';
import { Counts } from '../platform/counts.ts';
import type { Limits } from '../platform/limits.ts';
import type { Telemetry } from '../platform/telemetry.ts';

export interface HttpConnectionsContext {
  readonly limits: Pick<Limits, 'HTTP_CONNECTIONS' | 'HTTP_CONNECTIONS_PER_ADDRESS'>;
  /** All connections come from the proxy then, so there is no cap for each address. */
  readonly trustProxy: boolean;
  readonly telemetry: Telemetry;
}

export class HttpConnections {
  readonly #context: HttpConnectionsContext;
  /** With the address that each counts for. */
  readonly #sockets = new Map<Duplex, string>();
  readonly #perAddress = new Counts();

  constructor(context: HttpConnectionsContext) {
    this.#context = context;
  }

  /** Listener for an HTTP server's `connection` event: destroys what exceeds a cap. */
  accept(socket: Socket): void {
    const { limits, trustProxy, telemetry } = this.#context;
    const address = countedAs(socket.remoteAddress ?? '');
    const isAddressFull = !trustProxy && this.#perAddress.of(address) >= limits.HTTP_CONNECTIONS_PER_ADDRESS;
    if (isAddressFull || this.#sockets.size >= limits.HTTP_CONNECTIONS) {
      telemetry.httpConnectionRefused();
      return void socket.destroy();
    }
    this.#sockets.set(socket, address);
    this.#perAddress.add(address, 1);
    // Without a listener, a client that resets at the wrong moment would end the process (rule R8).
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.release(socket));
  }

  /** The connection has become a WebSocket, which has limits of its own, or is closed. */
  release(socket: Duplex): void {
    const address = this.#sockets.get(socket);
    if (address === undefined) return;
    this.#sockets.delete(socket);
    this.#perAddress.add(address, -1);
  }
}
