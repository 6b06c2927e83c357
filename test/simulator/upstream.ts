/** The service that draws, played by the schedule. Each picture says in its bytes what it was asked for. */
import type {
  GenerateContext,
  GeneratedImage,
  GenerateRequest,
  GenerateResult,
  Generator,
} from '../../server/generators/generator.ts';
import { type Ask, digest, paint, supports } from './ask.ts';

/** One ask for an image. */
export class Drawing {
  readonly request: GenerateRequest;
  readonly context: GenerateContext;
  readonly result: Promise<GenerateResult>;
  readonly number: number;
  /** As it reached the service, which reads it at once. */
  readonly ask: Ask;
  readonly #settle: { resolve(result: GenerateResult): void; reject(error: unknown): void };
  isSettled = false;
  partials = 0;
  /** Whatever the rules know the asking session by. */
  owner: object | undefined;

  constructor(request: GenerateRequest, context: GenerateContext, number: number) {
    const { promise, resolve, reject } = Promise.withResolvers<GenerateResult>();
    this.request = request;
    this.context = context;
    this.number = number;
    this.ask = askOf(request);
    this.result = promise;
    this.#settle = { resolve, reject };
  }

  /** Whether the server still waits for it. */
  get isLive(): boolean {
    return !this.isSettled && !this.context.signal.aborted;
  }

  finish(image: GeneratedImage): void {
    this.isSettled = true;
    this.#settle.resolve({ image, revisedPrompt: `Revised: ${this.request.prompt}` });
  }

  fail(error: unknown): void {
    this.isSettled = true;
    this.#settle.reject(error);
  }
}

export interface UpstreamWatch {
  asked(drawing: Drawing): void;
  aborted(drawing: Drawing): void;
}

export class Upstream implements Generator {
  readonly name = 'Simulated';
  readonly model = 'simulated-1';
  readonly demo = false;
  readonly maxTries = 3;
  readonly supports = supports;
  readonly drawings: Drawing[] = [];
  /** The bytes of all that was ever painted, by their SHA-256. */
  readonly painted = new Map<string, Uint8Array>();
  readonly #watch: UpstreamWatch;

  constructor(watch: UpstreamWatch) {
    this.#watch = watch;
  }

  /** One that is aborted goes on if the schedule says so, as a late result would. */
  generate(request: GenerateRequest, context: GenerateContext): Promise<GenerateResult> {
    const drawing = new Drawing(request, context, this.drawings.length);
    this.drawings.push(drawing);
    context.signal.addEventListener('abort', () => this.#watch.aborted(drawing));
    this.#watch.asked(drawing);
    return drawing.result;
  }

  /** A picture of its own for this drawing: no two are alike. */
  paint(drawing: Drawing, kind: 'partial' | 'final', byteLength: number): GeneratedImage {
    const mark = { kind, drawing: drawing.number, partial: drawing.partials };
    const bytes = paint(drawing.ask, mark, byteLength, drawing.number % 251);
    this.painted.set(digest(bytes), bytes);
    return { bytes, mediaType: 'image/png', width: 64, height: 48 };
  }
}

function askOf({ prompt, feedback, options, parent }: GenerateRequest): Ask {
  return {
    prompt,
    ...(feedback !== undefined && { feedback }),
    options,
    ...(parent && { parent: digest(parent.bytes) }),
  };
}
