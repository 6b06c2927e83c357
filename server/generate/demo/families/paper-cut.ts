/** Sheets of cut paper, one behind the other, down to a small lit stage. */
import { along, lighten, mix, veil } from '../colour.ts';
import { noise } from '../random.ts';
import {
  birds,
  curve,
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

interface Sheet {
  readonly hole: readonly Point[];
  /** 0 is the deepest, 1 the one in front. */
  readonly nearness: number;
}

export function* paperCut(scene: Scene): Painting {
  const { ctx, width, height, palette, layout } = scene;
  const heart: Point = [width * layout.between(0.42, 0.58), height * layout.between(0.42, 0.54)];
  const sheets = planSheets(scene, heart);
  const radius = layout.between(60, 100);

  fillAll(
    scene,
    linear(
      ctx,
      [0, 0],
      [0, height],
      [mix(palette.sky[1], palette.light, 0.2), palette.sky[2], lighten(palette.sky[2], 0.3)],
    ),
  );
  if (isNight(palette)) stars(scene, height * 0.6, 90);
  yield 'breath';
  glow(ctx, heart, 520, palette.light, 0.85);
  const lamp: Point = [heart[0] + layout.between(-60, 60), heart[1] - layout.between(20, 90)];
  withShadow(scene, 22, veil(palette.tones[4], 0.35), () => {
    ctx.fillStyle = palette.light;
    disc(ctx, lamp, radius);
  });
  yield 'shown';

  for (const step of [0, 1, 2]) {
    peaks(scene, heart, step);
    yield 'breath';
  }
  for (const sheet of sheets) {
    cut(scene, sheet);
    yield 'breath';
  }
  yield 'shown';

  for (const sheet of sheets) sprigs(scene, sheet);
  birds(scene, [lamp[0] + radius * 2.1 * (lamp[0] > heart[0] ? -1 : 1), lamp[1] + 10], palette.tones[3]);
}

function planSheets({ width, height, layout, density }: Scene, heart: Point): Sheet[] {
  const count = Math.round(6 + density);
  const wobble = layout.between(0.16, 0.3);
  const lobes = layout.between(1.1, 1.9);
  return Array.from({ length: count }, (_, index) => {
    const nearness = index / (count - 1);
    const shape = noise(layout);
    const hole = Array.from({ length: 72 }, (_unused, step): Point => {
      const angle = (step / 72) * Math.PI * 2;
      const reach = 0.24 + 0.29 * nearness;
      const bend =
        1 +
        wobble *
          (shape(lobes * Math.cos(angle) + 9, lobes * Math.sin(angle) + 9) * 1.5 +
            0.2 * shape(4 * Math.cos(angle) + 30, 4 * Math.sin(angle) + 30));
      // The lower edge lies flatter, as ground does.
      const sink = Math.sin(angle) > 0 ? 0.86 : 1.04;
      return [
        heart[0] + width * reach * bend * Math.cos(angle),
        heart[1] + height * reach * bend * sink * Math.sin(angle),
      ];
    });
    return { hole, nearness };
  });
}

/** Far hills at the bottom of the stage, of the palest papers. */
function peaks(scene: Scene, [x, y]: Point, step: number): void {
  const { ctx, width, height, palette, layout } = scene;
  const land = noise(layout);
  const tone = mix(palette.tones[0], palette.sky[2], 0.72 - 0.2 * step);
  withShadow(scene, 12, 'rgba(14, 10, 24, 0.3)', () => {
    ctx.fillStyle = tone;
    ctx.beginPath();
    ctx.moveTo(x - width / 2, height);
    for (let place = -0.5; place <= 0.5; place += 0.01) {
      const rise = 52 * land(place * 6, step * 3.5) + 20 * land(place * 17, step * 3.5 + 9);
      ctx.lineTo(x + place * width, y + height * (0.05 + 0.045 * step) - rise);
    }
    ctx.lineTo(x + width / 2, height);
    ctx.fill();
  });
}

function cut(scene: Scene, { hole, nearness }: Sheet): void {
  const { ctx, width, height, palette } = scene;
  const tone = along([mix(palette.tones[0], palette.sky[2], 0.45), ...palette.tones], nearness);
  withShadow(scene, 26 + 20 * nearness, 'rgba(14, 10, 24, 0.55)', () => {
    ctx.fillStyle = linear(ctx, [0, 0], [width * 0.3, height], [lighten(tone, 0.13), tone]);
    ctx.beginPath();
    ctx.rect(-90, -90, width + 180, height + 180);
    curve(ctx, hole, true);
    ctx.fill('evenodd');
  });
  ctx.strokeStyle = veil(lighten(tone, 0.5), 0.5);
  ctx.lineWidth = 1.4;
  ctx.beginPath();
  curve(ctx, hole, true);
  ctx.stroke();
}

/** Cut plants that grow from the lower rim of a sheet into its hole. */
function sprigs(scene: Scene, { hole, nearness }: Sheet): void {
  const { ctx, palette, detail, density } = scene;
  if (nearness === 0) return;
  const tone = along([mix(palette.tones[0], palette.sky[2], 0.45), ...palette.tones], nearness);
  for (const [index, [x, y]] of hole.entries()) {
    if (index < 5 || index > 31 || !detail.chance(0.3 * density)) continue;
    const tall = detail.between(28, 74) * (0.55 + 0.7 * nearness);
    ctx.save();
    ctx.translate(x, y + 8);
    ctx.rotate(detail.between(-0.45, 0.45) + (18 - index) * -0.025);
    ctx.fillStyle = detail.chance(0.12) ? palette.accents[0] : tone;
    ctx.strokeStyle = ctx.fillStyle;
    ctx.lineWidth = 2.6;
    ctx.beginPath();
    ctx.moveTo(0, 0);
    ctx.lineTo(0, -tall);
    ctx.stroke();
    for (let leaf = 1; leaf <= 5; leaf += 1) {
      for (const side of [-1, 1]) {
        const size = tall * 0.3 * (1.15 - leaf / 7);
        ctx.beginPath();
        ctx.ellipse(side * size * 0.62, (-tall * leaf) / 5.2, size * 0.66, size * 0.26, side * -0.7, 0, 7);
        ctx.fill();
      }
    }
    ctx.restore();
  }
}
