/** Watches over one upstream request: how long it may be silent, how long it may last, and how much it may send. */
import type { Clock } from '../../platform/clock.ts';
import type { Limits } from '../../platform/limits.ts';
import { failuresOf } from './failures.ts';
import type { Service } from './service.ts';

export type WatchLimits = Pick<Limits, 'UPSTREAM_SILENCE_MS' | 'UPSTREAM_TOTAL_MS' | 'UPSTREAM_STREAM_BYTES'>;

/** An answer that is an error has a short body; what is longer is not read. */
const ERROR_BODY_BYTES = 64 * 1024;

/** Who is watched, and since when it is expected to be heard. */
export interface Watched {
  readonly service: Pick<Service, 'name'>;
  /** The request itself, or its answer: where the answer comes in one piece, a long silence before it is nothing bad. */
  readonly silenceFrom: 'request' | 'answer';
}

/** What is needed of a response, whichever package it comes from. */
export interface UpstreamResponse {
  readonly ok: boolean;
  readonly status: number;
  readonly statusText: string;
  readonly headers: Iterable<[string, string]>;
  readonly body: AsyncIterable<Uint8Array> | null;
}

export class UpstreamWatch {
  readonly #stop = new AbortController();
  readonly #limits: WatchLimits;
  readonly #clock: Pick<Clock, 'after'>;
  readonly #caller: AbortSignal;
  readonly #onCallerAbort: () => void;
  readonly #cancelTotal: () => void;
  readonly #failures: ReturnType<typeof failuresOf>;
  #cancelSilence: () => void;

  /** Starts both clocks (rule R10), that of silence perhaps later; `caller` aborted ends the request too (rule R2). */
  constructor(
    caller: AbortSignal,
    limits: WatchLimits,
    clock: Pick<Clock, 'after'>,
    { service, silenceFrom }: Watched = { service: { name: 'OpenAI' }, silenceFrom: 'request' },
  ) {
    this.#failures = failuresOf(service);
    this.#limits = limits;
    this.#clock = clock;
    this.#caller = caller;
    this.#onCallerAbort = () => this.stop(caller.reason);
    caller.addEventListener('abort', this.#onCallerAbort);
    if (caller.aborted) this.#onCallerAbort();
    const { UPSTREAM_TOTAL_MS } = limits;
    this.#cancelTotal = clock.after(UPSTREAM_TOTAL_MS, () =>
      this.stop(this.#failures.endless(seconds(UPSTREAM_TOTAL_MS))),
    );
    this.#cancelSilence = silenceFrom === 'request' ? this.#listen() : () => undefined;
  }

  /** Aborted with the failure that ended the request, or with the caller's own reason. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Ends the request and closes its connection; the first reason counts. */
  stop(reason: unknown): void {
    this.#stop.abort(reason);
  }

  /** Ends the watch, and what may be left of the request; may be called twice. */
  dispose(): void {
    this.stop(new DOMException('The request is over.', 'AbortError'));
    this.#caller.removeEventListener('abort', this.#onCallerAbort);
    this.#cancelTotal();
    this.#cancelSilence();
  }

  /** The same response for the SDK, every chunk of it counted before anybody buffers it (rule S4). */
  guard({ ok, status, statusText, headers, body }: UpstreamResponse): Response {
    this.#heard();
    const chunks = body && this.#counted(body, ok);
    const counted =
      chunks &&
      new ReadableStream<Uint8Array>({
        async pull(controller) {
          const { done, value } = await chunks.next();
          if (done) controller.close();
          else controller.enqueue(value);
        },
        async cancel() {
          await chunks.return();
        },
      });
    return new Response(counted, { status, statusText, headers: [...headers] });
  }

  async *#counted(body: AsyncIterable<Uint8Array>, ok: boolean): AsyncGenerator<Uint8Array, void> {
    const most = ok ? this.#limits.UPSTREAM_STREAM_BYTES : ERROR_BODY_BYTES;
    let bytes = 0;
    for await (const chunk of body) {
      this.#heard();
      bytes += chunk.byteLength;
      if (bytes > most) return ok ? this.stop(this.#failures.tooBig()) : undefined;
      yield chunk;
    }
  }

  #heard(): void {
    if (this.signal.aborted) return;
    this.#cancelSilence();
    this.#cancelSilence = this.#listen();
  }

  #listen(): () => void {
    const { UPSTREAM_SILENCE_MS } = this.#limits;
    return this.#clock.after(UPSTREAM_SILENCE_MS, () => this.stop(this.#failures.silent(seconds(UPSTREAM_SILENCE_MS))));
  }
}

const seconds = (ms: number): number => Math.max(1, Math.round(ms / 1_000));
