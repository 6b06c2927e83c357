/** A generator whose results the test decides. */
import { createHash } from 'node:crypto';
import type {
  GenerateContext,
  GeneratedImage,
  GenerateRequest,
  GenerateResult,
  Generator,
  GeneratorCapabilities,
  GeneratorProgress,
} from '../../server/generators/generator.ts';

const TIMEOUT_MS = 10_000;

/** One request for an image, which the test answers. */
export class Drawing {
  readonly request: GenerateRequest;
  readonly signal: AbortSignal;
  readonly result: Promise<GenerateResult>;
  readonly #context: GenerateContext;
  readonly #settle: { resolve(result: GenerateResult): void; reject(error: unknown): void };

  constructor(request: GenerateRequest, context: GenerateContext) {
    const { promise, resolve, reject } = Promise.withResolvers<GenerateResult>();
    this.request = request;
    this.signal = context.signal;
    this.result = promise;
    this.#context = context;
    this.#settle = { resolve, reject };
  }

  report(progress: GeneratorProgress): void {
    this.#context.onProgress(progress);
  }

  /** Returns the bytes that every client must receive. */
  preview(image: GeneratedImage = imageOf('partial')): Uint8Array {
    this.report({ phase: 'partial', image });
    return image.bytes;
  }

  /** The image is whole, and the drawing goes on. Returns the image, with which it may `finish`. */
  show(image: GeneratedImage = imageOf(this.request.prompt), revisedPrompt?: string): GeneratedImage {
    this.report({ phase: 'finished', image, ...(revisedPrompt !== undefined && { revisedPrompt }) });
    return image;
  }

  /** Returns the bytes that every client must receive. */
  finish(
    image: GeneratedImage = imageOf(this.request.prompt),
    reported: Omit<GenerateResult, 'image'> = {},
  ): Uint8Array {
    this.#settle.resolve({ image, ...reported });
    return image.bytes;
  }

  fail(error: unknown): void {
    this.#settle.reject(error);
  }
}

export class ScriptedGenerator implements Generator {
  readonly name = 'Scripted';
  readonly model = 'scripted-1';
  readonly demo = false;
  readonly maxTries = 3;
  readonly capabilities: GeneratorCapabilities = {
    models: ['scripted-1', 'scripted-2'],
    sizes: ['64x48', '1024x1024', '1536x1024', '1024x1536'],
    qualities: ['low', 'medium', 'high'],
    backgrounds: ['opaque', 'transparent'],
    formats: ['png', 'jpeg', 'webp'],
    compression: true,
    partialImages: 3,
    refine: true,
  };
  /** In the order in which they were requested. */
  readonly drawings: Drawing[] = [];
  readonly #waiters: { readonly index: number; readonly resolve: (drawing: Drawing) => void }[] = [];
  readonly #ignoresAbort: boolean;

  /** With `ignoresAbort` a drawing goes on after its abort, so that its result comes late. */
  constructor({ ignoresAbort = false } = {}) {
    this.#ignoresAbort = ignoresAbort;
  }

  generate(request: GenerateRequest, context: GenerateContext): Promise<GenerateResult> {
    const drawing = new Drawing(request, context);
    const index = this.drawings.push(drawing) - 1;
    if (!this.#ignoresAbort) {
      context.signal.addEventListener('abort', () => drawing.fail(new DOMException('aborted', 'AbortError')));
    }
    for (const waiter of this.#waiters) if (waiter.index === index) waiter.resolve(drawing);
    return drawing.result;
  }

  /** Drawing number `index`, from 0, as soon as it is requested. */
  drawing(index: number): Promise<Drawing> {
    const here = this.drawings[index];
    if (here) return Promise.resolve(here);
    const { promise, resolve, reject } = Promise.withResolvers<Drawing>();
    const timer = setTimeout(() => reject(new Error(`Drawing ${index} was never requested.`)), TIMEOUT_MS);
    this.#waiters.push({ index, resolve });
    return promise.finally(() => clearTimeout(timer));
  }
}

/** Bytes that follow from `seed` and do not repeat, so that any mix-up shows. They need not be a picture here. */
export function imageOf(seed: string, byteLength = 3_000): GeneratedImage {
  const words = new Uint32Array(Math.ceil(byteLength / 4));
  let word = createHash('sha256').update(seed).digest().readUInt32LE() | 1;
  // Marsaglia's xorshift: a hash for each block would take seconds for big images.
  for (let at = 0; at < words.length; at += 1) {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    words[at] = word;
  }
  return { bytes: new Uint8Array(words.buffer, 0, byteLength), mediaType: 'image/png', width: 64, height: 48 };
}
