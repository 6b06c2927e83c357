/** A socket whose kernel takes bytes only when the test says so. It stands in for the `ws` one under a `Wire`. */
import { EventEmitter } from 'node:events';
import type { WebSocket } from 'ws';

interface Pending {
  readonly frame: string | Buffer;
  readonly onSent: () => void;
}

/** No test writes as much: whoever does would never stop. */
const MOST_FRAMES = 10_000;

type WireSocket = Pick<WebSocket, 'readyState' | 'OPEN'>;

export class PaperSocket extends EventEmitter implements WireSocket {
  readonly OPEN = 1;
  readyState: WebSocket['readyState'] = 1;
  /** Every message written, in order. */
  readonly frames: (string | Buffer)[] = [];
  readonly pings: string[] = [];
  readonly #pending: Pending[] = [];
  #pieces: Buffer[] = [];
  #count = 0;

  send(frame: string | Buffer, { fin }: { fin: boolean }, onSent: () => void): void {
    this.#count += 1;
    if (this.#count > MOST_FRAMES) throw new Error('It does not stop writing.');
    this.#pending.push({ frame, onSent });
    if (!fin) {
      this.#pieces.push(Buffer.from(frame));
      return;
    }
    this.frames.push(this.#pieces.length > 0 ? Buffer.concat([...this.#pieces.splice(0), Buffer.from(frame)]) : frame);
  }

  ping(payload: string): void {
    this.pings.push(payload);
  }

  /** The peer answers a ping; by default the last one. */
  pong(payload = this.pings.at(-1) ?? ''): void {
    this.emit('pong', Buffer.from(payload));
  }

  /** The kernel takes the oldest `count` frames; by default all of them, and those that follow. */
  flush(count = Number.POSITIVE_INFINITY): void {
    for (let n = 0; n < count; n++) {
      const next = this.#pending.shift();
      if (!next) return;
      next.onSent();
    }
  }

  /** The messages written since the last call, parsed. */
  take(): { readonly type: string; readonly [field: string]: unknown }[] {
    return this.frames.splice(0).map((frame) => JSON.parse(String(frame)));
  }
}
