/** Notices a line that has died without saying so (rule R4). */
import type { Environment } from './environment.ts';

/** Two heartbeats of the server. */
const LONGEST_SILENCE_MS = 10_000;
/** The thinnest line that an announced message may come over. */
const SLOWEST_BYTES_PER_MS = (16 * 1024) / 1_000;

/**
 * Calls `onDead` once the line has been silent for 10 s, plus the time that an announced message may take. While the page is
 * hidden nothing is concluded from silence, since browsers hold timers and events back; `check` is called when it is shown again.
 */
export class Liveness {
  readonly #environment: Environment;
  readonly #onDead: () => void;
  #heardAt = 0;
  #allowedMs = LONGEST_SILENCE_MS;
  #stopTimer: (() => void) | undefined;

  constructor(environment: Environment, onDead: () => void) {
    this.#environment = environment;
    this.#onDead = onDead;
  }

  /** A message has arrived whole; the next one may be of `nextBytes`. */
  heard(nextBytes = 0): void {
    this.#heardAt = this.#environment.now();
    this.#allowedMs = LONGEST_SILENCE_MS + nextBytes / SLOWEST_BYTES_PER_MS;
    this.#arm(this.#allowedMs);
  }

  /** Concludes at once, by the clock: timers stand still while a computer sleeps. */
  check(): void {
    if (!this.#stopTimer || this.#environment.isHidden()) return;
    const silenceMs = Math.max(0, this.#environment.now() - this.#heardAt);
    if (silenceMs >= this.#allowedMs) this.#die();
    else this.#arm(this.#allowedMs - silenceMs);
  }

  stop(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  #arm(delayMs: number): void {
    this.#stopTimer?.();
    this.#stopTimer = this.#environment.setTimer(() => {
      if (!this.#environment.isHidden()) this.#die();
    }, delayMs);
  }

  #die(): void {
    this.stop();
    this.#onDead();
  }
}
