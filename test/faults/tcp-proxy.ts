/** A bad network between a client and a server: a TCP proxy on loopback that cuts, stalls, slows down, delays and drops. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

export type Direction = 'toServer' | 'toClient';

/** What happens to bytes in one direction. */
export type Condition =
  | { readonly is: 'clear' }
  /** Nothing is read, so that the sender's buffers fill up. What was held goes on when the condition changes. */
  | { readonly is: 'stalled' }
  /** Everything is read and dropped, the end of the connection too. */
  | { readonly is: 'dropping' }
  | { readonly is: 'slow'; readonly bytesPerSecond: number }
  | { readonly is: 'delayed'; readonly ms: number };

const CLEAR: Condition = { is: 'clear' };
/** A slow direction passes its bytes on in so many portions a second. */
const PORTIONS_PER_SECOND = 50;
/** A slow direction makes up for timers that fire late, up to this. */
const MAX_CATCH_UP_MS = 200;
/** A direction stops reading when it holds more, except while it delays. */
const HELD_BYTES = 64 * 1024;

/** One direction of one connection. */
class Relay {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #queue: { readonly chunk: Buffer; readonly arrivedAt: number }[] = [];
  #condition: Condition;
  #change = Promise.withResolvers<void>();
  #heldBytes = 0;
  #hasEnded = false;
  /** When a slow direction may pass on its next portion. */
  #nextPortionAt = 0;
  readonly #closed: Promise<void>;
  readonly #onPassed: (byteLength: number) => void;

  constructor(from: Socket, to: Socket, condition: Condition, onPassed: (byteLength: number) => void) {
    this.#from = from;
    this.#to = to;
    this.#condition = condition;
    this.#onPassed = onPassed;
    this.#closed = new Promise((resolve) => to.once('close', resolve));
    from.on('data', (chunk) => this.#onData(chunk));
    from.once('end', () => this.#onEnd());
    from.once('close', (hadError) => this.#onClose(hadError));
    if (condition.is === 'stalled') from.pause();
    void this.#run();
  }

  set condition(condition: Condition) {
    this.#condition = condition;
    this.#pauseOrResume();
    this.#reportChange();
  }

  #onData(chunk: Buffer): void {
    // The time before the bytes arrived does not count as time to catch up with.
    if (this.#queue.length === 0) this.#nextPortionAt = Math.max(this.#nextPortionAt, performance.now());
    this.#queue.push({ chunk, arrivedAt: performance.now() });
    this.#heldBytes += chunk.length;
    this.#pauseOrResume();
    this.#reportChange();
  }

  #onEnd(): void {
    this.#hasEnded = true;
    this.#reportChange();
  }

  #onClose(hadError: boolean): void {
    if (this.#condition.is !== 'dropping' && (hadError || !this.#hasEnded)) this.#to.destroy();
    this.#onEnd();
  }

  #pauseOrResume(): void {
    const isFull = this.#heldBytes > HELD_BYTES && this.#condition.is !== 'delayed';
    if (isFull || this.#condition.is === 'stalled') this.#from.pause();
    else this.#from.resume();
  }

  #reportChange(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  /** Passes bytes on until the connection is over. */
  async #run(): Promise<void> {
    while (!this.#to.destroyed) {
      const change = this.#change.promise;
      const first = this.#queue[0];
      const isStalled = this.#condition.is === 'stalled';
      if (first && !isStalled) await this.#pass(first, change);
      else if (!first && this.#hasEnded && !isStalled) return this.#finish();
      else await change;
    }
  }

  #finish(): void {
    if (this.#condition.is !== 'dropping') this.#to.end();
  }

  /** Passes on as much of the queue's first chunk as the condition allows now. */
  async #pass({ chunk, arrivedAt }: { chunk: Buffer; arrivedAt: number }, change: Promise<void>): Promise<void> {
    switch (this.#condition.is) {
      case 'stalled':
        return;
      case 'dropping':
        return this.#take(chunk.length);
      case 'clear':
        return this.#write(chunk);
      case 'delayed': {
        const leftMs = arrivedAt + this.#condition.ms - performance.now();
        if (leftMs <= 0) return this.#write(chunk);
        return void (await Promise.race([wait(leftMs), change]));
      }
      case 'slow': {
        const { bytesPerSecond } = this.#condition;
        const portion = chunk.subarray(0, Math.ceil(bytesPerSecond / PORTIONS_PER_SECOND));
        const earliest = performance.now() - MAX_CATCH_UP_MS;
        this.#nextPortionAt = Math.max(this.#nextPortionAt, earliest) + (portion.length / bytesPerSecond) * 1000;
        await this.#write(portion);
        return wait(Math.max(0, this.#nextPortionAt - performance.now()));
      }
    }
  }

  async #write(bytes: Buffer): Promise<void> {
    this.#take(bytes.length);
    this.#onPassed(bytes.length);
    if (this.#to.writable && !this.#to.write(bytes)) await Promise.race([this.#drained(), this.#closed]);
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => this.#to.once('drain', resolve));
  }

  #take(byteLength: number): void {
    const first = this.#queue.shift();
    if (first && byteLength < first.chunk.length) {
      this.#queue.unshift({ ...first, chunk: first.chunk.subarray(byteLength) });
    }
    this.#heldBytes -= byteLength;
    this.#pauseOrResume();
  }
}

/** A client's connection, and the one to the server that was made for it. */
interface Connection {
  readonly client: Socket;
  readonly server: Socket;
  readonly relays: Readonly<Record<Direction, Relay>>;
  isHalfOpen: boolean;
}

export class TcpProxy {
  readonly #targetPort: number;
  readonly #connections = new Set<Connection>();
  readonly #conditions: Record<Direction, Condition> = { toServer: CLEAR, toClient: CLEAR };
  readonly #server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  readonly #waiters = new Set<() => void>();
  #isRefusing = false;
  #accepted = 0;
  #refused = 0;
  readonly #passed: Record<Direction, number> = { toServer: 0, toClient: 0 };

  constructor(targetPort: number) {
    this.#targetPort = targetPort;
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  /** The address for the client, such as `http://127.0.0.1:40000`. */
  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many connections were accepted since the start. */
  get accepted(): number {
    return this.#accepted;
  }

  /** How many connections were refused since the start. */
  get refused(): number {
    return this.#refused;
  }

  /** Connections whose server's side is open. */
  get open(): number {
    return [...this.#connections].filter(({ server }) => !server.destroyed).length;
  }

  /** Half-open connections that the server still holds. */
  get halfOpen(): number {
    return [...this.#connections].filter(({ server, isHalfOpen }) => isHalfOpen && !server.destroyed).length;
  }

  /** Bytes passed on in each direction since the start. */
  get passed(): Readonly<Record<Direction, number>> {
    return this.#passed;
  }

  /** Sets the condition of a direction, for all connections and those to come; half-open ones stay as they are. */
  set(direction: Direction, condition: Condition): void {
    this.#conditions[direction] = condition;
    for (const { relays, isHalfOpen } of this.#connections) if (!isHalfOpen) relays[direction].condition = condition;
  }

  /** Resets both ends of every connection. */
  cut(): void {
    for (const { client, server } of this.#connections) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  /** Makes every connection half-open for good: nothing passes any more, and neither end learns of it. New connections work. */
  makeHalfOpen(): void {
    for (const connection of this.#connections) {
      connection.isHalfOpen = true;
      connection.relays.toServer.condition = { is: 'dropping' };
      connection.relays.toClient.condition = { is: 'dropping' };
      // An end that gives the connection up is closed, and the other one stays as it is.
      for (const end of [connection.client, connection.server]) end.once('end', () => end.destroy());
    }
  }

  /** Resets every new connection, until `repair`. */
  refuse(): void {
    this.#isRefusing = true;
  }

  /** Everything passes again; half-open connections stay half-open. */
  repair(): void {
    this.#isRefusing = false;
    this.set('toServer', CLEAR);
    this.set('toClient', CLEAR);
  }

  /** Resolves when the condition holds; it is evaluated whenever a connection comes or goes, or bytes pass. */
  async until(holds: (proxy: this) => boolean): Promise<void> {
    while (!holds(this)) await new Promise<void>((resolve) => this.#waiters.add(resolve));
  }

  async close(): Promise<void> {
    this.cut();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client: Socket): void {
    client.on('error', () => client.destroy());
    if (this.#isRefusing) {
      this.#refused += 1;
      client.resetAndDestroy();
      return this.#wakeWaiters();
    }
    this.#accepted += 1;
    const server = connect({ port: this.#targetPort, host: '127.0.0.1', allowHalfOpen: true });
    server.on('error', () => server.destroy());
    client.setNoDelay();
    server.setNoDelay();
    const relays = {
      toServer: new Relay(client, server, this.#conditions.toServer, (bytes) => this.#onPassed('toServer', bytes)),
      toClient: new Relay(server, client, this.#conditions.toClient, (bytes) => this.#onPassed('toClient', bytes)),
    };
    const connection: Connection = { client, server, relays, isHalfOpen: false };
    this.#connections.add(connection);
    for (const end of [client, server]) end.once('close', () => this.#onClosed(connection));
    this.#wakeWaiters();
  }

  #onPassed(direction: Direction, byteLength: number): void {
    this.#passed[direction] += byteLength;
    this.#wakeWaiters();
  }

  #onClosed(connection: Connection): void {
    if (connection.client.destroyed && connection.server.destroyed) this.#connections.delete(connection);
    this.#wakeWaiters();
  }

  #wakeWaiters(): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const resolve of waiters) resolve();
  }
}

/** A proxy in front of a port of 127.0.0.1, closed with the test. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const proxy = await new TcpProxy(targetPort).listen();
  onTestFinished(() => proxy.close());
  return proxy;
}
