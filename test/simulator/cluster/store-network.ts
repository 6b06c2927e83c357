/** The simulated network between one server and the store: slow, cut off for a while, or gone with its server. */
import { StoreUnavailable } from '../../../server/session/session-store.ts';
import type { SeededRandom } from '../../support/seeded-random.ts';
import type { VirtualTime } from '../virtual-time.ts';

/** How long a server waits for an answer, as on Redis. */
const TIMEOUT_MS = 3_000;
const USUAL_LATENCY_MS = 2;

/** One direction of one connection: what is sent arrives in order. */
class Way {
  readonly #network: StoreNetwork;
  #lastDueAt = 0;

  constructor(network: StoreNetwork) {
    this.#network = network;
  }

  send(arrive: () => void): void {
    const { time, random, latencyMs } = this.#network;
    this.#lastDueAt = Math.max(this.#lastDueAt, time.now + latencyMs * (0.5 + random.next()));
    time.after(this.#lastDueAt - time.now, arrive);
  }
}

export class StoreNetwork {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  latencyMs = USUAL_LATENCY_MS;
  /** When the server was last cut off, missed notices, or had a slow store. */
  disturbedAt = Number.NEGATIVE_INFINITY;
  /** So many of the next answers are lost, though what was asked for is done. */
  #answersToLose = 0;
  #isGone = false;
  #isCut = false;
  #missesNotices = false;
  readonly #notices = new Way(this);
  readonly #healed = new Set<() => void>();

  constructor(time: VirtualTime, random: SeededRandom) {
    this.time = time;
    this.random = random;
  }

  /** The server's process has ended. */
  get isGone(): boolean {
    return this.#isGone;
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  /** Whether the server learns late, or not at all, what the others do. */
  get isDisturbed(): boolean {
    return this.#isCut || this.#missesNotices || this.latencyMs > USUAL_LATENCY_MS || this.#answersToLose > 0;
  }

  /** A connection to the store: what is asked over it is done and answered in order. Rejects with `StoreUnavailable`. */
  connection(): <Result>(run: () => Result | Promise<Result>) => Promise<Result> {
    const [there, back] = [new Way(this), new Way(this)];
    return (run) => this.#call(run, there, back);
  }

  /** The process ends. What is on its way to the store still arrives. */
  end(): void {
    this.#isGone = true;
  }

  cut(): void {
    this.#isCut = true;
  }

  missNotices(): void {
    this.#missesNotices = true;
  }

  loseAnswers(count: number): void {
    this.#answersToLose += count;
    this.disturbedAt = this.time.now;
  }

  /** The network works again. */
  heal(): void {
    if (!this.isDisturbed) return;
    this.disturbedAt = this.time.now;
    this.#isCut = false;
    this.#missesNotices = false;
    this.#answersToLose = 0;
    this.latencyMs = USUAL_LATENCY_MS;
    if (!this.#isGone) for (const listener of [...this.#healed]) listener();
  }

  /** Returns the undo. */
  onHealed(listener: () => void): () => void {
    this.#healed.add(listener);
    return () => this.#healed.delete(listener);
  }

  /** The store tells the server something, in the order of the calls. */
  notify(tell: () => void): void {
    if (this.#isCut || this.#missesNotices) return;
    this.#notices.send(() => {
      if (!this.#isGone && !this.#isCut) tell();
    });
  }

  #call<Result>(run: () => Result | Promise<Result>, there: Way, back: Way): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    if (this.#isGone) return promise;
    const unlessGone = (then: () => void) => () => {
      if (!this.#isGone) then();
    };
    const cancelTimeout = this.time.after(
      TIMEOUT_MS,
      unlessGone(() => reject(new StoreUnavailable('The store does not answer.'))),
    );
    const answer = (settle: () => void) => {
      if (this.#isCut) return;
      if (this.#answersToLose > 0) {
        this.#answersToLose -= 1;
        this.disturbedAt = this.time.now;
        return;
      }
      back.send(
        unlessGone(() => {
          if (this.#isCut) return;
          cancelTimeout();
          settle();
        }),
      );
    };
    if (this.#isCut) return promise;
    there.send(() => {
      if (this.#isCut) return;
      void Promise.resolve()
        .then(run)
        .then(
          (result) => answer(() => resolve(result)),
          (error: unknown) => answer(() => reject(error)),
        );
    });
    return promise;
  }
}
