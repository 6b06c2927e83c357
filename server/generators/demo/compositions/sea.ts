import { mix } from '../palettes.ts';
import { circle, type Point, polygon, rect, vertical } from '../shapes.ts';
import { type Composition, type Scene, sky } from './composition.ts';

/** Boats on rows of round waves, before a sun that stands on the horizon. */
export const sea: Composition = {
  keywords:
    'sea|ocean|water|wave|boat|ship|sail|beach|coast|island|harbour|harbor|lake|lighthouse|fish|whale|river|rain|meer|wasser|welle|boot|schiff|strand|küste|insel|hafen|leuchtturm|regen',
  lettering: 'on band',
  draw(scene) {
    const { width, height, unit, margin, foot, palette, night, random, masses, details } = scene;
    const { pale, deep, accent, tones } = palette;
    const bank = foot - margin * 0.7;
    const horizon = bank * random.between(0.4, 0.56);
    const [x, radius] = [width * random.between(0.28, 0.72), unit * random.between(0.15, 0.24)];
    sky(scene, horizon);
    for (const halo of [3, 2, 1]) {
      const colour = night ? mix(tones[2], deep, halo * 0.24) : mix(pale, accent, 0.42 - halo * 0.1);
      masses.fill(circle(x, horizon, radius * (1 + halo * 0.26)), colour);
    }
    const glow = mix(accent, pale, night ? 0.9 : 0.5);
    masses.fill(circle(x, horizon, radius), accent, vertical(glow, horizon - radius, horizon + radius * 0.4));
    masses.fill(rect(0, horizon, width, height - horizon), tones[2]);
    const rows = Math.max(3, Math.round((bank - horizon) / (unit * 0.055)));
    for (let row = 0; row < rows; row++) {
      const near = row / (rows - 1);
      const size = unit * (0.05 + 0.07 * near);
      const y = horizon + size * 0.4 + (bank - horizon - size * 0.4) * near ** 1.1;
      const tone = mix(tones[Math.floor(near * 3)] ?? deep, tones[Math.ceil(near * 3)] ?? deep, (near * 3) % 1);
      const [colour, lining] = near === 1 ? [deep, tones[3]] : [tone, mix(tone, pale, 0.55)];
      const layer = row < 2 ? masses : details;
      if (row === 1) boats(scene, y - size * 0.8);
      for (let at = -random.between(0, size * 2); at < width + size; at += size * 1.9) {
        layer.fill(circle(at, y, size), colour, vertical(mix(colour, deep, 0.4), y + size, y - size * 0.7));
        for (const ring of [0.8, 0.56, 0.32]) layer.stroke(circle(at, y, size * ring), lining, unit * 0.0035);
      }
      layer.fill(rect(0, y, width, near === 1 ? height - y : size * 1.5), colour);
    }
  },
};

function boats({ width, height, unit, palette, random, masses }: Scene, y: number): void {
  const { pale, deep, accent, tones } = palette;
  const count = Math.max(1, Math.round(width / height));
  for (let boat = 0; boat < count; boat++) {
    const x = (width * (boat + random.between(0.2, 0.8))) / count;
    const size = unit * random.between(0.14, 0.2);
    const lean = random.pick([size, -size]);
    const at = (u: number, v: number): Point => [x + u * lean, y + v * size];
    const jib = { colour: tones[2], from: at(0, 0), to: at(0.4, -0.6) };
    masses.fill(polygon(at(0.02, -1), at(0.52, -0.13), at(0.02, -0.13)), mix(pale, tones[1], 0.3), jib);
    masses.fill(polygon(at(-0.02, -0.82), at(-0.4, -0.13), at(-0.02, -0.13)), mix(accent, deep, 0.2));
    masses.fill(polygon(at(-0.5, -0.1), at(0.62, -0.1), at(0.4, 0.14), at(-0.38, 0.14)), deep);
  }
}
