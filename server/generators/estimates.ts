/** How long a generation is likely to take: the median of the last ones with similar options and as many images at once. */
import type { Options } from '../../shared/options.ts';

/** Enough for a steady median, and few enough to follow how fast the service is today. */
const REMEMBERED = 20;

export class Estimates {
  /** By kind, and then by how many images were asked for at once. */
  readonly #durations = new Map<string, Map<number, number[]>>();
  readonly #atOnce: number;

  /** @param atOnce how many images are drawn at the same time */
  constructor(atOnce: number = Number.POSITIVE_INFINITY) {
    this.#atOnce = atOnce;
  }

  /** Records how long a successful generation of `candidates` images took from its first start to its last end, in milliseconds. */
  record(options: Options, candidates: number, durationMs: number): void {
    const key = keyOf(options);
    const byCount = this.#durations.get(key) ?? new Map<number, number[]>();
    byCount.set(candidates, [...(byCount.get(candidates) ?? []), durationMs].slice(-REMEMBERED));
    this.#durations.set(key, byCount);
  }

  /**
   * In milliseconds, from the first start to the last end; undefined until such a generation has succeeded. Of another number of images
   * it is known how many rounds they took.
   */
  expectedMs(options: Options, candidates: number): number | undefined {
    const byCount = this.#durations.get(keyOf(options));
    if (!byCount) return undefined;
    const [nearest] = [...byCount.keys()].toSorted((a, b) => Math.abs(a - candidates) - Math.abs(b - candidates));
    const known = nearest === undefined ? undefined : medianOf(byCount.get(nearest) ?? []);
    if (nearest === undefined || known === undefined) return undefined;
    return Math.round((known * this.#roundsOf(candidates)) / this.#roundsOf(nearest));
  }

  /** The wait of an image that is next but `ahead - 1` in the queue. */
  waitMs(options: Options, ahead: number): number {
    return this.#roundsOf(ahead) * (this.expectedMs(options, 1) ?? 0);
  }

  #roundsOf(images: number): number {
    return Number.isFinite(this.#atOnce) ? Math.ceil(images / this.#atOnce) : Math.min(1, images);
  }
}

function medianOf(durations: readonly number[]): number | undefined {
  const sorted = durations.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Sizes are grouped by megapixels, which decide the duration and keep the number of keys small. */
function keyOf({ model = 'auto', quality = 'auto', size = 'auto' }: Options): string {
  const [width, height] = size.split('x').map(Number);
  const megapixels = width && height ? Math.round((width * height) / 1_000_000) : 'auto';
  return `${model} ${quality} ${megapixels}`;
}
