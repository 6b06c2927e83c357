/** What a picture is made of. Lengths are in pixels, paths are SVG path data, colours are `#rrggbb`. */

export type Point = readonly [x: number, y: number];

export interface Shape {
  readonly path: string;
  readonly colour: string;
  /** The width of the path's outline, which is drawn in place of its area. */
  readonly stroke?: number;
  readonly shade?: Shade | undefined;
}

/** Speckles of another colour on a shape: dense at `from`, sparser towards `to`, none beyond it. */
export interface Shade {
  readonly colour: string;
  readonly from: Point;
  readonly to: Point;
}

/** Shapes, in the order in which they are painted. */
export class Layer {
  readonly shapes: Shape[] = [];

  fill(path: string, colour: string, shade?: Shade): void {
    this.shapes.push({ path, colour, shade });
  }

  stroke(path: string, colour: string, width: number): void {
    this.shapes.push({ path, colour, stroke: width });
  }
}

export const vertical = (colour: string, from: number, to: number): Shade => ({ colour, from: [0, from], to: [0, to] });

export const rect = (x: number, y: number, width: number, height: number): string =>
  `M ${x} ${y} h ${width} v ${height} h ${-width} Z`;

export const circle = (x: number, y: number, r: number): string =>
  `M ${x - r} ${y} a ${r} ${r} 0 1 1 ${r * 2} 0 a ${r} ${r} 0 1 1 ${-r * 2} 0 Z`;

/** A door with a round head of radius `r` around `x`. */
export const arch = (x: number, top: number, r: number, bottom: number): string =>
  `M ${x - r} ${bottom} V ${top + r} a ${r} ${r} 0 0 1 ${r * 2} 0 V ${bottom} Z`;

export const polygon = (...points: readonly Point[]): string => `M ${points.flat().join(' ')} Z`;

/** A smooth line through all `points` (a Catmull-Rom spline). */
export function curve(points: readonly Point[]): string {
  const at = (index: number): Point => points[Math.min(Math.max(index, 0), points.length - 1)] ?? [0, 0];
  const bends = points.slice(1).map(([x, y], index) => {
    const [before, start, after] = [at(index - 1), at(index), at(index + 2)];
    const [dx, dy] = [(x - before[0]) / 6, (y - before[1]) / 6];
    const end = [x - (after[0] - start[0]) / 6, y - (after[1] - start[1]) / 6, x, y];
    return `C ${start[0] + dx} ${start[1] + dy} ${end.join(' ')}`;
  });
  return `M ${at(0).join(' ')} ${bends.join(' ')}`;
}
