/** The built-in generator: paints a picture from the prompt alone, for when there is no API key. */
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { Options } from '../../../shared/options.ts';
import { encode, mediaTypes } from '../../generate/demo/encode.ts';
import { loadFonts } from '../../generate/demo/lettering.ts';
import { planPainting } from '../../generate/demo/picture.ts';
import {
  type GenerateContext,
  type GeneratedImage,
  type GenerateRequest,
  GenerationFailed,
  type Generator,
  type GeneratorCapabilities,
} from '../generator.ts';
import { standardSizes } from '../openai/models.ts';

export interface DemoPainterOptions {
  /** The sizes that may be chosen; OpenAI's standard ones when absent. */
  readonly sizes?: readonly string[] | undefined;
  /** Between one visible step and the next, in milliseconds; a picture of medium quality takes four of them. */
  readonly stepMs?: number;
  /** Waits for `ms` milliseconds; may reject once `signal` is aborted, and is not waited for any longer then. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const DEFAULT_STEP_MS = 750;
const DEFAULT_SIDE = 1024;
const LARGEST_SIDE = 2048;

const capabilities: GeneratorCapabilities = {
  qualities: ['low', 'medium', 'high'],
  backgrounds: ['opaque', 'transparent'],
  formats: ['png', 'jpeg', 'webp'],
  compression: true,
  partialImages: 3,
  refine: true,
};

/** A sketch is soon done, a rich picture takes its time: as parts of the usual step. */
const paces = { auto: 1, low: 0.4, medium: 1, high: 1.6, xhigh: 2, max: 2.4 } as const;

/** How often the painter has something to show before the picture is finished. */
const SHOWN = 3;

/**
 * The same prompt, feedback, parent, options and attempt give the same bytes; another attempt gives another picture.
 * A refinement keeps its parent's composition, which it reads from the parent's own metadata.
 * @throws {Error} when the painter's fonts are missing from the installation
 */
export function createDemoGenerator({
  sizes,
  stepMs = DEFAULT_STEP_MS,
  sleep = wait,
}: DemoPainterOptions = {}): Generator {
  loadFonts();

  async function generate(request: GenerateRequest, { signal, onProgress }: GenerateContext) {
    const stop = stopping(signal);
    if (signal.aborted) throw cancelled();
    const { format = 'png', compression, quality = 'auto', partialImages = SHOWN } = request.options;
    const { width, height } = pixelSize(request.options);
    const step = (part: number) => stop(sleep(stepMs * paces[quality] * part, signal));
    const show = async (): Promise<GeneratedImage> => {
      const bytes = await stop(encode(picture.canvas, format, picture.recipe, compression));
      return { bytes, mediaType: mediaTypes[format], width, height };
    };

    onProgress({ phase: 'started' });
    const picture = planPainting(request, width, height, groundOf(request.options));
    await step(0.5);
    onProgress({ phase: 'drawing' });
    await step(0.5);
    let shown = 0;
    for (const pause of picture.painting) {
      await stop(setImmediate());
      if (pause === 'breath') continue;
      shown += 1;
      // Of fewer previews the later ones: there is more to see in them.
      if (shown > SHOWN - partialImages) onProgress({ phase: 'partial', image: await show() });
      await step(1);
    }
    return { image: await show() };
  }

  return {
    name: 'Demo painter',
    model: 'demo-painter-1',
    demo: true,
    maxTries: 1,
    capabilities: { ...capabilities, sizes: [...(sizes ?? standardSizes)], ...(sizes === undefined && { anySize: true }) },
    generate,
  };
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
