/** A bad line between a client and a server: a TCP proxy on loopback that cuts, stalls, trickles, delays, and forgets. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

export type Direction = 'toServer' | 'toClient';

/** What happens to bytes on their way in one direction. */
export type Weather =
  | { readonly is: 'clear' }
  /** Nothing is read, so that the sender's buffers fill up; what was held goes on when the weather changes. */
  | { readonly is: 'stalled' }
  /** Everything is read and thrown away, the end of the connection too: a half-open line. */
  | { readonly is: 'swallowing' }
  | { readonly is: 'trickling'; readonly bytesPerSecond: number }
  | { readonly is: 'delayed'; readonly ms: number };

const CLEAR: Weather = { is: 'clear' };
/** A trickle comes in this many drops a second. */
const DROPS_PER_SECOND = 50;
/** A timer that fires late is made good, up to so much. */
const CAUGHT_UP_MS = 200;
/** What a lane holds before it stops reading, except while it delays. */
const HELD_BYTES = 64 * 1024;

/** One direction of one connection. */
class Lane {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #queue: { readonly chunk: Buffer; readonly arrivedAt: number }[] = [];
  #weather: Weather;
  #news = Promise.withResolvers<void>();
  #heldBytes = 0;
  #hasEnded = false;
  /** When the next drop of a trickle may fall. */
  #nextDropAt = 0;
  readonly #gone: Promise<void>;
  readonly #onCarried: (byteLength: number) => void;

  constructor(from: Socket, to: Socket, weather: Weather, onCarried: (byteLength: number) => void) {
    this.#from = from;
    this.#to = to;
    this.#weather = weather;
    this.#onCarried = onCarried;
    this.#gone = new Promise((resolve) => to.once('close', resolve));
    from.on('data', (chunk) => this.#arrived(chunk));
    from.once('end', () => this.#ended());
    from.once('close', (hadError) => this.#closed(hadError));
    if (weather.is === 'stalled') from.pause();
    void this.#run();
  }

  set weather(weather: Weather) {
    this.#weather = weather;
    this.#settle();
    this.#tell();
  }

  #arrived(chunk: Buffer): void {
    // What was not there to be carried is no time lost.
    if (this.#queue.length === 0) this.#nextDropAt = Math.max(this.#nextDropAt, performance.now());
    this.#queue.push({ chunk, arrivedAt: performance.now() });
    this.#heldBytes += chunk.length;
    this.#settle();
    this.#tell();
  }

  #ended(): void {
    this.#hasEnded = true;
    this.#tell();
  }

  #closed(hadError: boolean): void {
    if (this.#weather.is !== 'swallowing' && (hadError || !this.#hasEnded)) this.#to.destroy();
    this.#ended();
  }

  #settle(): void {
    const isFull = this.#heldBytes > HELD_BYTES && this.#weather.is !== 'delayed';
    if (isFull || this.#weather.is === 'stalled') this.#from.pause();
    else this.#from.resume();
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  /** Carries until the connection is over. */
  async #run(): Promise<void> {
    while (!this.#to.destroyed) {
      const news = this.#news.promise;
      const first = this.#queue[0];
      const isHeld = this.#weather.is === 'stalled';
      if (first && !isHeld) await this.#carry(first, news);
      else if (!first && this.#hasEnded && !isHeld) return this.#finish();
      else await news;
    }
  }

  #finish(): void {
    if (this.#weather.is !== 'swallowing') this.#to.end();
  }

  /** Takes the queue's first bytes as far as the weather lets them go now. */
  async #carry({ chunk, arrivedAt }: { chunk: Buffer; arrivedAt: number }, news: Promise<void>): Promise<void> {
    switch (this.#weather.is) {
      case 'stalled':
        return;
      case 'swallowing':
        return this.#took(chunk.length);
      case 'clear':
        return this.#write(chunk);
      case 'delayed': {
        const leftMs = arrivedAt + this.#weather.ms - performance.now();
        if (leftMs <= 0) return this.#write(chunk);
        return void (await Promise.race([wait(leftMs), news]));
      }
      case 'trickling': {
        const { bytesPerSecond } = this.#weather;
        const drop = chunk.subarray(0, Math.ceil(bytesPerSecond / DROPS_PER_SECOND));
        const earliest = performance.now() - CAUGHT_UP_MS;
        this.#nextDropAt = Math.max(this.#nextDropAt, earliest) + (drop.length / bytesPerSecond) * 1000;
        await this.#write(drop);
        return wait(Math.max(0, this.#nextDropAt - performance.now()));
      }
    }
  }

  async #write(bytes: Buffer): Promise<void> {
    this.#took(bytes.length);
    this.#onCarried(bytes.length);
    if (this.#to.writable && !this.#to.write(bytes)) await Promise.race([this.#drained(), this.#gone]);
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => this.#to.once('drain', resolve));
  }

  #took(byteLength: number): void {
    const first = this.#queue.shift();
    if (first && byteLength < first.chunk.length) {
      this.#queue.unshift({ ...first, chunk: first.chunk.subarray(byteLength) });
    }
    this.#heldBytes -= byteLength;
    this.#settle();
  }
}

/** One client's connection and the one made for it. */
interface Line {
  readonly client: Socket;
  readonly server: Socket;
  readonly lanes: Readonly<Record<Direction, Lane>>;
  isAbandoned: boolean;
}

export class TcpProxy {
  readonly #targetPort: number;
  readonly #lines = new Set<Line>();
  readonly #weather: Record<Direction, Weather> = { toServer: CLEAR, toClient: CLEAR };
  readonly #server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
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

  /** Connections taken since the beginning. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Connections turned away while `refuse` held. */
  get refused(): number {
    return this.#refused;
  }

  /** Connections whose server's side is open: a client's own end does not count. */
  get open(): number {
    return [...this.#lines].filter(({ server }) => !server.destroyed).length;
  }

  /** Abandoned connections that the server still holds. */
  get abandoned(): number {
    return [...this.#lines].filter(({ server, isAbandoned }) => isAbandoned && !server.destroyed).length;
  }

  /** Bytes that have been handed on in each direction since the beginning. */
  get carried(): Readonly<Record<Direction, number>> {
    return this.#carried;
  }

  /** Sets the weather of a direction, for connections that are there and those to come. */
  set(direction: Direction, weather: Weather): void {
    this.#weather[direction] = weather;
    for (const { lanes, isAbandoned } of this.#lines) if (!isAbandoned) lanes[direction].weather = weather;
  }

  /** Resets every connection at once, both ends. */
  cut(): void {
    for (const { client, server } of this.#lines) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  /** Leaves every connection half-open for good: both ends still stand, and nothing passes any more. New ones are well. */
  abandon(): void {
    for (const line of this.#lines) {
      line.isAbandoned = true;
      line.lanes.toServer.weather = { is: 'swallowing' };
      line.lanes.toClient.weather = { is: 'swallowing' };
      // An end that gives the line up is done with it, and nobody is told.
      for (const end of [line.client, line.server]) end.once('end', () => end.destroy());
    }
  }

  /** Turns every new connection away, until `heal`. */
  refuse(): void {
    this.#isRefusing = true;
  }

  /** All is well for connections to come; those that are abandoned stay so. */
  heal(): void {
    this.#isRefusing = false;
    this.set('toServer', CLEAR);
    this.set('toClient', CLEAR);
  }

  /** Resolves as soon as this holds of the proxy's counts, looked at whenever a connection comes or goes, or bytes are carried. */
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
      return this.#tell();
    }
    this.#accepted += 1;
    const server = connect({ port: this.#targetPort, host: '127.0.0.1', allowHalfOpen: true });
    // A server that is gone is told to the client by a reset, as the kernel would.
    server.on('error', () => server.destroy());
    client.setNoDelay();
    server.setNoDelay();
    const lanes = {
      toServer: new Lane(client, server, this.#weather.toServer, (bytes) => this.#onCarried('toServer', bytes)),
      toClient: new Lane(server, client, this.#weather.toClient, (bytes) => this.#onCarried('toClient', bytes)),
    };
    const line: Line = { client, server, lanes, isAbandoned: false };
    this.#lines.add(line);
    for (const end of [client, server]) end.once('close', () => this.#closed(line));
    this.#tell();
  }

  #onCarried(direction: Direction, byteLength: number): void {
    this.#carried[direction] += byteLength;
    this.#tell();
  }

  #closed(line: Line): void {
    if (line.client.destroyed && line.server.destroyed) this.#lines.delete(line);
    this.#tell();
  }

  #tell(): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const resolve of waiters) resolve();
  }
}

/** A proxy in front of this port of 127.0.0.1, closed with the test. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const proxy = await new TcpProxy(targetPort).listen();
  onTestFinished(() => proxy.close());
  return proxy;
}
