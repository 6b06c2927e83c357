/** Open water, the light's path on it, islands and sails. */
import { along, darken, lighten, mix, veil } from '../colour.ts';
import { noise } from '../random.ts';
import {
  birds,
  disc,
  fillAll,
  glow,
  isNight,
  linear,
  type Painting,
  type Point,
  type Scene,
  stars,
  within,
} from '../scene.ts';

export function* sea(scene: Scene): Painting {
  const { ctx, width, height, palette, layout } = scene;
  const night = isNight(palette);
  const horizon = height * layout.between(0.42, 0.56);
  const radius = layout.between(70, 135);
  const sun: Point = [width * layout.between(0.28, 0.72), horizon - radius * layout.between(0.1, 1.9)];
  const boats = planBoats(scene, horizon, sun[0]);

  fillAll(scene, linear(ctx, [0, 0], [0, horizon], palette.sky));
  if (night) stars(scene, horizon, 140);
  within(
    ctx,
    () => ctx.rect(0, 0, width, horizon),
    () => {
      glow(ctx, sun, radius * 4.5, palette.light, night ? 0.5 : 0.8);
      ctx.fillStyle = palette.light;
      disc(ctx, sun, radius);
      cloudBank(scene, horizon);
    },
  );
  yield 'breath';
  const depths = [mix(palette.tones[0], palette.sky[2], 0.45), palette.tones[1], palette.tones[2], palette.tones[3]];
  ctx.fillStyle = linear(ctx, [0, horizon], [0, height], depths);
  ctx.fillRect(-2, horizon, width + 4, height - horizon + 2);
  yield 'shown';

  islands(scene, horizon);
  yield 'breath';
  swell(scene, horizon);
  yield 'breath';
  lightPath(scene, horizon, sun[0], radius);
  yield 'shown';

  for (const boat of boats) sail(scene, boat);
  birds(scene, [width - sun[0], horizon * 0.55], palette.tones[3]);
}

function cloudBank({ ctx, width, palette, layout, detail, density }: Scene, horizon: number): void {
  const rows = Math.max(1, Math.round(layout.integer(2, 4) * density));
  for (let row = 0; row < rows; row += 1) {
    const y = horizon * (0.35 + (0.62 * (row + 0.5)) / rows);
    const start = detail.between(-0.2, 0.7) * width;
    const colour = mix(palette.sky[1], palette.light, 0.35 + 0.1 * row);
    for (let puff = detail.integer(5, 9); puff > 0; puff -= 1) {
      ctx.fillStyle = veil(colour, 0.16);
      ctx.beginPath();
      ctx.ellipse(
        start + detail.between(0, 380),
        y + detail.between(-8, 8),
        detail.between(60, 190),
        detail.between(4, 13),
        0,
        0,
        7,
      );
      ctx.fill();
    }
  }
}

function islands({ ctx, width, palette, layout }: Scene, horizon: number): void {
  for (let index = layout.integer(1, 3); index > 0; index -= 1) {
    const land = noise(layout);
    const middle = layout.chance(0.5) ? layout.between(-0.05, 0.25) * width : layout.between(0.75, 1.05) * width;
    const reach = layout.between(120, 300);
    const peak = layout.between(25, 105);
    ctx.fillStyle = linear(
      ctx,
      [0, horizon - peak],
      [0, horizon],
      [mix(palette.tones[1], palette.sky[2], 0.15 * index), mix(palette.tones[0], palette.sky[2], 0.2 + 0.15 * index)],
    );
    ctx.beginPath();
    ctx.moveTo(middle - reach, horizon);
    for (let step = 0; step <= 50; step += 1) {
      const place = step / 25 - 1;
      const rise = (1 - place * place) ** 1.3 * (0.7 + 0.4 * land(place * 3, 1.5) + 0.12 * land(place * 11, 5.5));
      ctx.lineTo(middle + reach * place, horizon - peak * rise);
    }
    ctx.lineTo(middle + reach, horizon);
    ctx.fill();
  }
}

/** Rows of low waves: close together at the horizon, wide and dark in front. */
function swell({ ctx, width, height, palette, layout, detail, density }: Scene, horizon: number): void {
  const rows = Math.round(17 * density);
  for (let row = 1; row <= rows; row += 1) {
    const near = (row / rows) ** 1.9;
    const water = noise(layout);
    const y = horizon + (height - horizon) * (0.02 + 0.98 * near);
    const lift = 3 + 20 * near;
    const crest = (x: number) =>
      y + lift * (water(x / (90 + 210 * near), row) + 0.35 * water(x / (35 + 80 * near), row + 9));
    const colour = along([mix(palette.tones[0], palette.sky[2], 0.3), ...palette.tones.slice(1)], 0.15 + 0.8 * near);
    ctx.fillStyle = linear(
      ctx,
      [0, y - lift],
      [0, y + 50 + 130 * near],
      [veil(lighten(colour, 0.13), 0.7), veil(darken(colour, 0.1), 0)],
    );
    ctx.beginPath();
    ctx.moveTo(-20, height + 20);
    for (let x = -20; x <= width + 20; x += 12) ctx.lineTo(x, crest(x));
    ctx.lineTo(width + 20, height + 20);
    ctx.fill();
    for (let fleck = 0; fleck < 5; fleck += 1) {
      const x = detail.between(0, width);
      const reach = detail.between(12, 50) * (0.5 + near);
      ctx.strokeStyle = veil(palette.light, 0.12 + 0.22 * detail.next());
      ctx.lineWidth = 1 + 1.8 * near;
      ctx.beginPath();
      for (let step = 0; step <= 8; step += 1) ctx.lineTo(x + (reach * step) / 8, crest(x + (reach * step) / 8) + 1);
      ctx.stroke();
    }
  }
}

/** The light's path: short strokes that widen towards us and break up at the edges. */
function lightPath({ ctx, height, palette, detail, density }: Scene, horizon: number, x: number, radius: number): void {
  ctx.lineCap = 'round';
  for (let index = 0; index < 190 * density; index += 1) {
    const near = detail.next() ** 1.6;
    const y = horizon + 3 + (height - horizon) * 0.9 * near;
    const spread = radius * (0.55 + 1.1 * near);
    const aside = (detail.next() + detail.next() - 1) * spread;
    const reach = detail.between(5, 26) * (0.4 + 1.4 * near);
    ctx.strokeStyle = veil(palette.light, (0.75 - 0.5 * near) * (1 - Math.abs(aside) / spread / 1.4));
    ctx.lineWidth = 1.4 + 4 * near;
    ctx.beginPath();
    ctx.moveTo(x + aside - reach, y);
    ctx.lineTo(x + aside + reach, y);
    ctx.stroke();
  }
}

interface Boat {
  readonly foot: Point;
  /** Height of the mast, in units. */
  readonly size: number;
  readonly leftward: boolean;
}

function planBoats({ width, height, layout }: Scene, horizon: number, sunX: number): Boat[] {
  return Array.from({ length: layout.integer(1, 3) }, (_, index) => {
    const near = index === 0 ? layout.between(0.26, 0.42) : layout.between(0.04, 0.14);
    const aside = layout.between(0.1, 0.3) * (index % 2 === 0 ? 1 : -1) * (sunX > width / 2 ? -1 : 1);
    return {
      foot: [
        Math.min(width * 0.9, Math.max(width * 0.1, sunX + aside * width)),
        horizon + (height - horizon) * near,
      ] as const,
      size: 55 + 480 * near,
      leftward: layout.chance(0.5),
    };
  }).sort((a, b) => a.foot[1] - b.foot[1]);
}

function sail({ ctx, palette, detail }: Scene, { foot: [x, y], size, leftward }: Boat): void {
  const cloth = detail.pick([palette.accents[0], palette.accents[1], palette.accents[3]]);
  ctx.save();
  ctx.translate(x, y);
  ctx.scale(leftward ? -size / 100 : size / 100, size / 100);
  ctx.fillStyle = veil(palette.tones[4], 0.28);
  for (let ripple = 0; ripple < 7; ripple += 1) {
    const reach = 34 - ripple * 3.6;
    ctx.fillRect(-reach + 6 * Math.sin(ripple * 2.1), 4 + ripple * 6.5, reach * 2, 2.4);
  }
  const hull = () => {
    ctx.beginPath();
    ctx.moveTo(-40, -9);
    ctx.lineTo(48, -11);
    ctx.quadraticCurveTo(36, 6, 22, 6);
    ctx.lineTo(-28, 6);
    ctx.quadraticCurveTo(-37, 4, -40, -9);
    ctx.fill();
  };
  ctx.fillStyle = darken(palette.tones[4], 0.1);
  hull();
  ctx.fillRect(-1.4, -104, 2.8, 96);
  ctx.fillStyle = linear(ctx, [-36, 0], [0, 0], [darken(cloth, 0.18), lighten(cloth, 0.15)]);
  ctx.beginPath();
  ctx.moveTo(-3, -100);
  ctx.quadraticCurveTo(-14, -46, -38, -17);
  ctx.lineTo(-3, -15);
  ctx.fill();
  ctx.fillStyle = linear(ctx, [3, 0], [42, 0], [lighten(cloth, 0.55), lighten(cloth, 0.2)]);
  ctx.beginPath();
  ctx.moveTo(3, -92);
  ctx.quadraticCurveTo(27, -50, 45, -16);
  ctx.lineTo(3, -15);
  ctx.fill();
  ctx.restore();
}
