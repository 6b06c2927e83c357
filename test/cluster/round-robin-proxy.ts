/** A TCP proxy on loopback in front of several servers: each connection goes to the next server that accepts it. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream';

export class RoundRobinProxy {
  readonly #ports: () => readonly number[];
  readonly #server = createServer((client) => void this.#accept(client));
  readonly #clients = new Set<Socket>();
  #next = 0;

  /** @param ports of the servers, on 127.0.0.1; read for each connection */
  constructor(ports: () => readonly number[]) {
    this.#ports = ports;
  }

  /**
   * @param port 0 takes a free one
   * @throws {NodeJS.ErrnoException} such as EADDRINUSE
   */
  async listen(port = 0): Promise<this> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  /** Such as `http://127.0.0.1:40000`. */
  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Cuts all connections. May be called twice. */
  async close(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Closes the connection when no server accepts it. */
  async #accept(client: Socket): Promise<void> {
    this.#clients.add(client);
    client.once('close', () => this.#clients.delete(client));
    client.on('error', () => client.destroy());
    const server = await this.#connect();
    if (!server || client.destroyed) {
      client.destroy();
      server?.destroy();
      return;
    }
    client.setNoDelay();
    server.setNoDelay();
    // Each direction ends by itself; an error of either end ends both.
    pipeline(client, server, () => undefined);
    pipeline(server, client, () => undefined);
  }

  async #connect(): Promise<Socket | undefined> {
    const ports = this.#ports();
    const first = this.#next++;
    for (let step = 0; step < ports.length; step++) {
      const socket = connect({ port: ports[(first + step) % ports.length] ?? 0, host: '127.0.0.1' });
      try {
        await once(socket, 'connect');
        return socket;
      } catch {
        // This server does not accept connections.
      }
    }
    return undefined;
  }
}
