/** Trunks in rows that fade into the mist, with light falling between them. */
import { along, darken, lighten, mix, veil } from '../colour.ts';
import { noise } from '../random.ts';
import { disc, fillAll, glow, isNight, linear, type Painting, type Point, type Scene, stars } from '../scene.ts';

export function* forest(scene: Scene): Painting {
  const { ctx, width, height, palette, layout } = scene;
  const night = isNight(palette);
  const sun: Point = [width * layout.between(0.28, 0.72), height * layout.between(0.24, 0.42)];
  const rows = layout.integer(4, 5);
  const floor = height * layout.between(0.68, 0.76);
  const bright = mix(palette.sky[2], palette.light, 0.4);

  fillAll(
    scene,
    linear(
      ctx,
      [0, 0],
      [0, height],
      [palette.sky[0], palette.sky[1], palette.sky[2], mix(palette.tones[0], palette.sky[2], 0.3)],
    ),
  );
  if (night) stars(scene, height * 0.5, 120);
  yield 'breath';
  glow(ctx, sun, width * 0.75, palette.light, night ? 0.5 : 0.75);
  ctx.fillStyle = veil(palette.light, 0.95);
  disc(ctx, sun, layout.between(55, 100));
  yield 'shown';

  for (let row = 0; row < rows; row += 1) {
    const nearness = row / (rows - 1);
    const ground = floor + (height * 0.93 - floor) * nearness;
    trunks(scene, nearness, ground);
    groundLine(scene, nearness, ground);
    ctx.fillStyle = linear(
      ctx,
      [0, ground - 300],
      [0, ground + 40],
      [veil(bright, 0), veil(bright, 0.3 * (1 - nearness))],
    );
    ctx.fillRect(0, ground - 300, width, 340);
    yield 'breath';
    if (row === 1) shafts(scene, sun);
    yield 'breath';
  }
  yield 'shown';

  undergrowth(scene, floor);
  yield 'breath';
  motes(scene, night);
}

function trunks(scene: Scene, nearness: number, ground: number): void {
  const { ctx, width, palette, layout } = scene;
  const thick = 9 + 50 * nearness ** 1.7;
  const gap = 44 + 250 * nearness ** 1.5;
  const tone = mix(along(palette.tones, nearness), palette.sky[2], 0.35 * (1 - nearness));
  for (let x = layout.between(-gap, 0); x < width + gap; x += gap * layout.between(0.55, 1.5)) {
    // The nearest trees stand aside, so that there is a way in.
    if (nearness > 0.7 && Math.abs(x / width - 0.5) < 0.22) continue;
    const girth = thick * layout.between(0.6, 1.25);
    const lean = layout.between(-0.05, 0.05) * ground;
    ctx.fillStyle = linear(
      ctx,
      [x - girth, 0],
      [x + girth, 0],
      [lighten(tone, 0.1 + 0.06 * nearness), tone, darken(tone, 0.3)],
    );
    ctx.beginPath();
    ctx.moveTo(x - girth * 0.85, ground + 34);
    ctx.quadraticCurveTo(x - girth * 0.5, ground - 60, x + lean * 0.4 - girth * 0.42, ground * 0.5);
    ctx.lineTo(x + lean - girth * 0.3, -20);
    ctx.lineTo(x + lean + girth * 0.3, -20);
    ctx.lineTo(x + lean * 0.4 + girth * 0.42, ground * 0.5);
    ctx.quadraticCurveTo(x + girth * 0.5, ground - 60, x + girth * 0.85, ground + 34);
    ctx.fill();
    ctx.strokeStyle = tone;
    for (let count = layout.integer(2, 5); count > 0; count -= 1) {
      const y = ground * layout.between(0.04, 0.62);
      branch(
        scene,
        [x + lean * (1 - y / ground), y],
        layout.chance(0.5) ? 1 : -1,
        Math.min(150, girth * layout.between(2.4, 5)),
        Math.min(9, girth * 0.2),
      );
    }
  }
}

function branch({ ctx, detail }: Scene, [x, y]: Point, side: 1 | -1, reach: number, thick: number): void {
  ctx.lineCap = 'round';
  ctx.fillStyle = ctx.strokeStyle;
  const tip: Point = [x + side * reach, y - reach * detail.between(0.25, 0.75)];
  ctx.beginPath();
  ctx.moveTo(x, y - thick);
  ctx.quadraticCurveTo(x + side * reach * 0.45, y - reach * 0.1 - thick * 0.3, tip[0], tip[1]);
  ctx.quadraticCurveTo(x + side * reach * 0.45, y - reach * 0.1 + thick * 0.6, x, y + thick);
  ctx.fill();
  ctx.lineWidth = Math.max(0.8, thick * 0.3);
  for (let twig = 0; twig < 3; twig += 1) {
    const along = detail.between(0.4, 0.9);
    const from: Point = [x + side * reach * along, y - reach * 0.42 * along * along];
    ctx.beginPath();
    ctx.moveTo(from[0], from[1]);
    ctx.lineTo(from[0] + side * reach * detail.between(0.1, 0.35), from[1] - reach * detail.between(0.12, 0.4));
    ctx.stroke();
  }
}

function groundLine({ ctx, width, height, palette, layout }: Scene, nearness: number, ground: number): void {
  const rise = noise(layout);
  const tone = mix(along(palette.tones, nearness), palette.sky[2], 0.3 * (1 - nearness));
  ctx.fillStyle = linear(ctx, [0, ground - 10], [0, ground + 160], [lighten(tone, 0.1), darken(tone, 0.12)]);
  ctx.beginPath();
  ctx.moveTo(-20, height + 20);
  for (let x = -20; x <= width + 20; x += 14) ctx.lineTo(x, ground - 16 * rise(x / 260, 3.5) - 3 * rise(x / 40, 8.5));
  ctx.lineTo(width + 20, height + 20);
  ctx.fill();
}

function shafts({ ctx, width, height, palette, layout }: Scene, [x, y]: Point): void {
  ctx.save();
  ctx.globalCompositeOperation = 'screen';
  for (let index = layout.integer(5, 8); index > 0; index -= 1) {
    const lean = layout.between(-0.75, 0.75);
    const wide = layout.between(14, 64);
    const foot = x + lean * (height - y);
    ctx.fillStyle = linear(
      ctx,
      [x, y],
      [foot, height],
      [veil(palette.light, 0.26), veil(palette.light, 0.1), veil(palette.light, 0)],
    );
    ctx.beginPath();
    ctx.moveTo(x - 4, y);
    ctx.lineTo(x + 4, y);
    ctx.lineTo(Math.min(width * 1.4, foot + wide * 2), height);
    ctx.lineTo(Math.max(-width * 0.4, foot - wide * 2), height);
    ctx.fill();
  }
  ctx.restore();
}

/** Ferns and grasses, darkest in front. */
function undergrowth({ ctx, width, height, palette, detail, density }: Scene, floor: number): void {
  ctx.lineCap = 'round';
  for (let index = 0; index < 330 * density; index += 1) {
    const near = (index / (330 * density)) ** 0.8;
    const foot: Point = [detail.between(-10, width + 10), floor + 30 + (height - floor) * near];
    const tall = detail.between(14, 34) + 54 * near * detail.next();
    const bend = detail.between(-0.7, 0.7) * tall;
    const tone = along(palette.tones, 0.35 + 0.65 * near);
    ctx.strokeStyle = detail.chance(0.14)
      ? mix(tone, palette.accents[1], 0.55)
      : lighten(tone, detail.between(0, 0.14));
    ctx.lineWidth = 1 + 2.2 * near;
    ctx.beginPath();
    ctx.moveTo(foot[0], foot[1]);
    ctx.quadraticCurveTo(foot[0] + bend * 0.2, foot[1] - tall * 0.7, foot[0] + bend, foot[1] - tall);
    ctx.stroke();
  }
}

/** Leaves in the light by day, fireflies by night. */
function motes({ ctx, width, height, palette, detail, density }: Scene, night: boolean): void {
  for (let index = 0; index < 46 * density; index += 1) {
    const place: Point = [detail.between(0, width), height * detail.between(0.2, 0.92)];
    const size = detail.between(2, 5);
    if (night) {
      glow(ctx, place, size * 6, palette.accents[1], 0.7);
      ctx.fillStyle = palette.light;
      disc(ctx, place, size * 0.5);
    } else {
      ctx.save();
      ctx.translate(place[0], place[1]);
      ctx.rotate(detail.between(0, 7));
      ctx.fillStyle = veil(detail.pick(palette.accents), 0.8);
      ctx.beginPath();
      ctx.ellipse(0, 0, size * 1.5, size * 0.7, 0, 0, 7);
      ctx.fill();
      ctx.restore();
    }
  }
}
