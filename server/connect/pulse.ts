/** A connection's pulse: signs of life for the peer, and an end to waiting for its own (rule R4). */
import type { Clock } from '../clock.ts';
import { BEAT_MS, type Wire } from './wire.ts';

export interface PulseListener {
  /** The peer is to hear something again. */
  beat(): void;
  /** The peer has not been heard for as long as it is waited for; told once. */
  silent(): void;
}

export class Pulse {
  readonly #wire: Wire;
  readonly #clock: Clock;
  readonly #listener: PulseListener;
  readonly #stopBeating: () => void;
  #stopWatching: () => void = () => {};

  /** Begins at once. */
  constructor(wire: Wire, clock: Clock, listener: PulseListener) {
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
    if (patienceMs > 0) this.#stopWatching = this.#clock.after(Math.ceil(patienceMs), () => this.#watch());
    else this.#listener.silent();
  }
}
