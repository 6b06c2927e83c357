/** A bad network between a client and a server: a TCP proxy on loopback that cuts, stalls, slows, delays and half-opens connections. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

export type Direction = 'toServer' | 'toClient';

/** How bytes are passed on in one direction. */
export type Condition =
  | { readonly is: 'clear' }
  /** Nothing is read, so that the sender's buffers fill. Held bytes are passed on when the condition changes. */
  | { readonly is: 'stalled' }
  /** Everything is read and thrown away, the end of the connection too: the connection is half-open. */
  | { readonly is: 'swallowing' }
  | { readonly is: 'trickling'; readonly bytesPerSecond: number }
  | { readonly is: 'delayed'; readonly ms: number };

const CLEAR: Condition = { is: 'clear' };
/** Into how many writes a second of trickling is divided. */
const TRICKLES_PER_SECOND = 50;
/** How far behind its rate a trickle may fall, by timers that fire late, and still catch up. */
const CATCH_UP_MS = 200;
/** What one direction holds before it stops reading, unless it delays. */
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
  /** When the next trickle may be written. */
  #nextTrickleAt = 0;
  readonly #closed: Promise<void>;
  readonly #onCarried: (byteLength: number) => void;

  constructor(from: Socket, to: Socket, condition: Condition, onCarried: (byteLength: number) => void) {
    this.#from = from;
    this.#to = to;
    this.#condition = condition;
    this.#onCarried = onCarried;
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
    this.#signalChange();
  }

  #onData(chunk: Buffer): void {
    // The time without anything to write does not count as time to catch up on.
    if (this.#queue.length === 0) this.#nextTrickleAt = Math.max(this.#nextTrickleAt, performance.now());
    this.#queue.push({ chunk, arrivedAt: performance.now() });
    this.#heldBytes += chunk.length;
    this.#pauseOrResume();
    this.#signalChange();
  }

  #onEnd(): void {
    this.#hasEnded = true;
    this.#signalChange();
  }

  #onClose(hadError: boolean): void {
    if (this.#condition.is !== 'swallowing' && (hadError || !this.#hasEnded)) this.#to.destroy();
    this.#onEnd();
  }

  #pauseOrResume(): void {
    const isFull = this.#heldBytes > HELD_BYTES && this.#condition.is !== 'delayed';
    if (isFull || this.#condition.is === 'stalled') this.#from.pause();
    else this.#from.resume();
  }

  #signalChange(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  /** Passes bytes on until the connection is over. */
  async #run(): Promise<void> {
    while (!this.#to.destroyed) {
      const change = this.#change.promise;
      const first = this.#queue[0];
      const isStalled = this.#condition.is === 'stalled';
      if (first && !isStalled) await this.#carry(first, change);
      else if (!first && this.#hasEnded && !isStalled) return this.#finish();
      else await change;
    }
  }

  #finish(): void {
    if (this.#condition.is !== 'swallowing') this.#to.end();
  }

  /** Passes on as much of the queue's first chunk as the condition allows now. */
  async #carry({ chunk, arrivedAt }: { chunk: Buffer; arrivedAt: number }, change: Promise<void>): Promise<void> {
    switch (this.#condition.is) {
      case 'stalled':
        return;
      case 'swallowing':
        return this.#dequeue(chunk.length);
      case 'clear':
        return this.#write(chunk);
      case 'delayed': {
        const leftMs = arrivedAt + this.#condition.ms - performance.now();
        if (leftMs <= 0) return this.#write(chunk);
        return void (await Promise.race([wait(leftMs), change]));
      }
      case 'trickling': {
        const { bytesPerSecond } = this.#condition;
        const trickle = chunk.subarray(0, Math.ceil(bytesPerSecond / TRICKLES_PER_SECOND));
        const earliest = performance.now() - CATCH_UP_MS;
        this.#nextTrickleAt = Math.max(this.#nextTrickleAt, earliest) + (trickle.length / bytesPerSecond) * 1000;
        await this.#write(trickle);
        return wait(Math.max(0, this.#nextTrickleAt - performance.now()));
      }
    }
  }

  async #write(bytes: Buffer): Promise<void> {
    this.#dequeue(bytes.length);
    this.#onCarried(bytes.length);
    if (this.#to.writable && !this.#to.write(bytes)) await Promise.race([this.#drained(), this.#closed]);
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => this.#to.once('drain', resolve));
  }

  #dequeue(byteLength: number): void {
    const first = this.#queue.shift();
    if (first && byteLength < first.chunk.length) {
      this.#queue.unshift({ ...first, chunk: first.chunk.subarray(byteLength) });
    }
    this.#heldBytes -= byteLength;
    this.#pauseOrResume();
  }
}

/** A client's connection to the proxy, and the proxy's connection to the server that was made for it. */
interface Link {
  readonly client: Socket;
  readonly server: Socket;
  readonly relays: Readonly<Record<Direction, Relay>>;
  isAbandoned: boolean;
}

export class TcpProxy {
  readonly #targetPort: number;
  readonly #links = new Set<Link>();
  readonly #conditions: Record<Direction, Condition> = { toServer: CLEAR, toClient: CLEAR };
  readonly #server = createServer({ allowHalfOpen: true }, (client) => this.#onConnection(client));
  readonly #waiters = new Set<() => void>();
  #isRefusing = false;
  #accepted = 0;
  #refused = 0;
  readonly #carried: Record<Direction, number> = { toServer: 0, toClient: 0 };

  constructor(targetPort: number) {
    this.#targetPort = targetPort;
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  /** Such as `http://127.0.0.1:40000`: what the client takes for the server. */
  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Connections accepted so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Connections refused so far (see `refuse`). */
  get refused(): number {
    return this.#refused;
  }

  /** Connections that are open to the server. The client's end may be closed already. */
  get open(): number {
    return [...this.#links].filter(({ server }) => !server.destroyed).length;
  }

  /** Abandoned connections that the server has not closed yet. */
  get abandoned(): number {
    return [...this.#links].filter(({ server, isAbandoned }) => isAbandoned && !server.destroyed).length;
  }

  /** Bytes passed on so far, in each direction. */
  get carried(): Readonly<Record<Direction, number>> {
    return this.#carried;
  }

  /** Sets the condition of a direction, for connections that exist and those to come. */
  set(direction: Direction, condition: Condition): void {
    this.#conditions[direction] = condition;
    for (const { relays, isAbandoned } of this.#links) if (!isAbandoned) relays[direction].condition = condition;
  }

  /** Resets both ends of every connection. */
  cut(): void {
    for (const { client, server } of this.#links) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  /** Leaves every connection half-open for good: both ends stay open, and nothing passes any more. New connections work. */
  abandon(): void {
    for (const link of this.#links) {
      link.isAbandoned = true;
      link.relays.toServer.condition = { is: 'swallowing' };
      link.relays.toClient.condition = { is: 'swallowing' };
      // An end that closes is closed, but the other end is not told.
      for (const end of [link.client, link.server]) end.once('end', () => end.destroy());
    }
  }

  /** Resets every new connection, until `heal`. */
  refuse(): void {
    this.#isRefusing = true;
  }

  /** Accepts new connections, and passes everything on. Abandoned connections stay so. */
  heal(): void {
    this.#isRefusing = false;
    this.set('toServer', CLEAR);
    this.set('toClient', CLEAR);
  }

  /** Resolves as soon as this holds of the proxy's counts. It is checked whenever a connection opens or closes, or bytes pass. */
  async until(holds: (proxy: this) => boolean): Promise<void> {
    while (!holds(this)) await new Promise<void>((resolve) => this.#waiters.add(resolve));
  }

  async close(): Promise<void> {
    this.cut();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  #onConnection(client: Socket): void {
    client.on('error', () => client.destroy());
    if (this.#isRefusing) {
      this.#refused += 1;
      client.resetAndDestroy();
      return this.#wakeWaiters();
    }
    this.#accepted += 1;
    const server = connect({ port: this.#targetPort, host: '127.0.0.1', allowHalfOpen: true });
    // When the server does not accept, the client's connection is destroyed too.
    server.on('error', () => server.destroy());
    client.setNoDelay();
    server.setNoDelay();
    const { toServer, toClient } = this.#conditions;
    const relays = {
      toServer: new Relay(client, server, toServer, (bytes) => this.#onCarried('toServer', bytes)),
      toClient: new Relay(server, client, toClient, (bytes) => this.#onCarried('toClient', bytes)),
    };
    const link: Link = { client, server, relays, isAbandoned: false };
    this.#links.add(link);
    for (const end of [client, server]) end.once('close', () => this.#onClose(link));
    this.#wakeWaiters();
  }

  #onCarried(direction: Direction, byteLength: number): void {
    this.#carried[direction] += byteLength;
    this.#wakeWaiters();
  }

  #onClose(link: Link): void {
    if (link.client.destroyed && link.server.destroyed) this.#links.delete(link);
    this.#wakeWaiters();
  }

  #wakeWaiters(): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const resolve of waiters) resolve();
  }
}

/** A proxy in front of this port of 127.0.0.1. It is closed with the test. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const proxy = await new TcpProxy(targetPort).listen();
  onTestFinished(() => proxy.close());
  return proxy;
}
