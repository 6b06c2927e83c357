/** The built-in generator: paints a poster from the prompt alone, for when there is no API key. */
import { on } from 'node:events';
import { extname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Options } from '../../../shared/options.ts';
import { type GenerateRequest, GenerationFailed, type Generator } from '../generator.ts';
import type { PaintOrder } from './painter.ts';
import { chooseRecipe } from './recipe.ts';

export interface DemoGeneratorOptions {
  /** The sizes that may be chosen, such as `1024x1024`; any size when absent. */
  readonly sizes?: readonly string[] | undefined;
  /** The pause between two previews in milliseconds, at medium quality; a picture takes four pauses in all. */
  readonly stepMs?: number;
  /** Waits for `ms` milliseconds, and rejects when `signal` is aborted. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Yields the previews and then the picture, each as an image file; in a worker thread when absent. */
  readonly paint?: (order: PaintOrder, signal: AbortSignal) => AsyncIterable<Uint8Array>;
}

const LARGEST_SIDE = 2048;
const PREVIEWS = 3;

/** The duration of a step, relative to `stepMs`. */
const paces = { auto: 1, low: 0.4, medium: 1, high: 1.6, xhigh: 2, max: 2.4 } as const;
/** The size of the speckles in the shading, as a fraction of the shorter side; 0 for flat colours. */
const speckles = { auto: 1 / 900, low: 0, medium: 1 / 900, high: 1 / 1400, xhigh: 1 / 1400, max: 1 / 1400 } as const;

const mediaTypes = { png: 'image/png', jpeg: 'image/jpeg', webp: 'image/webp' } as const;

/**
 * The same prompt, feedback, parent, options and attempt give the same bytes; another attempt gives another picture.
 * A refinement keeps its parent's composition, which it reads from the parent's file, and changes the colours.
 * The rasteriser and the fonts are loaded in a worker thread per picture, so the server's own thread never loads them.
 */
export function createDemoGenerator(options: DemoGeneratorOptions = {}): Generator {
  const { sizes, stepMs = 750, sleep = wait, paint = paintInWorker } = options;
  return {
    name: 'Demo painter',
    model: 'demo-painter-2',
    demo: true,
    maxTries: 1,
    promptCharacters: 32_000,
    mostDollars: () => 0,
    capabilities: {
      ...(sizes ? { sizes: [...sizes] } : { sizes: ['1024x1024', '1536x1024', '1024x1536'], anySize: true }),
      qualities: ['low', 'medium', 'high'],
      backgrounds: ['opaque', 'transparent'],
      formats: ['png', 'jpeg', 'webp'],
      compression: true,
      partialImages: PREVIEWS,
      refine: true,
    },
    async generate(request, { signal, onProgress }) {
      const order = orderOf(request);
      const { width, height, format } = order;
      const pause = async (steps: number) => {
        await sleep(stepMs * steps * paces[request.options.quality ?? 'auto'], signal);
        signal.throwIfAborted();
      };
      try {
        signal.throwIfAborted();
        onProgress({ phase: 'started' });
        await pause(0.5);
        onProgress({ phase: 'drawing' });
        await pause(0.5 + PREVIEWS - order.previews);
        let previews = order.previews;
        for await (const bytes of paint(order, signal)) {
          const image = { bytes, mediaType: mediaTypes[format], width, height };
          if (previews === 0) return { image };
          previews -= 1;
          onProgress({ phase: 'partial', image });
          await pause(1);
        }
        throw new Error('The worker ended without a picture');
      } catch (error) {
        if (signal.aborted) throw new DOMException('The generation was cancelled', 'AbortError');
        throw GenerationFailed.of('demo_failed', {}, { cause: error });
      }
    },
  };
}

/** @throws {GenerationFailed} for a side beyond 2048 pixels */
function orderOf(request: GenerateRequest): PaintOrder {
  const { prompt, feedback, options } = request;
  const { format = 'png', quality = 'auto', background, compression = 90, partialImages = PREVIEWS } = options;
  return {
    recipe: chooseRecipe(request),
    title: prompt,
    note: `Demo painter${feedback ? `: ${feedback}` : ''}`,
    ...pixelSize(options),
    // JPEG has no transparency.
    transparent: background === 'transparent' && format !== 'jpeg',
    speckle: speckles[quality],
    format,
    // CanvasKit reads 0 as its default, which is the best quality.
    encoderQuality: Math.max(1, compression),
    previews: partialImages,
  };
}

function pixelSize({ size = 'auto' }: Options): { width: number; height: number } {
  if (size === 'auto') return { width: 1024, height: 1024 };
  const [width = 0, height = 0] = size.split('x').map(Number);
  if (Math.max(width, height) <= LARGEST_SIDE) return { width, height };
  throw GenerationFailed.of('demo_too_large', { pixels: LARGEST_SIDE });
}

/** Yields the image files as a worker thread finishes them, and terminates the thread when the caller stops iterating. */
async function* paintInWorker(order: PaintOrder, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  // This module is .ts in the repository and .js in the built package; the worker's file has the same extension.
  const file = new URL(`painter${extname(import.meta.url)}`, import.meta.url);
  // Some flags of the process, such as --input-type, make a worker fail.
  const worker = new Worker(file, { workerData: order, execArgv: [] });
  try {
    for await (const [bytes] of on(worker, 'message', { signal, close: ['exit'] })) yield bytes;
  } finally {
    // An error event without a listener would end the process, and the iterator has removed its own.
    worker.on('error', () => {});
    worker.terminate().catch(() => {});
  }
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return setTimeout(ms, undefined, { signal });
}
