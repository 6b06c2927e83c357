/** Towers with lit windows above a river that doubles them. */
import { along, darken, lighten, mix, veil } from '../colour.ts';
import { disc, fillAll, glow, isNight, linear, type Painting, type Point, type Scene, stars } from '../scene.ts';

interface Tower {
  readonly x: number;
  readonly top: number;
  readonly width: number;
  readonly crown: 'flat' | 'steps' | 'spire' | 'slant' | 'dome';
  readonly windows: 'grid' | 'bands' | 'slits';
}

export function* city(scene: Scene): Painting {
  const { ctx, width, height, palette, layout } = scene;
  const shore = height * layout.between(0.74, 0.8);
  const moon: Point = [width * layout.between(0.2, 0.8), shore * layout.between(0.16, 0.36)];
  const radius = layout.between(46, 92);
  const rows = [0.15, 0.5, 0.92].map((nearness) => ({ nearness, towers: planTowers(scene, shore, nearness) }));
  const night = isNight(palette);

  fillAll(scene, linear(ctx, [0, 0], [0, shore], palette.sky));
  if (night) stars(scene, shore * 0.7, 130);
  yield 'breath';
  glow(ctx, moon, radius * 5, palette.light, 0.55);
  ctx.fillStyle = palette.light;
  disc(ctx, moon, radius);
  glow(ctx, [width / 2, shore], width * 0.6, mix(palette.accents[1], palette.sky[2], 0.4), 0.5);
  yield 'shown';

  for (const { nearness, towers } of rows) {
    for (const tower of towers) block(scene, tower, nearness, shore);
    const haze = mix(palette.sky[2], palette.accents[1], 0.15);
    ctx.fillStyle = linear(ctx, [0, shore * 0.55], [0, shore], [veil(haze, 0), veil(haze, 0.34 * (1 - nearness))]);
    ctx.fillRect(0, shore * 0.5, width, shore * 0.5);
    yield 'breath';
  }
  water(scene, shore, moon[0]);
  yield 'shown';

  for (const { nearness, towers } of rows) for (const tower of towers) light(scene, tower, nearness, shore);
  yield 'breath';
  reflections(scene, shore);
}

function planTowers({ width, layout }: Scene, shore: number, nearness: number): Tower[] {
  const towers: Tower[] = [];
  for (let x = layout.between(-60, -10); x < width; ) {
    const wide = layout.between(48, 96) * (0.8 + 0.45 * nearness);
    // Higher towards a middle that is not quite the middle: a skyline with a shape.
    const lift = 0.5 + 0.5 * Math.exp(-(((x + wide / 2) / width - 0.45) ** 2) / 0.06);
    const tall = shore * lift * layout.between(0.24, 0.8) * (1.02 - 0.5 * nearness);
    towers.push({
      x,
      top: shore - tall,
      width: wide,
      crown: layout.pick(['flat', 'flat', 'steps', 'spire', 'slant', 'dome'] as const),
      windows: layout.pick(['grid', 'grid', 'bands', 'slits'] as const),
    });
    x += wide + (nearness > 0.4 && layout.chance(0.4) ? layout.between(8, 90) : layout.between(-14, 6));
  }
  return towers;
}

function block({ ctx, palette }: Scene, { x, top, width, crown }: Tower, nearness: number, shore: number): void {
  const tone = mix(along(palette.tones, 0.2 + 0.8 * nearness), palette.sky[2], 0.3 * (1 - nearness));
  const middle = x + width / 2;
  ctx.fillStyle = linear(ctx, [x, 0], [x + width, 0], [lighten(tone, 0.1), tone, darken(tone, 0.22)]);
  ctx.fillRect(x, top, width, shore - top);
  if (crown === 'steps') {
    ctx.fillRect(x + width * 0.14, top - 20, width * 0.72, 21);
    ctx.fillRect(x + width * 0.3, top - 42, width * 0.4, 43);
  }
  if (crown === 'spire') {
    ctx.fillRect(x + width * 0.25, top - 16, width * 0.5, 17);
    ctx.beginPath();
    ctx.moveTo(middle - width * 0.16, top - 15);
    ctx.lineTo(middle, top - 110);
    ctx.lineTo(middle + width * 0.16, top - 15);
    ctx.fill();
  }
  if (crown === 'slant') {
    ctx.beginPath();
    ctx.moveTo(x, top + 1);
    ctx.lineTo(x, top - width * 0.45);
    ctx.lineTo(x + width, top + 1);
    ctx.fill();
  }
  if (crown === 'dome') {
    ctx.beginPath();
    ctx.ellipse(middle, top + 1, width * 0.5, width * 0.36, 0, Math.PI, 0);
    ctx.fill();
    ctx.fillRect(middle - 1.5, top - width * 0.36 - 26, 3, 30);
  }
}

/** Windows, of which some are lit: whole floors and corners more often than lone ones. */
function light({ ctx, palette, detail, density }: Scene, tower: Tower, nearness: number, shore: number): void {
  const { x, top, width, windows } = tower;
  const size = 5 + 4 * nearness;
  const across = windows === 'bands' ? width * 0.8 : windows === 'slits' ? size * 0.55 : size;
  const stepX = windows === 'bands' ? width : size * (windows === 'slits' ? 1.5 : 2);
  const stepY = windows === 'slits' ? size * 3.6 : size * 2.1;
  const columns = windows === 'bands' ? 1 : Math.max(1, Math.floor((width - size * 2) / stepX));
  const margin = (width - ((columns - 1) * stepX + across)) / 2;
  const warm = detail.pick([palette.accents[1], palette.accents[1], palette.light, palette.accents[0]]);
  for (let y = top + size * 2; y < shore - size * 3; y += stepY) {
    const floorLit = detail.chance(0.18 * density);
    for (let column = 0; column < columns; column += 1) {
      const lit = detail.chance(floorLit ? 0.8 : 0.2 * density);
      const colour = lit ? mix(warm, palette.light, detail.next() * 0.6) : palette.tones[4];
      ctx.fillStyle = veil(colour, lit ? 0.5 + 0.45 * nearness * detail.next() + 0.05 : 0.16);
      ctx.fillRect(x + margin + column * stepX, y, across, windows === 'slits' ? size * 2.6 : size * 1.15);
    }
  }
  if (tower.crown === 'spire' || tower.crown === 'dome') {
    const tip: Point = [x + width / 2, top - (tower.crown === 'spire' ? 110 : width * 0.36 + 26)];
    glow(ctx, tip, 22, palette.accents[0], 0.9);
    ctx.fillStyle = palette.accents[0];
    disc(ctx, tip, 2.6);
  }
}

function water({ ctx, width, height, palette, layout }: Scene, shore: number, moonX: number): void {
  const top = mix(palette.tones[2], palette.sky[2], 0.3);
  ctx.fillStyle = linear(ctx, [0, shore], [0, height], [top, palette.tones[3], palette.tones[4]]);
  ctx.fillRect(-2, shore, width + 4, height - shore + 2);
  for (let index = 0; index < 60; index += 1) {
    const near = layout.next();
    const y = shore + 6 + (height - shore) * near;
    const reach = layout.between(14, 50) * (0.5 + near);
    ctx.fillStyle = veil(palette.light, 0.42 * (1 - near * 0.6));
    ctx.fillRect(moonX + layout.between(-44, 44) * (0.4 + near) - reach, y, reach * 2, 1.4 + 2 * near);
  }
  ctx.fillStyle = palette.tones[4];
  ctx.fillRect(-2, shore - 5, width + 4, 8);
}

/** The towns's lights on the water: upright streaks, cut by the ripples. */
function reflections({ ctx, width, height, palette, detail, density }: Scene, shore: number): void {
  const deep = height - shore;
  for (let index = 0; index < 64 * density; index += 1) {
    const x = detail.between(0, width);
    const colour = detail.pick([
      palette.accents[1],
      palette.accents[1],
      palette.light,
      palette.accents[0],
      palette.accents[2],
    ]);
    const reach = deep * detail.between(0.2, 0.85);
    const wide = detail.between(2, 7);
    for (let y = shore + 6; y < shore + reach; y += 7) {
      const fade = 1 - (y - shore) / reach;
      ctx.fillStyle = veil(colour, 0.5 * fade * detail.between(0.3, 1));
      ctx.fillRect(x + detail.between(-4, 4) - wide * (1.4 - fade * 0.4), y, wide * 2.4, 3);
    }
  }
  for (let index = 0; index < 26; index += 1) {
    const x = (width * (index + 0.5)) / 26 + detail.between(-6, 6);
    glow(ctx, [x, shore - 8], 20, palette.accents[1], 0.8);
    ctx.fillStyle = palette.light;
    disc(ctx, [x, shore - 8], 2.2);
  }
}
