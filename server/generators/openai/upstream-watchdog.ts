/** Limits one upstream request: how long it may be silent, and how much it may send. `withRetries` limits how long it may last. */
import type { Clock } from '../../platform/clock.ts';
import type { Limits } from '../../platform/limits.ts';
import { failure, silent } from './failures.ts';
import type { Service } from './service.ts';

export type WatchdogLimits = Pick<Limits, 'UPSTREAM_SILENCE_MS' | 'UPSTREAM_STREAM_BYTES'>;

/** The body of an error response is read up to this length. */
const ERROR_BODY_BYTES = 64 * 1024;

/** What the watchdog needs of a response, be it undici's or the platform's. */
export interface UpstreamResponse {
  readonly ok: boolean;
  readonly status: number;
  readonly statusText: string;
  readonly headers: Iterable<[string, string]>;
  readonly body: AsyncIterable<Uint8Array> | null;
}

const over = (): DOMException => new DOMException('The request is over.', 'AbortError');

export class UpstreamWatchdog {
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal;
  readonly #service: Service;
  readonly #limits: WatchdogLimits;
  readonly #clock: Pick<Clock, 'after' | 'monotonic'>;
  readonly #onCallerAbort: () => void;
  /** On the monotonic clock. */
  #heardAt = 0;
  #cancelSilenceTimer: (() => void) | undefined;

  /**
   * Starts the timer of the silence, unless the service says nothing before its answer (rule R10). An abort of `caller` ends the request
   * too (rule R2).
   */
  constructor(
    caller: AbortSignal,
    service: Service,
    limits: WatchdogLimits,
    clock: Pick<Clock, 'after' | 'monotonic'>,
  ) {
    this.#caller = caller;
    this.#service = service;
    this.#limits = limits;
    this.#clock = clock;
    this.#onCallerAbort = () => this.#stop(caller.reason);
    caller.addEventListener('abort', this.#onCallerAbort);
    if (caller.aborted) this.#onCallerAbort();
    if (service.api === 'responses') this.#hear();
  }

  /** Aborted when the request must end. The reason is a `GenerationFailed`, or the caller's own reason. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends the request, if it still runs, and all timers. May be called twice. */
  dispose(): void {
    this.#stop(over());
    this.#caller.removeEventListener('abort', this.#onCallerAbort);
    this.#cancelSilenceTimer?.();
  }

  /** The same response, of which every chunk is counted before the SDK buffers it (rule S4). */
  guard({ ok, status, statusText, headers, body }: UpstreamResponse): Response {
    this.#hear();
    const chunks = body && this.#count(body, ok);
    const counted =
      chunks &&
      new ReadableStream<Uint8Array>({
        async pull(controller) {
          const { done, value } = await chunks.next();
          if (done) controller.close();
          else controller.enqueue(value);
        },
        cancel: async () => {
          // First the connection, since a chunk that is waited for may never come.
          this.#stop(over());
          await chunks.return();
        },
      });
    return new Response(counted, { status, statusText, headers: [...headers] });
  }

  async *#count(body: AsyncIterable<Uint8Array>, ok: boolean): AsyncGenerator<Uint8Array, void> {
    const limit = ok ? this.#limits.UPSTREAM_STREAM_BYTES : ERROR_BODY_BYTES;
    let bytes = 0;
    for await (const chunk of body) {
      this.#hear();
      bytes += chunk.byteLength;
      if (bytes > limit) {
        if (ok) this.#stop(failure('too_much_data', this.#service));
        return;
      }
      yield chunk;
    }
  }

  /** Closes the connection. Only the first reason counts. */
  #stop(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** The silence begins anew. Its timer is set once and looks at the time when it fires: a stream has thousands of chunks. */
  #hear(): void {
    this.#heardAt = this.#clock.monotonic();
    if (!this.#cancelSilenceTimer) this.#awaitSilence(this.#limits.UPSTREAM_SILENCE_MS);
  }

  #awaitSilence(ms: number): void {
    if (this.signal.aborted) return;
    this.#cancelSilenceTimer = this.#clock.after(ms, () => {
      const { UPSTREAM_SILENCE_MS } = this.#limits;
      const leftMs = this.#heardAt + UPSTREAM_SILENCE_MS - this.#clock.monotonic();
      if (leftMs > 0) this.#awaitSilence(leftMs);
      else this.#stop(silent(this.#service, UPSTREAM_SILENCE_MS));
    });
  }
}
