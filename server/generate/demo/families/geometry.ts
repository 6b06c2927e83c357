/** A board of plain forms: quarter circles, bars and dots in a strict grid with a loose rhythm. */
import { darken, lightness, mix } from '../colour.ts';
import { at } from '../random.ts';
import { disc, fillAll, isNight, linear, type Painting, type Scene, within } from '../scene.ts';

type Form = 'quarter' | 'rainbow' | 'half' | 'disc' | 'bars' | 'dots' | 'leaf' | 'steps' | 'eye' | 'plain';
const forms: readonly Form[] = [
  'quarter',
  'quarter',
  'rainbow',
  'half',
  'disc',
  'bars',
  'dots',
  'leaf',
  'leaf',
  'steps',
  'eye',
  'plain',
];

interface Tile {
  readonly x: number;
  readonly y: number;
  /** In cells: 1, or 2 for a big one. */
  readonly span: number;
  readonly form: Form;
  readonly turns: number;
  readonly ground: string;
  readonly figure: string;
  readonly third: string;
}

export function* geometry(scene: Scene): Painting {
  const { ctx, width, height, palette, layout } = scene;
  const cells = layout.integer(4, 5);
  const side = 1000 / cells;
  // Rounded down, so that a longer caption, which takes height from the plate, leaves the grid as it was.
  const [columns, rows] = [Math.floor(width / side + 0.15), Math.floor(height / side + 0.15)];
  const cell = { width: width / columns, height: height / rows };
  const tiles = planTiles(scene, columns, rows);
  const place = (tile: Tile, paint: () => void) => {
    ctx.save();
    ctx.translate(tile.x * cell.width, tile.y * cell.height);
    ctx.scale((tile.span * cell.width) / 100, (tile.span * cell.height) / 100);
    within(ctx, () => ctx.rect(-0.15, -0.15, 100.3, 100.3), paint);
    ctx.restore();
  };

  fillAll(scene, isNight(palette) ? palette.tones[4] : palette.sky[2]);
  for (const tile of tiles) {
    place(tile, () => {
      ctx.fillStyle = linear(ctx, [0, 0], [100, 100], [tile.ground, darken(tile.ground, 0.07)]);
      ctx.fillRect(-1, -1, 102, 102);
    });
  }
  yield 'shown';

  for (const tile of tiles) {
    place(tile, () => {
      turn(scene, tile.turns);
      figure(scene, tile);
    });
  }
  yield 'shown';

  for (const tile of tiles) {
    place(tile, () => {
      turn(scene, tile.turns);
      finish(scene, tile);
    });
  }
}

function planTiles({ palette, layout, detail }: Scene, columns: number, rows: number): Tile[] {
  const colours = [...palette.accents, palette.tones[2], palette.tones[4], palette.tones[0], palette.sky[2]];
  const taken = new Set<string>();
  const free = (x: number, y: number) => x < columns && y < rows && !taken.has(`${x},${y}`);
  const tiles: Tile[] = [];
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1) {
      if (!free(x, y)) continue;
      const big = layout.chance(0.3) && free(x + 1, y) && free(x, y + 1) && free(x + 1, y + 1);
      const span = big ? 2 : 1;
      for (let cell = 0; cell < span * span; cell += 1)
        taken.add(`${x + (cell % span)},${y + Math.floor(cell / span)}`);
      const form = big ? layout.pick(['quarter', 'rainbow', 'eye', 'half'] as const) : layout.pick(forms);
      const [ground, figure, third] = contrast(detail.shuffle(colours));
      tiles.push({ x, y, span, form, turns: layout.integer(0, 3), ground, figure, third });
    }
  }
  return tiles;
}

/** The first colour, then the first that stands out from it, then the first that stands out from that. */
function contrast(colours: readonly string[]): [string, string, string] {
  const far = (from: string) => (colour: string) => Math.abs(lightness(colour) - lightness(from)) > 0.17;
  const ground = at(colours, 0);
  const figure = colours.find(far(ground)) ?? at(colours, 1);
  const third = colours.find((colour) => colour !== ground && far(figure)(colour)) ?? ground;
  return [ground, figure, third];
}

function turn({ ctx }: Scene, turns: number): void {
  ctx.translate(50, 50);
  ctx.rotate((turns * Math.PI) / 2);
  ctx.translate(-50, -50);
}

function figure({ ctx }: Scene, { form, figure: colour, third, ground }: Tile): void {
  ctx.fillStyle = colour;
  const pie = (radius: number) => {
    ctx.beginPath();
    ctx.moveTo(0, 0);
    ctx.arc(0, 0, radius, 0, Math.PI / 2);
    ctx.fill();
  };
  switch (form) {
    case 'quarter':
      return pie(100);
    case 'rainbow':
      for (const [index, radius] of [100, 80, 60, 40, 20].entries()) {
        ctx.fillStyle = at([colour, ground, third], index % 2 === 1 ? 1 : index === 2 ? 2 : 0);
        pie(radius);
      }
      return;
    case 'half':
      ctx.beginPath();
      ctx.arc(50, 50, 50, 0, Math.PI);
      ctx.fill();
      return;
    case 'disc':
      return disc(ctx, [50, 50], 38);
    case 'eye':
      disc(ctx, [50, 50], 46);
      ctx.fillStyle = ground;
      return disc(ctx, [50, 50], 30);
    case 'leaf':
      ctx.beginPath();
      ctx.moveTo(0, 0);
      ctx.arc(0, 100, 100, -Math.PI / 2, 0);
      ctx.arc(100, 0, 100, Math.PI / 2, Math.PI);
      ctx.fill();
      return;
    case 'bars':
      for (let bar = 0; bar < 4; bar += 1) ctx.fillRect(bar * 25, -1, 12.5, 102);
      return;
    case 'steps':
      for (let step = 0; step < 4; step += 1) ctx.fillRect(-1, step * 25, 26 + step * 25, 25.4);
      return;
    case 'dots':
      for (let dot = 0; dot < 16; dot += 1) disc(ctx, [12.5 + 25 * (dot % 4), 12.5 + 25 * Math.floor(dot / 4)], 7);
      return;
    case 'plain':
      return;
  }
}

function finish({ ctx, palette, detail }: Scene, { form, ground, figure: colour, third }: Tile): void {
  ctx.fillStyle = third;
  switch (form) {
    case 'quarter':
      if (detail.chance(0.6)) disc(ctx, [30, 30], 15);
      return;
    case 'half':
      ctx.beginPath();
      ctx.arc(50, 50, 24, Math.PI, 0);
      ctx.fill();
      return;
    case 'disc':
      ctx.beginPath();
      ctx.arc(50, 50, 38, -Math.PI / 2, Math.PI / 2);
      ctx.fill();
      return;
    case 'eye':
      return disc(ctx, [50, 50], 17);
    case 'leaf':
      ctx.strokeStyle = ground;
      ctx.lineWidth = 2;
      ctx.beginPath();
      ctx.moveTo(8, 8);
      ctx.lineTo(92, 92);
      ctx.stroke();
      return;
    case 'bars':
      if (detail.chance(0.5)) disc(ctx, [50, 50], 24);
      return;
    case 'plain':
      ctx.strokeStyle = mix(ground, colour, 0.7);
      ctx.lineWidth = 1.6;
      for (let line = 1; line < 10; line += 1) {
        ctx.beginPath();
        ctx.moveTo(line * 10, 100);
        ctx.lineTo(100, line * 10);
        ctx.stroke();
      }
      return;
    case 'rainbow':
      ctx.fillStyle = palette.accents[3];
      return disc(ctx, [82, 82], 6);
    case 'steps':
    case 'dots':
      return;
  }
}
