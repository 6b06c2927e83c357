/**
 * Many raw sockets in one process, which count what each of them receives. With a greeting they speak WebSocket: they answer pings, and
 * count the data frames that are longer than a heartbeat.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { frame } from '../../support/raw-client.ts';
import { now } from '../processes.ts';
import { offer } from './offer.ts';

export interface ReadersOrder {
  readonly port: number;
  readonly count: number;
  /** In Latin-1: what each socket sends once it is open, and once it is answered; nothing for bare TCP. */
  readonly greeting: readonly string[];
}

/** When every socket has received as much. */
export interface ReadersTarget {
  readonly bytes?: number;
  readonly frames?: number;
}

export interface Received {
  /** Of all sockets together. */
  readonly frames: number;
  readonly bytes: number;
  /** When the last of them came. */
  readonly lastAt: number;
  /** The same of frames that are long enough for an image, or of any byte over bare TCP. */
  readonly lastImageAt: number;
}

/** Shorter ones are heartbeats, which come whatever happens. */
const SHORTEST_FRAME = 30;
const SHORTEST_IMAGE = 100_000;
const PING = 9;
/** Socket.IO has pings of its own: text frames of one digit. */
const ENGINE_PING = 0x32;
const enginePong = frame('3');
/** Socket.IO sends short frames before it takes a socket for connected; every welcome has more bytes. */
const LEAST_WELCOME = 500;
/** Fewer than a server's backlog. */
const AT_ONCE = 100;

let lastAt = 0;
let lastImageAt = 0;
let target: ReadersTarget | undefined;
let reached = Promise.withResolvers<number>();

class Reader {
  frames = 0;
  bytes = 0;
  readonly #socket: Socket;
  readonly #isBare: boolean;
  #isUpgraded = false;
  /** The beginning of a frame whose header, or ping, has not come whole. */
  #rest: Buffer = Buffer.alloc(0);
  #payloadLeft = 0;
  #isCounted = false;
  #isImage = false;

  constructor(socket: Socket, isBare: boolean) {
    this.#socket = socket;
    this.#isBare = isBare;
  }

  receive(chunk: Buffer): void {
    if (this.#isBare) this.#count(chunk.length);
    else this.#parse(chunk);
  }

  #parse(chunk: Buffer): void {
    let data = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    this.#rest = Buffer.alloc(0);
    if (!this.#isUpgraded) {
      const end = data.indexOf('\r\n\r\n');
      if (end < 0) return this.#keep(data);
      this.#isUpgraded = true;
      data = data.subarray(end + 4);
    }
    while (data.length > 0) {
      if (this.#payloadLeft > 0) {
        const taken = Math.min(this.#payloadLeft, data.length);
        data = data.subarray(taken);
        this.#payloadLeft -= taken;
        if (this.#isCounted) this.#count(taken);
        if (this.#isCounted && this.#payloadLeft === 0) this.frames += 1;
        continue;
      }
      const [first = 0, second = 0] = data;
      const headerBytes = second === 127 ? 10 : second === 126 ? 4 : 2;
      if (data.length < headerBytes) return this.#keep(data);
      const length = second === 127 ? Number(data.readBigUInt64BE(2)) : second === 126 ? data.readUInt16BE(2) : second;
      if ((first & 15) === PING) {
        if (data.length < headerBytes + length) return this.#keep(data);
        const payload = data.subarray(headerBytes, headerBytes + length);
        this.#socket.write(Buffer.concat([Buffer.from([0x8a, 0x80 | length, 0, 0, 0, 0]), payload]));
        data = data.subarray(headerBytes + length);
        continue;
      }
      if (length === 1 && data[headerBytes] === ENGINE_PING) this.#socket.write(enginePong);
      this.#payloadLeft = length;
      this.#isCounted = length >= SHORTEST_FRAME;
      this.#isImage = length >= SHORTEST_IMAGE;
      data = data.subarray(headerBytes);
    }
  }

  #count(bytes: number): void {
    this.bytes += bytes;
    lastAt = now();
    if (this.#isImage || this.#isBare) lastImageAt = lastAt;
  }

  #keep(data: Buffer): void {
    this.#rest = data;
  }
}

const readers = new Map<Socket, Reader>();

/** Resolves when the socket is connected, or welcomed by the server that it has greeted. */
function open({ port, greeting }: ReadersOrder): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const [first, ...rest] = greeting;
  const socket = connect(port, '127.0.0.1', () => (first === undefined ? resolve() : socket.write(first, 'latin1')));
  const reader = new Reader(socket, greeting.length === 0);
  readers.set(socket, reader);
  // Socket.IO drops what comes before it has answered.
  socket.once('data', () => {
    for (const part of rest) socket.write(part, 'latin1');
  });
  socket.on('data', (chunk) => {
    reader.receive(chunk);
    if (reader.bytes >= LEAST_WELCOME) resolve();
    look();
  });
  socket.once('error', reject);
  socket.once('close', () => reject(new Error('closed')));
  return promise;
}

function look(): void {
  if (!target) return;
  const { bytes = 0, frames = 0 } = target;
  for (const reader of readers.values()) if (reader.bytes < bytes || reader.frames < frames) return;
  target = undefined;
  reached.resolve(lastAt);
}

offer({
  async open(order: ReadersOrder): Promise<void> {
    for (let opened = 0; opened < order.count; opened += AT_ONCE) {
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, order.count - opened) }, () => open(order)));
    }
  },
  arm(next: ReadersTarget): void {
    for (const reader of readers.values()) reader.bytes = reader.frames = 0;
    target = next;
    reached = Promise.withResolvers();
  },
  /** When the target of `arm` was reached. */
  reached: () => reached.promise,
  /** Waits until nothing has come for this time. */
  async quiet(quietMs: number): Promise<Received> {
    lastAt = now();
    while (now() - lastAt < quietMs) await wait(quietMs / 5);
    const all = [...readers.values()];
    const sum = (of: (reader: Reader) => number) => all.reduce((total, one) => total + of(one), 0);
    return { frames: sum(({ frames }) => frames), bytes: sum(({ bytes }) => bytes), lastAt, lastImageAt };
  },
  close(): void {
    for (const socket of readers.keys()) socket.removeAllListeners('close').destroy();
    readers.clear();
  },
});
