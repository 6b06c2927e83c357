/** How sheets of one shape lie on a mat, so that each is as large as it can be. */
import type { Size } from '../compare/zoom.ts';

/** Between two of them and under each, in pixels: about what the styles of the candidates say. */
const GAP = 20;
const CAPTION = 32;

/** In how many columns; of two that come to the same the fewer. `ratio` is width by height. */
export function columnsFor(mat: Size, count: number, ratio: number): number {
  const width = (columns: number): number => {
    const rows = Math.ceil(count / columns);
    const high = (mat.height - (rows - 1) * GAP) / rows - CAPTION;
    return Math.min((mat.width - (columns - 1) * GAP) / columns, high * ratio);
  };
  let best = 1;
  for (let columns = 2; columns <= count; columns += 1) if (width(columns) > width(best)) best = columns;
  return best;
}
