/** Tells the others what this participant has open, a few times a second at most. */
import type { Environment } from './environment.ts';

/** The others are told no more often than that. */
const INTERVAL_MS = 250;

export class Look {
  readonly #environment: Pick<Environment, 'now' | 'setTimer'>;
  readonly #send: (imageId: string | undefined) => void;
  #imageId: string | undefined;
  /** As the server has it. */
  #sentId: string | undefined;
  #isJoined = false;
  #cancelPause: (() => void) | undefined;

  /** @param send sends it over the joined connection */
  constructor(environment: Pick<Environment, 'now' | 'setTimer'>, send: (imageId: string | undefined) => void) {
    this.#environment = environment;
    this.#send = send;
  }

  set(imageId: string | undefined): void {
    this.#imageId = imageId;
    this.#share();
  }

  /** The server knows nothing of what was sent over the connection before. */
  joined(): void {
    this.#isJoined = true;
    this.#sentId = undefined;
    this.#share();
  }

  disconnected(): void {
    this.#isJoined = false;
    this.#cancelPause?.();
    this.#cancelPause = undefined;
  }

  #share(): void {
    if (!this.#isJoined || this.#cancelPause || this.#imageId === this.#sentId) return;
    this.#sentId = this.#imageId;
    this.#send(this.#imageId);
    this.#cancelPause = this.#environment.setTimer(() => {
      this.#cancelPause = undefined;
      this.#share();
    }, INTERVAL_MS);
  }
}
