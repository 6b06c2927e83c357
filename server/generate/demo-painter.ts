/** The built-in generator: paints a picture from the prompt alone, for when there is no API key. */
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { Options } from '../../shared/session.ts';
import { encode, mediaTypes } from './demo/encode.ts';
import { loadFonts } from './demo/lettering.ts';
import { planPainting } from './demo/picture.ts';
import {
  type GenerateContext,
  type GeneratedImage,
  type GenerateRequest,
  GenerationFailed,
  type Generator,
} from './generator.ts';

export interface DemoPainterOptions {
  /** Between one visible step and the next, in milliseconds; a picture takes four of them and the time to encode it. */
  readonly stepMs?: number;
  /** Waits for `ms` milliseconds; may reject once `signal` is aborted, and is not waited for any longer then. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const DEFAULT_STEP_MS = 750;
const DEFAULT_SIDE = 1024;
const LARGEST_SIDE = 2048;

/**
 * The same prompt, feedback, parent, options and attempt give the same bytes; another attempt gives another picture.
 * A refinement keeps its parent's composition, which it reads from the parent's own metadata.
 * @throws {Error} when the painter's fonts are missing from the installation
 */
export function createDemoPainter({ stepMs = DEFAULT_STEP_MS, sleep = wait }: DemoPainterOptions = {}): Generator {
  loadFonts();

  async function generate(request: GenerateRequest, { signal, onProgress }: GenerateContext) {
    const stop = stopping(signal);
    if (signal.aborted) throw cancelled();
    const format = request.options.format ?? 'png';
    const { width, height } = pixelSize(request.options);
    const step = (part: number) => stop(sleep(stepMs * part, signal));
    const show = async (): Promise<GeneratedImage> => {
      const bytes = await stop(encode(picture.canvas, format, picture.recipe));
      return { bytes, mediaType: mediaTypes[format], width, height };
    };

    onProgress({ phase: 'started' });
    const picture = planPainting(request, width, height, groundOf(request.options));
    await step(0.5);
    onProgress({ phase: 'drawing' });
    await step(0.5);
    for (const pause of picture.painting) {
      await stop(setImmediate());
      if (pause === 'breath') continue;
      onProgress({ phase: 'partial', image: await show() });
      await step(1);
    }
    return { image: await show() };
  }

  return { name: 'Demo painter', model: 'demo-painter-1', demo: true, maxTries: 1, generate };
}

/** @throws {GenerationFailed} for a side beyond 2048 pixels */
function pixelSize({ size = 'auto' }: Options): { width: number; height: number } {
  if (size === 'auto') return { width: DEFAULT_SIDE, height: DEFAULT_SIDE };
  const [width = 0, height = 0] = size.split('x').map(Number);
  if (width >= 1 && height >= 1 && width <= LARGEST_SIDE && height <= LARGEST_SIDE) return { width, height };
  throw new GenerationFailed(
    'provider_error',
    `The demo painter paints up to ${LARGEST_SIDE} by ${LARGEST_SIDE} pixels. Choose a smaller size.`,
    { retryable: false },
  );
}

/** JPEG knows no transparency: there the picture stays on its paper. */
function groundOf({ background, format }: Options): 'paper' | 'transparent' {
  return background === 'transparent' && format !== 'jpeg' ? 'transparent' : 'paper';
}

/** Gives a function that waits for a promise, or rejects with an `AbortError` as soon as `signal` is aborted. */
function stopping(signal: AbortSignal): <Value>(work: Promise<Value>) => Promise<Value> {
  return (work) =>
    new Promise((resolve, reject) => {
      const abort = () => reject(cancelled());
      if (signal.aborted) abort();
      signal.addEventListener('abort', abort, { once: true });
      work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    });
}

function cancelled(): DOMException {
  return new DOMException('The generation was cancelled', 'AbortError');
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return setTimeout(ms, undefined, { signal });
}
