/** How long a generation is likely to take: the median of the last ones with similar options. */
import type { Options } from '../../shared/options.ts';

/** Enough for a steady median, and few enough to follow how fast the service is today. */
const REMEMBERED = 20;

export class Estimates {
  readonly #durations = new Map<string, number[]>();

  /** Records how long a successful generation took, in milliseconds, without its time in the queue. */
  record(options: Options, durationMs: number): void {
    const key = keyOf(options);
    const durations = [...(this.#durations.get(key) ?? []), durationMs].slice(-REMEMBERED);
    this.#durations.set(key, durations);
  }

  /** In milliseconds; undefined until such a generation has succeeded. */
  expectedMs(options: Options): number | undefined {
    const sorted = this.#durations.get(keyOf(options))?.toSorted((a, b) => a - b);
    return sorted && Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0);
  }
}

/** Sizes are grouped by megapixels, which decide the duration and keep the number of keys small. */
function keyOf({ model = 'auto', quality = 'auto', size = 'auto' }: Options): string {
  const [width, height] = size.split('x').map(Number);
  const megapixels = width && height ? Math.round((width * height) / 1_000_000) : 'auto';
  return `${model} ${quality} ${megapixels}`;
}
