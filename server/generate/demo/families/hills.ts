/** Ridge behind ridge into the haze, under a sun or a moon. */
import { along, lighten, mix, veil } from '../colour.ts';
import { noise, type Random } from '../random.ts';
import { birds, disc, fillAll, glow, isNight, linear, type Painting, type Point, type Scene, stars } from '../scene.ts';

interface Ridge {
  readonly points: readonly Point[];
  /** 0 is the farthest, 1 the nearest. */
  readonly nearness: number;
}

export function* hills(scene: Scene): Painting {
  const { ctx, width, height, palette, layout } = scene;
  const night = isNight(palette);
  const horizon = height * layout.between(0.4, 0.52);
  const sun: Point = [width * layout.between(0.2, 0.8), horizon * layout.between(0.38, 0.78)];
  const radius = layout.between(52, 112);
  const ridges = planRidges(scene, horizon);

  fillAll(scene, linear(ctx, [0, 0], [0, horizon * 1.25], palette.sky));
  if (night) stars(scene, horizon, 170);
  yield 'breath';
  glow(ctx, sun, radius * 5.5, palette.light, night ? 0.5 : 0.75);
  ctx.fillStyle = palette.light;
  disc(ctx, sun, radius);
  streaks(scene, sun, radius);
  yield 'shown';

  for (const ridge of ridges) {
    paintRidge(scene, ridge);
    yield 'breath';
  }
  yield 'shown';

  for (const ridge of ridges.slice(-3)) trees(scene, ridge);
  birds(scene, [(sun[0] + width / 2) / 2, sun[1] + radius * 0.6], palette.tones[3]);
}

function planRidges({ width, height, layout }: Scene, horizon: number): Ridge[] {
  const count = layout.integer(5, 7);
  const rough = layout.between(0.8, 1.35);
  return Array.from({ length: count }, (_, index) => {
    const nearness = index / (count - 1);
    const base = horizon + (height * 0.93 - horizon) * nearness ** 1.15;
    const relief = (135 - 65 * nearness) * rough;
    return { points: ridgeLine(layout, width, base, relief, 1.6 + 0.9 * (1 - nearness)), nearness };
  });
}

/** A line of mountains: coarse noise for the mass, finer noise for the rock. */
function ridgeLine(random: Random, width: number, base: number, relief: number, bumps: number): Point[] {
  const ground = noise(random);
  return Array.from({ length: 161 }, (_, index) => {
    const x = (index / 160) * (width + 40) - 20;
    const place = (x / 1000) * bumps;
    const mass = ground(place, 0.5) + 0.5 * ground(place * 2.1, 7.5) + 0.22 * ground(place * 5.3, 13.5);
    const rock = 0.09 * ground(place * 13, 21.5) + 0.045 * ground(place * 29, 33.5);
    return [x, base - relief * (mass + rock)];
  });
}

function trace({ ctx, width, height }: Scene, points: readonly Point[]): void {
  ctx.beginPath();
  ctx.moveTo(-20, height + 20);
  for (const [x, y] of points) ctx.lineTo(x, y);
  ctx.lineTo(width + 20, height + 20);
  ctx.closePath();
}

/** Each ridge is its own tone at the crest and sinks into the haze of the valley below. */
function paintRidge(scene: Scene, { points, nearness }: Ridge): void {
  const { ctx, palette } = scene;
  const crest = Math.min(...points.map(([, y]) => y));
  const tone = along(palette.tones, nearness);
  const haze = mix(tone, lighten(palette.sky[2], 0.1), 0.62 * (1 - nearness) + 0.05);
  ctx.fillStyle = linear(ctx, [0, crest], [0, crest + 300 - 60 * nearness], [tone, mix(tone, haze, 0.45), haze]);
  trace(scene, points);
  ctx.fill();
  ctx.strokeStyle = veil(palette.light, 0.2 * (1 - nearness) + 0.05);
  ctx.lineWidth = 1.6;
  ctx.stroke();
}

/** Long thin clouds, some of them across the sun. */
function streaks({ ctx, width, palette, layout, detail, density }: Scene, [x, y]: Point, radius: number): void {
  const count = Math.round(layout.integer(3, 6) * density);
  for (let index = 0; index < count; index += 1) {
    const middle: Point = [x + detail.between(-0.45, 0.45) * width, y + detail.between(-1.1, 1.3) * radius];
    const reach = detail.between(120, 330);
    const fade = ctx.createLinearGradient(middle[0] - reach, 0, middle[0] + reach, 0);
    for (const [place, part] of [
      [0, 0],
      [0.4, 1],
      [0.7, 0.6],
      [1, 0],
    ] as const) {
      fade.addColorStop(place, veil(palette.sky[index % 2 === 0 ? 2 : 1], 0.5 * part));
    }
    ctx.fillStyle = fade;
    ctx.beginPath();
    ctx.ellipse(middle[0], middle[1], reach, detail.between(3, 9), 0, 0, Math.PI * 2);
    ctx.fill();
  }
}

/** Conifers in stands along a crest, smaller the farther away. */
function trees({ ctx, palette, detail, density, layout }: Scene, { points, nearness }: Ridge): void {
  const stand = noise(layout);
  ctx.fillStyle = along(palette.tones, Math.min(1, nearness + 0.06));
  for (const [x, y] of points) {
    if (stand(x / 130, nearness * 9) < 0.12 - 0.25 * (density - 1)) continue;
    for (let index = 0; index < 2; index += 1) {
      const tall = detail.between(16, 46) * (0.35 + nearness);
      const foot = x + detail.between(-4, 4);
      ctx.beginPath();
      ctx.moveTo(foot, y - tall);
      ctx.lineTo(foot + tall * 0.17, y + 8);
      ctx.lineTo(foot - tall * 0.17, y + 8);
      ctx.fill();
    }
  }
}
