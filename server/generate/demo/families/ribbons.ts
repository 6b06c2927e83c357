/** Bands of combed threads that follow an unseen wind. */
import { along, darken, lighten, mix, veil } from '../colour.ts';
import { noise } from '../random.ts';
import { disc, fillAll, glow, isNight, linear, type Painting, type Point, type Scene } from '../scene.ts';

interface Ribbon {
  readonly path: readonly Point[];
  readonly width: number;
  readonly colours: readonly [string, string];
}

export function* ribbons(scene: Scene): Painting {
  const { ctx, width, height, palette, layout, density } = scene;
  const night = isNight(palette);
  const ground = night
    ? [palette.sky[0], palette.tones[4]]
    : [palette.sky[2], mix(palette.sky[2], palette.sky[1], 0.6)];
  const eye: Point = [width * layout.between(0.25, 0.75), height * layout.between(0.25, 0.6)];
  const bands = planRibbons(scene, Math.round(42 * density));

  fillAll(scene, linear(ctx, [0, 0], [width * 0.4, height], ground));
  yield 'breath';
  glow(ctx, eye, 620, palette.light, night ? 0.3 : 0.7);
  ctx.fillStyle = night ? palette.light : palette.accents[0];
  disc(ctx, eye, layout.between(60, 120));
  yield 'shown';

  for (const band of bands) {
    body(scene, band);
    yield 'breath';
  }
  yield 'shown';

  for (const band of bands) {
    threads(scene, band);
    yield 'breath';
  }
  for (let index = 0; index < 70 * density; index += 1) {
    ctx.fillStyle = veil(scene.detail.pick([palette.light, palette.accents[1], palette.accents[0]]), 0.7);
    disc(ctx, [scene.detail.between(0, width), scene.detail.between(0, height)], scene.detail.between(0.8, 3));
  }
}

/** Between two points of a path, in units. */
const STEP = 12;

function planRibbons({ width, height, palette, layout, detail }: Scene, count: number): Ribbon[] {
  const wind = noise(layout);
  const heading = layout.between(-0.35, 0.35);
  const curl = layout.between(0.9, 1.5);
  const scale = layout.between(330, 520);
  const spectrum = [
    palette.tones[3],
    palette.accents[0],
    palette.accents[1],
    palette.accents[3],
    palette.accents[2],
    palette.tones[2],
    palette.tones[4],
  ];
  const drift = ([fromX, fromY]: Point, reach: number, direction: 1 | -1): Point[] => {
    let [x, y] = [fromX, fromY];
    const path: Point[] = [];
    for (let gone = 0; gone < reach; gone += STEP) {
      path.push([x, y]);
      const angle = heading + curl * wind(x / scale, y / scale);
      x += direction * STEP * Math.cos(angle);
      y += direction * STEP * Math.sin(angle);
    }
    return path;
  };
  const ribbons = Array.from({ length: count }, (_, index) => {
    const place = (index + layout.between(-0.4, 0.4)) / count;
    const start: Point = [width * layout.between(0.05, 0.95), height * (place * 1.2 - 0.1)];
    const reach = layout.between(0.35, 0.75) * (width + 320);
    const downwind = drift(start, reach, 1);
    const path = [...drift(start, reach, -1).reverse(), ...downwind.slice(1)];
    const shade = place + detail.between(-0.09, 0.09);
    return {
      path,
      width: layout.between(18, 84),
      colours: [along(spectrum, shade), along(spectrum, shade + detail.between(0.05, 0.25))] as const,
    };
  });
  return layout.shuffle(ribbons);
}

/** How wide the ribbon is at a place (0 to 1): pointed at both ends. */
const taper = (place: number) => Math.sin(Math.PI * Math.min(1, Math.max(0, place))) ** 0.55;

/** The points `aside` (-1 to 1, across the ribbon) of its middle line. */
function edge({ path, width }: Ribbon, aside: number): Point[] {
  return path.map(([x, y], index) => {
    const [nextX, nextY] = path[index + 1] ?? [x + 1, y];
    const length = Math.hypot(nextX - x, nextY - y) || 1;
    const out = (aside * width * taper(index / (path.length - 1))) / 2 / length;
    return [x - (nextY - y) * out, y + (nextX - x) * out];
  });
}

function outline({ ctx }: Scene, ribbon: Ribbon): void {
  ctx.beginPath();
  for (const [x, y] of edge(ribbon, -1)) ctx.lineTo(x, y);
  for (const [x, y] of edge(ribbon, 1).reverse()) ctx.lineTo(x, y);
  ctx.closePath();
}

function body(scene: Scene, ribbon: Ribbon): void {
  const { ctx, width, palette } = scene;
  ctx.save();
  ctx.translate(3, 11);
  outline(scene, ribbon);
  ctx.fillStyle = veil(darken(palette.tones[4], 0.4), 0.2);
  ctx.fill();
  ctx.restore();
  outline(scene, ribbon);
  ctx.fillStyle = linear(
    ctx,
    [0, 0],
    [width, 0],
    [ribbon.colours[0], lighten(ribbon.colours[1], 0.08), ribbon.colours[1], ribbon.colours[0]],
  );
  ctx.fill();
}

function threads({ ctx, detail }: Scene, ribbon: Ribbon): void {
  const count = Math.max(4, Math.round(ribbon.width / 4.5));
  for (let thread = 0; thread <= count; thread += 1) {
    const aside = (thread / count) * 2 - 1;
    const colour = aside < 0 ? lighten(ribbon.colours[1], 0.45) : darken(ribbon.colours[0], 0.35);
    ctx.strokeStyle = veil(colour, 0.12 + 0.3 * detail.next() * Math.abs(aside));
    ctx.lineWidth = detail.between(0.7, 1.5);
    ctx.beginPath();
    for (const [x, y] of edge(ribbon, aside * 0.97)) ctx.lineTo(x, y);
    ctx.stroke();
  }
}
