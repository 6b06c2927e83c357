/** One generation while it runs: a queued task per candidate, what each last reported, and the one way to end them all. */

import type { Generation, GenerationError } from '../../shared/model.ts';
import type { ProgressMessage } from '../../shared/protocol.ts';
import {
  type GenerateRequest,
  type GenerateResult,
  GenerationFailed,
  type GeneratorProgress,
  UpstreamFault,
} from '../generators/generator.ts';
import type { Journal, Outcome } from '../platform/telemetry.ts';
import type { SessionContext } from './context.ts';
import { type StoredImage, storedImage } from './stored-image.ts';

export interface RunListener {
  /** Takes room for a candidate whose turn it is; false where there is none yet, and it is asked again. */
  reserve(candidate: number): boolean;
  progressed(candidate: number): void;
  previewed(candidate: number): void;
  generated(candidate: number, image: StoredImage, result: GenerateResult): void;
  failed(candidate: number, error: GenerationError): void;
  /** All candidates have ended, by whatever way; may be called twice. */
  ended(): void;
}

interface Candidate {
  phase: ProgressMessage['phase'];
  try: number;
  queuePosition?: number;
  retryAt?: number;
  reason?: string;
  partial?: StoredImage;
  partials: number;
}

const faultError: GenerationError = {
  code: 'provider_error',
  message: 'Something went wrong on the server while the image was made. Please try again.',
  retryable: true,
};

export class GenerationRun {
  readonly generation: Generation;
  readonly #sessionId: string;
  readonly #request: GenerateRequest;
  readonly #context: SessionContext;
  readonly #listener: RunListener;
  readonly #abort = new AbortController();
  readonly #running = new Map<number, Candidate>();
  /** On the clock that never goes back. */
  readonly #askedAt: number;

  /** `request.attempt` is that of the first candidate; the others count on from it. */
  constructor(
    sessionId: string,
    generation: Generation,
    request: GenerateRequest,
    context: SessionContext,
    listener: RunListener,
  ) {
    this.#sessionId = sessionId;
    this.generation = generation;
    this.#request = request;
    this.#context = context;
    this.#listener = listener;
    this.#askedAt = context.clock.monotonic();
  }

  /** Queues every candidate. The listener hears of each end exactly once, except after `abort`. */
  start(): void {
    const candidates = Array.from({ length: this.generation.candidates }, (_, candidate) => candidate);
    for (const candidate of candidates) this.#running.set(candidate, { phase: 'queued', try: 1, partials: 0 });
    void Promise.all(candidates.map((candidate) => this.#draw(candidate))).finally(() => this.#listener.ended());
  }

  /** Ends what runs or waits, closing the upstream requests; may be called twice. */
  abort(): void {
    for (const candidate of this.candidates) {
      this.#note(candidate, 'cancelled');
      this.#end(candidate);
    }
    this.#abort.abort();
    this.#listener.ended();
  }

  /** The candidates that have not ended. */
  get candidates(): readonly number[] {
    return [...this.#running.keys()];
  }

  partial(candidate: number): StoredImage | undefined {
    return this.#running.get(candidate)?.partial;
  }

  get #elapsedMs(): number {
    return Math.round(this.#context.clock.monotonic() - this.#askedAt);
  }

  /** What to say of a candidate now: times are computed at the call. */
  progress(candidate: number): ProgressMessage | undefined {
    const state = this.#running.get(candidate);
    if (!state) return undefined;
    const { generationId, options } = this.generation;
    const expectedMs = this.#context.estimates.expectedMs(options);
    return {
      type: 'progress',
      generationId,
      candidate,
      phase: state.phase,
      try: state.try,
      maxTries: this.#context.generator.maxTries,
      elapsedMs: this.#elapsedMs,
      ...(expectedMs !== undefined && { expectedMs }),
      ...(state.queuePosition !== undefined && { queuePosition: state.queuePosition }),
      ...(state.retryAt !== undefined && {
        retryInMs: Math.max(0, Math.round(state.retryAt - this.#context.clock.monotonic())),
      }),
      ...(state.reason !== undefined && { reason: state.reason }),
    };
  }

  async #draw(candidate: number): Promise<void> {
    const { queue, clock, estimates } = this.#context;
    const { signal } = this.#abort;
    let startedAt = clock.monotonic();
    try {
      const result = await queue.run(
        () => {
          startedAt = clock.monotonic();
          this.#report(candidate, { phase: 'started' });
          return this.#generate(candidate);
        },
        {
          signal,
          onPosition: (queuePosition) => this.#report(candidate, { phase: 'queued', queuePosition }),
          reserve: () => this.#listener.reserve(candidate),
        },
      );
      if (signal.aborted) return;
      estimates.record(this.generation.options, clock.monotonic() - startedAt);
      this.#end(candidate);
      const image = this.#store(result.image, candidate, 'final', 0);
      const { usage, estimatedCost } = result;
      this.#note(candidate, 'generated', { byteLength: result.image.bytes.byteLength, usage, estimatedCost });
      this.#listener.generated(candidate, image, result);
    } catch (error) {
      if (signal.aborted) return;
      this.#end(candidate);
      const failure = this.#failureOf(error);
      this.#note(candidate, failure.code, upstreamWords(error));
      this.#listener.failed(candidate, failure);
    }
  }

  #generate(candidate: number): Promise<GenerateResult> {
    const request = { ...this.#request, attempt: this.#request.attempt + candidate };
    return this.#context.generator.generate(request, {
      signal: this.#abort.signal,
      onProgress: (progress) => this.#heard(candidate, progress),
    });
  }

  #heard(candidate: number, progress: GeneratorProgress): void {
    const state = this.#running.get(candidate);
    if (!state) return;
    switch (progress.phase) {
      case 'started':
      case 'drawing':
        if (state.phase !== progress.phase) this.#report(candidate, { phase: progress.phase });
        return;
      case 'retrying': {
        const retryAt = this.#context.clock.monotonic() + progress.retryInMs;
        const { generationId } = this.generation;
        this.#context.journal.triedAgain({ session: this.#sessionId, generationId, candidate, try: progress.try });
        return this.#report(candidate, { phase: 'retrying', try: progress.try, retryAt, reason: progress.reason });
      }
      case 'partial':
        return this.#preview(candidate, state, progress.image);
    }
  }

  /** Takes the place of the one before. A preview for which there is no room is no loss (rule R7). */
  #preview(candidate: number, state: Candidate, image: GenerateResult['image']): void {
    const [room] = this.#context.memory.reserve(image.bytes.byteLength) ?? [];
    if (!room) return;
    state.partial?.room?.release();
    state.partial = { ...this.#store(image, candidate, 'partial', state.partials++), room };
    this.#listener.previewed(candidate);
  }

  #end(candidate: number): void {
    this.#running.get(candidate)?.partial?.room?.release();
    this.#running.delete(candidate);
  }

  #report(candidate: number, news: Pick<Candidate, 'phase'> & Partial<Candidate>): void {
    const state = this.#running.get(candidate);
    if (!state) return;
    // Why it was tried again is true of all that follows: the first try may have been billed (rule R10).
    const { partial, partials, reason } = state;
    const lasting = { try: state.try, partials, ...(partial && { partial }), ...(reason !== undefined && { reason }) };
    this.#running.set(candidate, { ...lasting, ...news });
    this.#listener.progressed(candidate);
  }

  #store(image: GenerateResult['image'], candidate: number, kind: 'partial' | 'final', index: number): StoredImage {
    const { generationId } = this.generation;
    return storedImage(image, { imageId: this.#context.newId(), generationId, candidate, kind, index });
  }

  #note(candidate: number, outcome: Outcome, details: Partial<Parameters<Journal['generationEnded']>[0]> = {}): void {
    const { generationId } = this.generation;
    const durationMs = this.#elapsedMs;
    const { journal } = this.#context;
    journal.generationEnded({ session: this.#sessionId, generationId, candidate, outcome, durationMs, ...details });
  }

  #failureOf(error: unknown): GenerationError {
    if (error instanceof GenerationFailed) {
      const { code, message, retryable } = error;
      return { code, message, retryable };
    }
    this.#context.journal.fault(error, 'a generation failed by a mistake of ours');
    return faultError;
  }
}

function upstreamWords(error: unknown): { readonly upstream?: string } {
  const cause = error instanceof GenerationFailed ? error.cause : undefined;
  return cause instanceof UpstreamFault ? { upstream: cause.message } : {};
}
