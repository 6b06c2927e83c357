import { mix } from '../palettes.ts';
import { arch, polygon, rect, vertical } from '../shapes.ts';
import { type Composition, type Scene, sky, sun } from './composition.ts';

/** A street of houses with round doors, and a skyline behind them. */
export const city: Composition = {
  keywords:
    'city|street|town|building|skyline|tower|house|bridge|car|train|neon|tokyo|paris|london|berlin|urban|office|architecture|robot|village|stadt|straße|haus|häuser|turm|brücke|dach|dächer|köln|wien|dorf',
  lettering: 'on band',
  draw(scene) {
    const { width, height, unit, margin, foot, palette, night, paper, random, masses, details } = scene;
    const { deep, accent, tones } = palette;
    const street = foot - margin;
    sky(scene, street * 0.8);
    sun(scene, width * random.between(0.2, 0.8), street * random.between(0.28, 0.38), unit * random.between(0.1, 0.14));
    const far = night ? tones[3] : mix(tones[0], paper, 0.3);
    for (let x = 0; x < width; ) {
      const [wide, top] = [unit * random.between(0.07, 0.13), street * random.between(0.36, 0.56)];
      const flat = rect(x, top, wide, street - top);
      const round = arch(x + wide / 2, top - wide * 0.6, wide / 2, street);
      masses.fill(random.pick([flat, flat, round]), far, vertical(paper, street, top));
      x += wide - 1;
    }
    let wall = '';
    for (let x = -unit * random.between(0, 0.08); x < width; ) {
      const wide = unit * random.between(0.13, 0.21);
      const last = wall;
      wall = random.pick([tones[1], accent, tones[2], night ? tones[0] : tones[3]], (colour) => colour !== last);
      house(scene, x, wide, street * random.between(0.42, 0.66), street, wall);
      x += wide;
    }
    details.fill(rect(0, street, width, height), deep);
    details.fill(rect(0, street, width, unit * 0.006), accent);
  },
};

function house(scene: Scene, x: number, wide: number, top: number, street: number, colour: string): void {
  const { palette, night, random, masses, details } = scene;
  const { pale, deep, accent, tones } = palette;
  const middle = x + wide / 2;
  const shade = vertical(mix(colour, deep, 0.55), street, top + (street - top) * 0.15);
  const roof = random.pick(['flat', 'steps', 'round', 'gable', 'dome']);
  const dome = colour === tones[3] ? tones[2] : tones[3];
  if (roof === 'dome') masses.fill(arch(middle, top - wide * 0.4, wide * 0.4, top), dome);
  if (roof === 'gable') masses.fill(polygon([x, top], [middle, top - wide * 0.5], [x + wide, top]), deep);
  if (roof === 'steps') masses.fill(rect(x + wide * 0.16, top - wide * 0.18, wide * 0.68, wide), colour);
  if (roof === 'steps') masses.fill(rect(x + wide * 0.34, top - wide * 0.36, wide * 0.32, wide), colour);
  if (roof === 'round') masses.fill(arch(middle, top - wide * 0.3, wide / 2, street), colour, shade);
  else masses.fill(rect(x, top, wide + 0.5, street - top), colour, shade);
  const [dim, lit] = [mix(colour, deep, 0.55), colour === accent ? pale : accent];
  const [columns, hasArches, door] = [random.pick([2, 3, 4]), random.pick([true, false]), wide * 0.5];
  const pane = wide / (columns * 1.9 + 0.9);
  for (let y = top + pane * 1.1; y < street - door * 1.5 - pane; y += pane * 2.3) {
    for (let left = x + pane * 0.9; left < x + wide - pane; left += pane * 1.9) {
      const path = hasArches ? arch(left + pane / 2, y, pane / 2, y + pane * 1.4) : rect(left, y, pane, pane * 1.3);
      details.fill(path, random.pick(night ? [pale, lit, dim] : [pale, dim, dim]));
    }
  }
  const arches = [deep, random.pick([lit, pale, tones[0]], (tint) => tint !== colour), deep];
  for (const [index, tint] of arches.entries()) {
    const part = 1 - index * 0.33;
    details.fill(arch(middle, street - door * (0.35 + 0.9 * part), (door / 2) * part, street), tint);
  }
}
