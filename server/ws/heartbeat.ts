/** Shows the peer that the server is alive, and notices when the peer is not (rule R4). */
import type { Clock } from '../platform/clock.ts';

const INTERVAL_MS = 5_000;
/** Long enough for the event loop to read what waits in the sockets: overdue timers run before it does. */
const LAST_CHECK_MS = 1;

interface HeartbeatOptions {
  readonly clock: Clock;
  /** Called every 5 s: the peer needs a ping and a `heartbeat`. */
  readonly onBeat: () => void;
  /** In milliseconds; 0 when the peer has been silent for too long. */
  readonly remainingPatienceMs: () => number;
  /** Called once, when the peer has been silent for too long. */
  readonly onSilence: () => void;
}

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #stopBeating: () => void;
  #stopWatching: () => void = () => {};

  /** Begins at once. */
  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#stopBeating = options.clock.every(INTERVAL_MS, options.onBeat);
    this.#watch();
  }

  /** May be called twice. */
  stop(): void {
    this.#stopBeating();
    this.#stopWatching();
  }

  /** Checks when the peer's time is up, which each answered ping has moved on by then. */
  #watch(): void {
    const patienceMs = this.#options.remainingPatienceMs();
    const [delayMs, check] =
      patienceMs > 0 ? [Math.ceil(patienceMs), () => this.#watch()] : [LAST_CHECK_MS, () => this.#checkAgain()];
    this.#stopWatching = this.#options.clock.after(delayMs, check);
  }

  /** Answers may have come while this process did not listen: the machine slept, or the event loop was blocked. */
  #checkAgain(): void {
    if (this.#options.remainingPatienceMs() > 0) this.#watch();
    else this.#options.onSilence();
  }
}
