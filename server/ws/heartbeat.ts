/** A connection's pulse: signs of life for the peer, and an end to waiting for its own (rule R4). */
import type { Clock } from '../platform/clock.ts';
import { BEAT_MS } from './socket-writer.ts';

/** Long enough for what waits in the sockets to be read: timers that are overdue run before it. */
const LAST_LOOK_MS = 1;

export interface PulseListener {
  /** The peer is to hear something again. */
  beat(): void;
  /** The peer has not been heard for as long as it is waited for; told once. */
  silent(): void;
}

/** What the pulse needs of a wire. */
interface PulseWire {
  readonly patienceMs: number;
  ping(): void;
}

export class Pulse {
  readonly #wire: PulseWire;
  readonly #clock: Clock;
  readonly #listener: PulseListener;
  readonly #stopBeating: () => void;
  #stopWatching: () => void = () => {};

  /** Begins at once. */
  constructor(wire: PulseWire, clock: Clock, listener: PulseListener) {
    this.#wire = wire;
    this.#clock = clock;
    this.#listener = listener;
    this.#stopBeating = clock.every(BEAT_MS, () => this.#beat());
    this.#watch();
  }

  /** May be called twice. */
  stop(): void {
    this.#stopBeating();
    this.#stopWatching();
  }

  #beat(): void {
    this.#wire.ping();
    this.#listener.beat();
  }

  /** Looks when the peer's time is up, and not at the next beat; each answered ping has moved it on by then. */
  #watch(): void {
    const { patienceMs } = this.#wire;
    const [inMs, look] = patienceMs > 0 ? [Math.ceil(patienceMs), this.#watch] : [LAST_LOOK_MS, this.#lastLook];
    this.#stopWatching = this.#clock.after(inMs, () => look.call(this));
  }

  /** After the answers that came while this process was the one that did not listen: a machine asleep, a core overrun. */
  #lastLook(): void {
    if (this.#wire.patienceMs > 0) this.#watch();
    else this.#listener.silent();
  }
}
