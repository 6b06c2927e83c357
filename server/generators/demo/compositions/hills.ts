import { mix } from '../palettes.ts';
import { curve, type Point, polygon, vertical } from '../shapes.ts';
import { type Composition, type Scene, sky, sun } from './composition.ts';

/** Peaks and ridges, one behind the other, under a low sun. */
export const hills: Composition = {
  keywords:
    'hill|mountain|landscape|valley|alps|peak|desert|field|meadow|forest|tree|wood|garden|nature|fox|berg|tal|wald|baum|landschaft|wiese|garten|fuchs',
  lettering: 'on band',
  draw(scene) {
    const { width, height, unit, margin, foot, palette, night, paper, random, masses, details } = scene;
    const { deep, tones } = palette;
    const bank = foot - margin;
    const horizon = bank * random.between(0.52, 0.6);
    const radius = unit * random.between(0.1, 0.15);
    const colours = night ? [...tones.slice(1), mix(tones[3], deep, 0.6), deep] : [...tones, deep];
    const mist = [night ? tones[0] : paper, ...colours];
    sky(scene, horizon);
    sun(scene, width * random.between(0.24, 0.76), horizon - radius * random.between(0.9, 1.3), radius);
    peaks(scene, horizon + unit * 0.13, mist);
    const [step, gap, bend] = [width / 12, (bank - horizon) / (colours.length - 1), random.between(0, 9)];
    for (const [index, colour] of colours.entries()) {
      const isBank = colour === deep;
      const level = horizon + gap * index;
      const swing = isBank ? unit * 0.012 : unit * random.between(0.045, 0.075);
      const wave = (at: number) =>
        Math.sin(bend + index * 2.1 + at * 0.62) + Math.sin(bend * 3 + index * 1.3 + at * 1.27) / 2;
      const crest = Array.from({ length: 15 }, (_, at): Point => [(at - 1) * step, level - swing * wave(at)]);
      const path = `${curve(crest)} V ${isBank ? height : level + gap + unit * 0.2} H ${-step} Z`;
      const shade = vertical(mist[index] ?? paper, level + gap * 1.3, level - swing * 1.5);
      (index < 2 ? masses : details).fill(path, colour, isBank ? undefined : shade);
      for (let tree = 0; tree < 7 && index > 1 && !isBank; tree++) {
        const [x, y] = crest[Math.floor(random.between(1, 13))] ?? [0, 0];
        const size = unit * random.between(0.035, 0.05) * (index - 0.5);
        const [left, root] = [x + step * random.between(-0.1, 0.1), y + size * 0.12];
        details.fill(
          `M ${left} ${root} q ${size * 0.21} ${-size / 2} 0 ${-size} q ${-size * 0.21} ${size / 2} 0 ${size}`,
          colours[index + 1] ?? deep,
        );
      }
    }
  },
};

/** Mountains with a lit left side, a shaded right side and snow, which stand on `base`. */
function peaks(scene: Scene, base: number, [snow = '', light = '', dark = '']: string[]): void {
  const { width, unit, random, masses } = scene;
  const count = Math.round(width / unit) + 1;
  for (let peak = 0; peak < count; peak++) {
    const x = (width * (peak + random.between(0.25, 0.75))) / count;
    const [high, wide] = [unit * random.between(0.24, 0.38), unit * random.between(0.26, 0.36)];
    const at = (u: number, v: number): Point => [x + u * wide, base - high * (1 - v)];
    const shaded = polygon(at(0, 0), at(1, 1), at(0.1, 1), at(-0.05, 0.45), at(0.1, 0.25));
    const cap = polygon(at(0, 0), at(0.24, 0.24), at(0.09, 0.17), at(-0.03, 0.27), at(-0.12, 0.19), at(-0.25, 0.25));
    masses.fill(polygon(at(0, 0), at(1, 1), at(-1, 1)), light, vertical(snow, base, base - high * 0.6));
    masses.fill(shaded, dark, vertical(light, base, base - high * 0.7));
    masses.fill(cap, snow);
  }
}
