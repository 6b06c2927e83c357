/** A generator whose results the schedule decides. Each image names in its bytes the request that it was drawn for. */
import { createHash } from 'node:crypto';
import {
  type GenerateContext,
  type GeneratedImage,
  type GenerateRequest,
  type GenerateResult,
  GenerationFailed,
  type Generator,
  type GeneratorCapabilities,
} from '../../server/generators/generator.ts';
import type { Options } from '../../shared/options.ts';

/** A request as it reached the generator. */
export interface DrawRequest {
  readonly prompt: string;
  readonly feedback?: string;
  readonly options: Options;
  /** The SHA-256 of the image to start from. */
  readonly parent?: string;
}

const capabilities = {
  models: ['simulated-1', 'simulated-2'],
  sizes: ['64x48', '48x64'],
  qualities: ['low', 'high'],
  backgrounds: ['opaque', 'transparent'],
  formats: ['png', 'jpeg', 'webp'],
  compression: true,
  partialImages: 2,
  refine: true,
} as const satisfies GeneratorCapabilities;

/** Whether the generator supports all of the options. Independent of the server's own check. */
export function isSupported({
  model,
  size,
  quality,
  background,
  format,
  compression,
  partialImages,
}: Options): boolean {
  const includes = (supported: readonly string[], value = 'auto') => value === 'auto' || supported.includes(value);
  const isLossy = format === 'jpeg' || format === 'webp';
  return (
    includes(capabilities.models, model) &&
    includes(capabilities.sizes, size) &&
    includes(capabilities.qualities, quality) &&
    includes(capabilities.backgrounds, background) &&
    includes(capabilities.formats, format) &&
    !(background === 'transparent' && format === 'jpeg') &&
    (compression === undefined || isLossy) &&
    (partialImages ?? 0) <= capabilities.partialImages
  );
}

/** One image that the server has requested. */
export class Drawing {
  readonly number: number;
  readonly request: DrawRequest;
  /** A number that no other request of its session has, but for other tries. */
  readonly attempt: number;
  readonly context: GenerateContext;
  readonly result: Promise<GenerateResult>;
  readonly #settle: { resolve(result: GenerateResult): void; reject(error: unknown): void };
  isSettled = false;
  /** The service has said that there will be no image, so this one is not billed. */
  isRefused = false;
  partials = 0;
  /** The SHA-256 of the image that it has brought. */
  final: string | undefined;
  /** The image that was shown before the drawing has ended. */
  shown: GeneratedImage | undefined;

  constructor(request: GenerateRequest, context: GenerateContext, number: number) {
    const { promise, resolve, reject } = Promise.withResolvers<GenerateResult>();
    this.request = drawRequestOf(request);
    this.attempt = request.attempt;
    this.context = context;
    this.number = number;
    this.result = promise;
    this.#settle = { resolve, reject };
  }

  /** Whether the server still waits for it. */
  get isLive(): boolean {
    return !this.isSettled && !this.context.signal.aborted;
  }

  /** The generator may do so once. */
  show(image: GeneratedImage): void {
    this.shown = image;
    this.context.onProgress({ phase: 'finished', image });
  }

  finish(image: GeneratedImage): void {
    this.isSettled = true;
    const usage = { inputTokens: 1, outputTokens: 2, totalTokens: 3 };
    this.#settle.resolve({ image, usage, revisedPrompt: `Revised: ${this.request.prompt}` });
  }

  fail(error: unknown): void {
    this.isSettled = true;
    this.isRefused = error instanceof GenerationFailed;
    this.#settle.reject(error);
  }
}

export interface GeneratorObserver {
  requested(drawing: Drawing): void;
  aborted(drawing: Drawing): void;
}

export class SimulatedGenerator implements Generator {
  readonly name = 'Simulated';
  readonly model = 'simulated-1';
  readonly demo = false;
  readonly maxTries = 3;
  readonly capabilities = capabilities;
  readonly drawings: Drawing[] = [];
  /** The bytes of every image that was ever painted, by their SHA-256. */
  readonly painted = new Map<string, Uint8Array>();
  readonly #observer: GeneratorObserver;

  constructor(observer: GeneratorObserver) {
    this.#observer = observer;
  }

  /** A drawing that is aborted is settled by the schedule all the same, so that its result comes late. */
  generate(request: GenerateRequest, context: GenerateContext): Promise<GenerateResult> {
    const drawing = new Drawing(request, context, this.drawings.length);
    this.drawings.push(drawing);
    context.signal.addEventListener('abort', () => this.#observer.aborted(drawing));
    this.#observer.requested(drawing);
    return drawing.result;
  }

  /** An image for this drawing: its request in JSON, a number that no other image has, and filling. */
  paint(drawing: Drawing, kind: 'partial' | 'final', byteLength: number): GeneratedImage {
    const { number, partials, request } = drawing;
    const head = Buffer.from(`${JSON.stringify({ request, kind, number, partials })}\n`);
    const bytes = new Uint8Array(Math.max(byteLength, head.byteLength)).fill(number % 251);
    bytes.set(head);
    const sha256 = digest(bytes);
    this.painted.set(sha256, bytes);
    if (kind === 'final') drawing.final = sha256;
    return { bytes, mediaType: 'image/png', width: 64, height: 48 };
  }
}

/** The request that an image was drawn for; undefined when its bytes are not ours. */
export function requestIn(bytes: Uint8Array): DrawRequest | undefined {
  const end = bytes.indexOf('\n'.charCodeAt(0));
  try {
    return JSON.parse(Buffer.from(bytes.subarray(0, end)).toString()).request;
  } catch {
    return undefined;
  }
}

export const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function drawRequestOf({ prompt, feedback, options, parent }: GenerateRequest): DrawRequest {
  return {
    prompt,
    ...(feedback !== undefined && { feedback }),
    options,
    ...(parent && { parent: digest(parent.bytes) }),
  };
}
