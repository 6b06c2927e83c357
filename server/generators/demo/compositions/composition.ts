/** What the compositions have in common. */
import { mix, type Palette } from '../palettes.ts';
import type { Random } from '../random.ts';
import { circle, curve, type Layer, type Point, rect, vertical } from '../shapes.ts';

export interface Composition {
  /** A prompt with one of them gets this composition; `|` separates them. */
  readonly keywords: string;
  /** What the lettering stands on: a deep band that the composition paints from below `foot`, or the paper. */
  readonly lettering: 'on band' | 'on paper';
  draw(scene: Scene): void;
}

/** Lengths are in pixels. */
export interface Scene {
  readonly width: number;
  readonly height: number;
  /** The shorter side. */
  readonly unit: number;
  readonly margin: number;
  /** The top of the lettering: below it the picture stays calm. */
  readonly foot: number;
  readonly palette: Palette;
  /** Whether `paper` is the deep colour. */
  readonly night: boolean;
  readonly paper: string;
  /** Colours must not decide how many numbers are taken: a refinement keeps the seed and changes the palette. */
  readonly random: Random;
  /** Left out when the background is transparent. */
  readonly ground: Layer;
  readonly masses: Layer;
  readonly details: Layer;
}

/** The sky, with stars by night and birds by day. */
export function sky(scene: Scene, horizon: number): void {
  const { width, height, unit, palette, night, paper, random, ground, details } = scene;
  const { pale, deep, tones } = palette;
  const glow = night ? vertical(tones[2], horizon, 0) : vertical(tones[0], 0, horizon);
  ground.fill(rect(0, 0, width, height), paper, glow);
  for (let star = 0; star < 60; star++) {
    const [x, y] = [random.between(0, width), random.between(0, horizon)];
    const path = circle(x, y, unit * random.between(0.0011, 0.0028));
    if (night) ground.fill(path, pale);
  }
  const flock = { x: width * random.between(0.1, 0.75), y: horizon * random.between(0.16, 0.4) };
  for (let bird = 0; bird < 3; bird++) {
    const [x, y] = [flock.x + bird * unit * 0.055, flock.y + unit * random.between(-0.025, 0.025)];
    const wing = unit * random.between(0.014, 0.02);
    const points = [-1, -0.45, 0, 0.45, 1].map((at): Point => [x + at * wing, y - Math.abs(at) ** 0.5 * wing * 0.5]);
    if (!night) details.stroke(curve(points), deep, unit * 0.0032);
  }
}

/** The sun with two halos; by night it passes for the moon. */
export function sun({ palette, night, masses }: Scene, x: number, y: number, radius: number): void {
  const { pale, accent, tones } = palette;
  masses.fill(circle(x, y, radius * 1.9), night ? tones[3] : mix(pale, accent, 0.16));
  masses.fill(circle(x, y, radius * 1.45), night ? tones[2] : mix(pale, accent, 0.34));
  masses.fill(circle(x, y, radius), accent, vertical(night ? pale : tones[1], y + radius, y - radius));
}
