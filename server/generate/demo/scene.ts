/** What a family of pictures paints on, and the strokes that all of them share. */
import type { SKRSContext2D } from '@napi-rs/canvas';
import { lightness, veil } from './colour.ts';
import type { Palette } from './palettes.ts';
import type { Random } from './random.ts';

export interface Scene {
  /** Drawn on in units: the shorter side is 1000 of them, the origin is the upper left corner. */
  readonly ctx: SKRSContext2D;
  /** In units. */
  readonly width: number;
  /** In units. */
  readonly height: number;
  /** Shadows ignore the transformation, so their blur is given in pixels. */
  readonly pixelsPerUnit: number;
  readonly palette: Palette;
  /**
   * Where things stand. A refinement keeps this stream, which is why it resembles its parent; so what makes the
   * composition is drawn from it before anything whose number `density` decides.
   */
  readonly layout: Random;
  /** What things look like in the small. A refinement has another. */
  readonly detail: Random;
  /** How much there is of everything: 1 is usual, 0.6 sparse, 1.5 rich. */
  readonly density: number;
  /** Whether the request has one of these words (separated by spaces). */
  readonly mentions: (words: string) => boolean;
}

/** Where a painting may be interrupted: for others to have their turn, or for people to see how far it is. */
export type Pause = 'breath' | 'shown';
export type Painting = Generator<Pause, void, void>;

/** Paints in three stages: ground, shapes, details. Each but the last ends in `shown`; whatever takes long breathes in between. */
export type Family = (scene: Scene) => Painting;

export type Point = readonly [x: number, y: number];

export const isNight = (palette: Palette): boolean => lightness(palette.sky[1]) < 0.55;

export function fillAll({ ctx, width, height }: Scene, style: string | CanvasGradientLike): void {
  ctx.fillStyle = style;
  ctx.fillRect(-2, -2, width + 4, height + 4);
}

type CanvasGradientLike = ReturnType<SKRSContext2D['createLinearGradient']>;

/** A gradient from the first point to the second, its colours evenly spread. */
export function linear(ctx: SKRSContext2D, from: Point, to: Point, colours: readonly string[]): CanvasGradientLike {
  const gradient = ctx.createLinearGradient(from[0], from[1], to[0], to[1]);
  for (const [index, colour] of colours.entries())
    gradient.addColorStop(index / Math.max(1, colours.length - 1), colour);
  return gradient;
}

export function disc(ctx: SKRSContext2D, [x, y]: Point, radius: number): void {
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, Math.PI * 2);
  ctx.fill();
}

/** Light around a point, which fades to nothing at `radius`. */
export function glow(ctx: SKRSContext2D, [x, y]: Point, radius: number, colour: string, opacity: number): void {
  const gradient = ctx.createRadialGradient(x, y, 0, x, y, radius);
  for (const [place, part] of [
    [0, 1],
    [0.25, 0.55],
    [0.55, 0.18],
    [1, 0],
  ] as const) {
    gradient.addColorStop(place, veil(colour, opacity * part));
  }
  ctx.fillStyle = gradient;
  ctx.fillRect(x - radius, y - radius, radius * 2, radius * 2);
}

/** Adds a soft curve through the middles between `points` to the current path. */
export function curve(ctx: SKRSContext2D, points: readonly Point[], closed = false): void {
  const [first, ...rest] = closed ? [...points, ...points.slice(0, 2)] : points;
  if (first === undefined) return;
  const [second] = rest;
  if (closed && second !== undefined) ctx.moveTo((first[0] + second[0]) / 2, (first[1] + second[1]) / 2);
  else ctx.moveTo(first[0], first[1]);
  for (const [index, point] of rest.entries()) {
    const next = rest[index + 1];
    if (next === undefined) {
      if (!closed) ctx.lineTo(point[0], point[1]);
    } else ctx.quadraticCurveTo(point[0], point[1], (point[0] + next[0]) / 2, (point[1] + next[1]) / 2);
  }
  if (closed) ctx.closePath();
}

/** Fills with a soft shadow under the shape; `depth` is the blur in units. */
export function withShadow(scene: Scene, depth: number, colour: string, paint: () => void): void {
  const { ctx, pixelsPerUnit } = scene;
  ctx.save();
  ctx.shadowColor = colour;
  ctx.shadowBlur = depth * pixelsPerUnit;
  ctx.shadowOffsetX = depth * 0.12 * pixelsPerUnit;
  ctx.shadowOffsetY = depth * 0.35 * pixelsPerUnit;
  paint();
  ctx.restore();
}

/** Draws inside the path that `outline` makes. */
export function within(ctx: SKRSContext2D, outline: () => void, paint: () => void): void {
  ctx.save();
  ctx.beginPath();
  outline();
  ctx.clip();
  paint();
  ctx.restore();
}

export function stars({ ctx, width, palette, detail, density }: Scene, below: number, count: number): void {
  for (let index = 0; index < count * density; index += 1) {
    const y = below * detail.next() ** 1.4;
    ctx.fillStyle = veil(palette.light, detail.between(0.25, 0.95) * (1 - y / below / 1.3));
    disc(ctx, [detail.between(0, width), y], detail.chance(0.08) ? detail.between(2, 3.2) : detail.between(0.7, 1.7));
  }
}

/** A few birds far away, in one flock. */
export function birds({ ctx, width, palette, detail }: Scene, [x, y]: Point, colour: string = palette.tones[4]): void {
  ctx.strokeStyle = veil(colour, 0.8);
  ctx.lineCap = 'round';
  for (let index = detail.integer(3, 7); index > 0; index -= 1) {
    const span = detail.between(7, 15);
    const left = Math.min(width - 40, Math.max(40, x + detail.between(-110, 110)));
    const top = y + detail.between(-45, 45);
    const lift = span * detail.between(0.3, 0.75);
    ctx.lineWidth = span / 7;
    ctx.beginPath();
    ctx.moveTo(left - span, top - lift);
    ctx.quadraticCurveTo(left - span * 0.4, top - lift, left, top);
    ctx.quadraticCurveTo(left + span * 0.4, top - lift, left + span, top - lift * 0.8);
    ctx.stroke();
  }
}
