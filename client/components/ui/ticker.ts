/** Updates components whose content changes with time: ages, countdowns, elapsed seconds. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `tick` every `ms` milliseconds; returns the undo. */
  every(ms: number, tick: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  every(ms, tick) {
    const timer = setInterval(tick, ms);
    return () => clearInterval(timer);
  },
};

interface TickingHost extends ReactiveControllerHost {
  readonly clock: Clock;
  /** Whether it shows something that changes with time. */
  readonly ticks: boolean;
}

/** Updates its host four times a second while the host is on the page and `ticks`. */
export class Ticker implements ReactiveController {
  readonly #host: TickingHost;
  #stop: (() => void) | undefined;

  constructor(host: TickingHost) {
    this.#host = host;
    host.addController(this);
  }

  hostUpdated(): void {
    if (!this.#host.ticks) this.hostDisconnected();
    else this.#stop ??= this.#host.clock.every(250, () => this.#host.requestUpdate());
  }

  hostConnected(): void {
    this.#host.requestUpdate();
  }

  hostDisconnected(): void {
    this.#stop?.();
    this.#stop = undefined;
  }
}
