/** A still life: vessels on a table, in the light of a window. */
import { darken, lighten, mix, veil } from '../colour.ts';
import { at } from '../random.ts';
import { disc, fillAll, isNight, linear, type Painting, type Scene } from '../scene.ts';
import { bouquet } from './bouquet.ts';

/** Half widths from the lip (first) to the foot, evenly spaced; 1 is the widest. */
const profiles: readonly (readonly number[])[] = [
  [0.34, 0.26, 0.24, 0.5, 0.92, 1, 0.86, 0.55],
  [0.2, 0.18, 0.18, 0.2, 0.66, 0.78, 0.78, 0.74],
  [0.95, 1, 0.98, 0.9, 0.76, 0.58, 0.42, 0.4],
  [0.42, 0.34, 0.56, 0.82, 0.9, 0.8, 0.56, 0.46],
  [0.62, 0.66, 0.7, 0.72, 0.72, 0.7, 0.66, 0.62],
  [0.3, 0.22, 0.4, 0.86, 1, 0.9, 0.56, 0.34],
];

interface Vessel {
  readonly x: number;
  readonly foot: number;
  readonly width: number;
  readonly height: number;
  readonly profile: readonly number[];
  readonly colour: string;
  readonly bands: number;
  readonly stems: number;
}

export function* vessels(scene: Scene): Painting {
  const { ctx, width, height, palette, layout } = scene;
  const table = height * layout.between(0.64, 0.7);
  const things = planVessels(scene, table);
  const wall = isNight(palette)
    ? [palette.tones[3], palette.tones[2]]
    : [mix(palette.sky[1], palette.tones[0], 0.25), palette.sky[2]];

  fillAll(scene, linear(ctx, [0, 0], [width * 0.7, table], wall));
  windowLight(scene, table);
  const wood = isNight(palette) ? palette.tones[4] : mix(palette.tones[1], palette.accents[1], 0.25);
  ctx.fillStyle = linear(ctx, [0, table], [0, height], [lighten(wood, 0.16), wood, darken(wood, 0.25)]);
  ctx.fillRect(-2, table, width + 4, height - table + 2);
  ctx.fillStyle = veil(palette.light, 0.32);
  ctx.fillRect(-2, table, width + 4, 2.4);
  yield 'shown';

  for (const thing of things) castShadow(scene, thing);
  for (const thing of things) {
    bouquet(scene, { mouth: [thing.x, thing.foot - thing.height], width: thing.width, stems: thing.stems });
    clay(scene, thing);
  }
  yield 'shown';

  for (const thing of things) glaze(scene, thing);
  fruit(scene, things, table);
}

function planVessels({ width, height, palette, layout, detail }: Scene, table: number): Vessel[] {
  const count = Math.min(6, Math.max(3, Math.round((width / 1000) * layout.between(3.2, 4.8))));
  const colours = detail.shuffle([...palette.accents, palette.tones[2], palette.light]);
  const shapes = layout.shuffle(profiles);
  const flowered = layout.integer(0, count - 1);
  const room = (width * 0.84) / count;
  return Array.from({ length: count }, (_, index) => {
    const tall =
      (index === flowered ? layout.between(290, 370) : layout.between(190, 480)) * Math.min(1.3, height / 1000);
    return {
      x: width * 0.08 + room * (index + 0.5) + layout.between(-0.12, 0.12) * room,
      foot: table + (height - table) * layout.between(0.2, 0.58),
      width: Math.min(room * 1.16, tall * layout.between(0.55, 0.9)),
      height: tall,
      profile: at(shapes, index),
      colour: at(colours, index),
      bands: detail.integer(0, 3),
      stems: index === flowered || layout.chance(0.12) ? layout.integer(4, 7) : 0,
    };
  }).sort((a, b) => a.foot - b.foot);
}

/** The window's panes, thrown aslant on the wall. */
function windowLight({ ctx, width, palette, layout }: Scene, table: number): void {
  const left = width * layout.between(0.1, 0.45);
  const lean = layout.between(0.2, 0.45);
  const pane = { width: layout.between(110, 150), height: table * 0.34 };
  for (let column = 0; column < 2; column += 1) {
    for (let row = 0; row < 2; row += 1) {
      const x = left + column * (pane.width + 18);
      const y = table * 0.1 + row * (pane.height + 18) + column * 30;
      ctx.fillStyle = veil(palette.light, isNight(palette) ? 0.22 : 0.62);
      ctx.beginPath();
      ctx.moveTo(x + row * lean * pane.height, y);
      ctx.lineTo(x + pane.width + row * lean * pane.height, y + 32);
      ctx.lineTo(x + pane.width + (row + 1) * lean * pane.height, y + pane.height + 32);
      ctx.lineTo(x + (row + 1) * lean * pane.height, y + pane.height);
      ctx.fill();
    }
  }
}

/** Half the vessel's width at `place` (0 the lip, 1 the foot), in units. */
function reach({ profile, width }: Vessel, place: number): number {
  const last = profile.length - 1;
  const index = Math.min(last - 0.001, Math.max(0, place * last));
  const t = index % 1;
  const point = (offset: number) => at(profile, Math.min(last, Math.max(0, Math.floor(index) + offset)));
  const [before, from, to, after] = [point(-1), point(0), point(1), point(2)];
  // Catmull–Rom: a potter's line has no corners.
  const bend = (2 * before - 5 * from + 4 * to - after) * t + (3 * (from - to) + after - before) * t * t;
  return ((from + 0.5 * t * (to - before + bend)) * width) / 2;
}

function silhouette({ ctx }: Scene, vessel: Vessel): void {
  const { x, foot, height } = vessel;
  const steps = Array.from({ length: 41 }, (_, index) => index / 40);
  const base = reach(vessel, 1);
  ctx.beginPath();
  for (const place of steps) ctx.lineTo(x - reach(vessel, place), foot - height * (1 - place));
  ctx.ellipse(x, foot, base, base * 0.16, 0, Math.PI, 0, true);
  for (const place of steps.toReversed()) ctx.lineTo(x + reach(vessel, place), foot - height * (1 - place));
  ctx.closePath();
}

function castShadow({ ctx, palette }: Scene, vessel: Vessel): void {
  const { x, foot, width, height } = vessel;
  ctx.save();
  ctx.translate(x, foot);
  ctx.transform(1, 0, -2.2, 1, 0, 0);
  ctx.fillStyle = linear(
    ctx,
    [0, 0],
    [0, -height * 0.4],
    [veil(darken(palette.tones[4], 0.3), 0.5), veil(palette.tones[4], 0)],
  );
  ctx.beginPath();
  ctx.ellipse(0, -height * 0.16, width * 0.42, height * 0.2, 0, 0, Math.PI * 2);
  ctx.fill();
  ctx.restore();
}

/** Round by light from the left, with a little of the table's light come back on the right. */
function clay(scene: Scene, vessel: Vessel): void {
  const { ctx, palette } = scene;
  const { x, foot, width, height, colour } = vessel;
  const dark = mix(darken(colour, 0.55), palette.tones[4], 0.3);
  const shading = ctx.createLinearGradient(x - width / 2, 0, x + width / 2, 0);
  for (const [place, shade] of [
    [0, darken(colour, 0.12)],
    [0.24, lighten(colour, 0.4)],
    [0.45, colour],
    [0.86, dark],
    [1, mix(dark, colour, 0.45)],
  ] as const) {
    shading.addColorStop(place, shade);
  }
  ctx.fillStyle = shading;
  silhouette(scene, vessel);
  ctx.fill();
  const lip = reach(vessel, 0);
  ctx.fillStyle = linear(ctx, [x - lip, 0], [x + lip, 0], [dark, darken(colour, 0.35)]);
  ctx.beginPath();
  ctx.ellipse(x, foot - height, lip, lip * 0.2, 0, 0, Math.PI * 2);
  ctx.fill();
  ctx.strokeStyle = veil(lighten(colour, 0.5), 0.8);
  ctx.lineWidth = 2;
  ctx.stroke();
}

function glaze(scene: Scene, vessel: Vessel): void {
  const { ctx, palette, detail } = scene;
  const { x, foot, width, height, bands, colour } = vessel;
  ctx.save();
  silhouette(scene, vessel);
  ctx.clip();
  for (let band = 0; band < bands; band += 1) {
    const place = detail.between(0.35, 0.85);
    const half = reach(vessel, place);
    ctx.strokeStyle = veil(detail.chance(0.5) ? palette.accents[3] : darken(colour, 0.6), 0.42);
    ctx.lineWidth = detail.between(3, 12);
    ctx.beginPath();
    ctx.ellipse(x, foot - height * (1 - place), half + 4, half * 0.17, 0, 0, Math.PI);
    ctx.stroke();
  }
  ctx.fillStyle = veil('#ffffff', 0.34);
  ctx.beginPath();
  ctx.ellipse(x - width * 0.23, foot - height * 0.46, width * 0.035, height * 0.16, 0.06, 0, Math.PI * 2);
  ctx.fill();
  ctx.restore();
}

function fruit({ ctx, palette, detail, density, height }: Scene, things: readonly Vessel[], table: number): void {
  for (let index = 0; index < 3 * density; index += 1) {
    const beside = detail.pick(things);
    const size = detail.between(24, 40);
    const x = beside.x + beside.width * detail.between(0.35, 0.75) * (detail.chance(0.5) ? 1 : -1);
    const y = Math.min(height - size, Math.max(table + size * 2, beside.foot + detail.between(14, 60))) - size;
    const colour = detail.pick([palette.accents[0], palette.accents[1]]);
    ctx.fillStyle = veil(darken(palette.tones[4], 0.3), 0.4);
    ctx.beginPath();
    ctx.ellipse(x + size * 0.55, y + size * 0.88, size * 1.25, size * 0.26, 0, 0, Math.PI * 2);
    ctx.fill();
    const round = ctx.createRadialGradient(x - size * 0.35, y - size * 0.4, size * 0.1, x, y, size * 1.05);
    for (const [place, shade] of [
      [0, lighten(colour, 0.55)],
      [0.4, colour],
      [1, darken(colour, 0.5)],
    ] as const) {
      round.addColorStop(place, shade);
    }
    ctx.fillStyle = round;
    disc(ctx, [x, y], size);
  }
}
