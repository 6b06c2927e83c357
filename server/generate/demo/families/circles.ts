/** Circles of coloured glass over one another, held together by fine orbits. */
import { lighten, mix, veil } from '../colour.ts';
import { at } from '../random.ts';
import {
  disc,
  fillAll,
  glow,
  isNight,
  linear,
  type Painting,
  type Point,
  type Scene,
  stars,
  withShadow,
} from '../scene.ts';

interface Ring {
  readonly middle: Point;
  readonly radius: number;
  readonly colour: string;
}

export function* circles(scene: Scene): Painting {
  const { ctx, width, height, palette, layout } = scene;
  const night = isNight(palette);
  const heart: Point = [width * layout.between(0.38, 0.62), height * layout.between(0.38, 0.62)];
  const rings = planRings(scene, heart);

  fillAll(
    scene,
    night
      ? linear(ctx, [0, 0], [0, height], [palette.sky[0], palette.tones[4], palette.sky[0]])
      : linear(ctx, [0, 0], [width, height], [lighten(palette.sky[2], 0.3), palette.sky[2]]),
  );
  if (night) stars(scene, height, 220);
  yield 'breath';
  glow(ctx, heart, 780, night ? palette.tones[0] : palette.light, 0.55);
  orbits(scene, heart);
  yield 'shown';

  ctx.save();
  ctx.globalCompositeOperation = night ? 'screen' : 'multiply';
  for (const ring of rings) {
    glass(scene, ring, night);
    yield 'breath';
  }
  ctx.restore();
  yield 'shown';

  for (const ring of rings) rim(scene, ring);
  yield 'breath';
  satellites(scene, rings);
}

function planRings({ width, height, palette, layout, detail, density }: Scene, heart: Point): Ring[] {
  const colours = detail.shuffle([...palette.accents.slice(0, 3), palette.tones[1], palette.tones[2], palette.sky[1]]);
  const count = Math.round(layout.integer(9, 13) * density);
  const turn = layout.between(0, 7);
  return Array.from({ length: count }, (_, index) => {
    const away = index === 0 ? 0 : 90 + 300 * Math.sqrt(index / count) * layout.between(0.7, 1.2);
    const angle = turn + index * 2.399963;
    const x = heart[0] + away * Math.cos(angle) * (width / 1000) ** 0.7;
    const y = heart[1] + away * Math.sin(angle) * (height / 1000) ** 0.7;
    const radius = index === 0 ? layout.between(210, 280) : layout.between(40, 205) * (1 - 0.35 * (index / count));
    return { middle: [x, y], radius, colour: at(colours, index) };
  });
}

function glass({ ctx, palette }: Scene, { middle: [x, y], radius, colour }: Ring, night: boolean): void {
  const shade = night ? mix(colour, palette.tones[3], 0.25) : lighten(colour, 0.2);
  const gradient = ctx.createRadialGradient(x - radius * 0.35, y - radius * 0.4, radius * 0.1, x, y, radius);
  gradient.addColorStop(0, veil(lighten(shade, 0.35), 0.62));
  gradient.addColorStop(0.7, veil(shade, 0.78));
  gradient.addColorStop(1, veil(shade, 0.92));
  ctx.fillStyle = gradient;
  disc(ctx, [x, y], radius);
}

/** A bright edge towards the light, and on some circles a few rings like a record's. */
function rim({ ctx, palette, detail }: Scene, { middle: [x, y], radius }: Ring): void {
  ctx.strokeStyle = veil(palette.light, 0.75);
  ctx.lineWidth = 1.8;
  ctx.beginPath();
  ctx.arc(x, y, radius - 2, Math.PI * 1.02, Math.PI * 1.62);
  ctx.stroke();
  const grooves = detail.chance(0.45) ? detail.integer(3, 9) : 0;
  ctx.lineWidth = 1;
  for (let groove = 1; groove <= grooves; groove += 1) {
    ctx.strokeStyle = veil(palette.light, 0.34);
    ctx.beginPath();
    ctx.arc(x, y, radius * (1 - groove / (grooves + 3)), detail.between(0, 7), detail.between(8, 12));
    ctx.stroke();
  }
}

function orbits({ ctx, palette, layout }: Scene, [x, y]: Point): void {
  const tilt = layout.between(-0.6, 0.6);
  const ink = isNight(palette) ? palette.light : palette.tones[3];
  for (let index = layout.integer(4, 7); index > 0; index -= 1) {
    ctx.strokeStyle = veil(ink, 0.36);
    ctx.lineWidth = layout.between(0.8, 1.6);
    ctx.setLineDash(layout.chance(0.3) ? [2, 9] : []);
    ctx.beginPath();
    ctx.ellipse(x, y, 150 + index * 78, (150 + index * 78) * layout.between(0.55, 0.95), tilt, 0, Math.PI * 2);
    ctx.stroke();
  }
  ctx.setLineDash([]);
}

function satellites(scene: Scene, rings: readonly Ring[]): void {
  const { ctx, palette, detail, density } = scene;
  for (let index = 0; index < 20 * density; index += 1) {
    const { middle, radius } = detail.pick(rings);
    const angle = detail.between(0, 7);
    const place: Point = [middle[0] + radius * Math.cos(angle), middle[1] + radius * Math.sin(angle)];
    const size = detail.between(3, 13);
    withShadow(scene, size * 1.4, veil(palette.tones[4], 0.4), () => {
      ctx.fillStyle = detail.pick([palette.accents[0], palette.accents[1], palette.accents[3], palette.tones[4]]);
      disc(ctx, place, size);
    });
  }
}
