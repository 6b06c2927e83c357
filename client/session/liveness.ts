/** Notices a connection that died without a close (rule R4). */
import type { Environment } from './environment.ts';

/** Two heartbeats of the server. */
const LONGEST_SILENCE_MS = 10_000;
/** The slowest connection that an announced message is waited for: 16 KiB/s. */
const SLOWEST_BYTES_PER_MS = (16 * 1024) / 1_000;

/** How long to wait for a message, or a download, of so many bytes. */
export const patienceMs = (bytes: number): number => LONGEST_SILENCE_MS + bytes / SLOWEST_BYTES_PER_MS;

/**
 * Calls `onDead` after 10 s without a message, plus the time that an announced message may take. Silence on a hidden page proves
 * nothing, because browsers delay its timers and events; call `check` when the page is shown again.
 */
export class Liveness {
  readonly #environment: Environment;
  readonly #onDead: () => void;
  #lastMessageAt = 0;
  #allowedMs = LONGEST_SILENCE_MS;
  #stopTimer: (() => void) | undefined;

  constructor(environment: Environment, onDead: () => void) {
    this.#environment = environment;
    this.#onDead = onDead;
  }

  /** A message has arrived, and the next one may be `nextBytes` long. Starts the watch. */
  messageReceived(nextBytes = 0): void {
    this.#lastMessageAt = this.#environment.now();
    this.#allowedMs = patienceMs(nextBytes);
    this.#setTimer(this.#allowedMs);
  }

  /** Compares clock times, because timers stand still while a computer sleeps. */
  check(): void {
    if (!this.#stopTimer || this.#environment.isHidden()) return;
    const silenceMs = Math.max(0, this.#environment.now() - this.#lastMessageAt);
    if (silenceMs >= this.#allowedMs) this.#die();
    else this.#setTimer(this.#allowedMs - silenceMs);
  }

  stop(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  #setTimer(delayMs: number): void {
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
