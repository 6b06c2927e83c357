/** How long a generation is likely to take: the median of the last ones that were asked for in the same way. */
import type { Options } from '../../shared/model.ts';

/** Enough to be steady, few enough to follow the service's pace of the day. */
const REMEMBERED = 20;

export class Estimates {
  readonly #durations = new Map<string, number[]>();

  /** Notes how long a successful generation took, in milliseconds, its waiting in line not counted. */
  record(options: Options, durationMs: number): void {
    const key = keyOf(options);
    const durations = [...(this.#durations.get(key) ?? []), durationMs].slice(-REMEMBERED);
    this.#durations.set(key, durations);
  }

  /** In milliseconds; nothing as long as no such generation has succeeded. */
  expectedMs(options: Options): number | undefined {
    const sorted = this.#durations.get(keyOf(options))?.toSorted((a, b) => a - b);
    return sorted && Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0);
  }
}

/** Models and qualities have few enough values to be remembered for ever; sizes are grouped by what they cost, their pixels. */
function keyOf({ model = 'auto', quality = 'auto', size = 'auto' }: Options): string {
  const [width, height] = size.split('x').map(Number);
  const megapixels = width && height ? Math.round((width * height) / 1_000_000) : 'auto';
  return `${model} ${quality} ${megapixels}`;
}
