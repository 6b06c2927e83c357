/** The sheet around a picture: paper, plate, caption, grain. */
import { type Canvas, createCanvas, type SKRSContext2D } from '@napi-rs/canvas';
import { darken, lightness, mix, veil } from './colour.ts';
import { font, letterable, wrap } from './lettering.ts';
import type { Palette } from './palettes.ts';
import type { Plan } from './plan.ts';
import { Random } from './random.ts';
import type { Painting } from './scene.ts';

/** In pixels. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Print {
  readonly width: number;
  readonly height: number;
  /** Where the picture goes. */
  readonly plate: Box;
  /** Without it the print is the plate alone. */
  readonly caption: Caption | undefined;
  /** On a sheet of paper, or cut out of it. */
  readonly ground: 'paper' | 'transparent';
}

interface Caption {
  readonly x: number;
  /** Of the first line. */
  readonly baseline: number;
  /** Of the whole caption. */
  readonly width: number;
  readonly size: number;
  readonly title: readonly string[];
  readonly feedback: readonly string[];
}

export interface PrintText {
  readonly prompt: string;
  readonly feedback: string | undefined;
}

const PAPER = '#f7f2e8';
const LEADING = 1.26;
/** What a print says of itself, so that nobody takes it for a model's. */
const MARK = 'DEMO';
/** A picture with a shorter side has no room for letters. */
const LEAST_SIDE_WITH_CAPTION = 200;

/** Finds room for caption and plate on a sheet of `width` by `height` pixels. */
export function layOutPrint(width: number, height: number, ground: Print['ground'], text: PrintText): Print {
  const short = Math.min(width, height);
  if (short < LEAST_SIDE_WITH_CAPTION) {
    return { width, height, ground, plate: { x: 0, y: 0, width, height }, caption: undefined };
  }
  const margin = Math.round(short * 0.052);
  const size = Math.max(11, short * 0.0295);
  const inner = width - margin * 2;
  const ctx = createCanvas(1, 1).getContext('2d');
  ctx.font = font('italic', size);
  const room = Math.max(inner * 0.5, inner - size * 9);
  const title = wrap(ctx, letterable(text.prompt) || 'Untitled', room, width > height * 3 ? 1 : 3);
  ctx.font = font('italic', size * 0.82);
  const feedback = text.feedback === undefined ? [] : wrap(ctx, letterable(text.feedback), room - size * 1.3, 2);
  const depth =
    size * LEADING * (title.length - 1) +
    size * 0.82 * LEADING * feedback.length +
    (feedback.length > 0 ? size * 0.3 : 0);
  const foot = Math.round(size * 1.55 + depth + margin * 0.95);
  const plate = { x: margin, y: margin, width: inner, height: height - margin - foot };
  const caption = {
    x: margin,
    baseline: plate.y + plate.height + size * 1.5,
    width: inner,
    size,
    title,
    feedback,
  };
  return { width, height, ground, plate, caption };
}

export function layPaper(ctx: SKRSContext2D, { width, height, ground, plate, caption }: Print): void {
  if (ground === 'paper') {
    ctx.fillStyle = PAPER;
    ctx.fillRect(0, 0, width, height);
    grain(ctx, { x: 0, y: 0, width, height }, 0.12);
  } else if (caption !== undefined) {
    // The letters need paper under them whatever the picture is laid on.
    const top = plate.y + plate.height + caption.size * 0.45;
    ctx.fillStyle = PAPER;
    ctx.beginPath();
    ctx.roundRect(
      plate.x - caption.size * 0.7,
      top,
      plate.width + caption.size * 1.4,
      height - top - caption.size * 0.4,
      caption.size * 0.3,
    );
    ctx.fill();
  }
}

/** Clips to the plate: a rectangle on paper, an arch when it is cut out. */
export function clipToPlate(ctx: SKRSContext2D, { plate, ground }: Print): void {
  const { x, y, width, height } = plate;
  const rise = ground === 'transparent' ? Math.min(width / 2, height * 0.7) : 0;
  ctx.beginPath();
  if (rise === 0) ctx.rect(x, y, width, height);
  else {
    ctx.moveTo(x, y + height);
    ctx.lineTo(x, y + rise);
    ctx.ellipse(x + width / 2, y + rise, width / 2, rise, 0, Math.PI, 0);
    ctx.lineTo(x + width, y + height);
    ctx.closePath();
  }
  ctx.clip();
}

/** Light from the upper left, a little dark in the corners, and the grain of the paper. Call it clipped to the plate. */
export function* finishPlate(
  ctx: SKRSContext2D,
  { plate, ground }: Print,
  { finish, palette }: Pick<Plan, 'finish' | 'palette'>,
): Painting {
  const { x, y, width, height } = plate;
  const reach = Math.hypot(width, height) / 2;
  const middle = [x + width / 2, y + height / 2] as const;
  const corners = ctx.createRadialGradient(middle[0], middle[1], reach * 0.55, middle[0], middle[1], reach * 1.08);
  corners.addColorStop(0, 'rgba(24, 14, 30, 0)');
  corners.addColorStop(1, 'rgba(24, 14, 30, 0.24)');
  ctx.fillStyle = corners;
  ctx.fillRect(x, y, width, height);
  yield 'breath';
  const light = ctx.createLinearGradient(x, y, x + width, y + height);
  light.addColorStop(0, 'rgba(255, 244, 222, 0.12)');
  light.addColorStop(0.55, 'rgba(255, 244, 222, 0)');
  ctx.fillStyle = light;
  ctx.fillRect(x, y, width, height);
  yield 'breath';
  if (finish === 'rich') {
    deepen(ctx, plate);
    if (ground === 'paper') rule(ctx, plate, palette);
  }
  grain(ctx, plate, 0.24);
  if (ground === 'paper') {
    ctx.strokeStyle = 'rgba(28, 20, 34, 0.3)';
    ctx.lineWidth = Math.max(1, width / 700);
    ctx.strokeRect(x, y, width, height);
  }
}

/** Brighter above, darker below, without losing the colours. */
function deepen(ctx: SKRSContext2D, { x, y, width, height }: Box): void {
  const depth = ctx.createLinearGradient(x, y, x, y + height);
  depth.addColorStop(0, 'rgba(255, 236, 200, 0.42)');
  depth.addColorStop(1, 'rgba(20, 12, 40, 0.5)');
  ctx.save();
  ctx.globalCompositeOperation = 'overlay';
  ctx.fillStyle = depth;
  ctx.fillRect(x, y, width, height);
  ctx.restore();
}

/** A fine double line inside the edge, as on an etching: each so far in and so thick, as parts of the shorter side. */
const lines = [
  [0.024, 0.005],
  [0.034, 0.0018],
] as const;

function rule(ctx: SKRSContext2D, { x, y, width, height }: Box, palette: Palette): void {
  const short = Math.min(width, height);
  ctx.strokeStyle = veil(palette.light, 0.85);
  for (const [part, thickness] of lines) {
    const inset = short * part;
    ctx.lineWidth = Math.max(1, short * thickness);
    ctx.strokeRect(x + inset, y + inset, width - inset * 2, height - inset * 2);
  }
}

export function letterCaption(ctx: SKRSContext2D, { caption }: Print, palette: Palette): void {
  if (caption === undefined) return;
  const { x, baseline, width, size, title, feedback } = caption;
  const ink = mix(darken(palette.tones[4], 0.25), '#2a2220', 0.4);
  const accent = lightness(palette.accents[0]) > 0.68 ? darken(palette.accents[0], 0.35) : palette.accents[0];
  let y = baseline;
  ctx.textBaseline = 'alphabetic';
  ctx.textAlign = 'left';
  ctx.fillStyle = ink;
  ctx.font = font('italic', size);
  for (const line of title) {
    ctx.fillText(line, x, y);
    y += size * LEADING;
  }
  y += size * 0.16;
  ctx.font = font('italic', size * 0.82);
  for (const [index, line] of feedback.entries()) {
    ctx.fillStyle = accent;
    if (index === 0) ctx.fillRect(x, y - size * 0.26, size * 0.95, Math.max(1, size * 0.05));
    ctx.fillStyle = veil(ink, 0.82);
    ctx.fillText(line, x + size * 1.3, y);
    y += size * 0.82 * LEADING;
  }
  stamp(ctx, MARK, [x + width, baseline], size * 0.56, accent);
}

/** The mark that says what this is, like a collector's stamp. Its right end stands at `x`. */
function stamp(
  ctx: SKRSContext2D,
  text: string,
  [x, baseline]: readonly [number, number],
  size: number,
  colour: string,
): void {
  ctx.font = font('roman', size);
  ctx.letterSpacing = `${(size * 0.12).toFixed(2)}px`;
  const wide = ctx.measureText(text).width;
  const pad = size * 0.75;
  ctx.fillStyle = colour;
  ctx.strokeStyle = colour;
  ctx.lineWidth = Math.max(1, size * 0.08);
  ctx.beginPath();
  ctx.roundRect(x - wide - pad * 2, baseline - size * 1.18, wide + pad * 2, size * 1.76, size * 0.2);
  ctx.stroke();
  ctx.fillText(text, x - wide - pad + size * 0.06, baseline);
  ctx.letterSpacing = '0px';
}

const TILE = 256;
let tile: Canvas | undefined;

/** One tile of noise, light and dark, for all pictures: the same every time. */
function grainTile(): Canvas {
  if (tile !== undefined) return tile;
  const random = new Random('9a21c0de');
  tile = createCanvas(TILE, TILE);
  const ctx = tile.getContext('2d');
  const pixels = ctx.createImageData(TILE, TILE);
  for (let index = 0; index < pixels.data.length; index += 4) {
    // Bell-shaped, and of few levels: it looks like paper, and it still compresses.
    const level = Math.round((random.next() + random.next() + random.next() - 1.5) * 2.6);
    pixels.data.fill(level > 0 ? 255 : 0, index, index + 3);
    pixels.data[index + 3] = Math.abs(level) * 32;
  }
  ctx.putImageData(pixels, 0, 0);
  return tile;
}

/** Laid in tiles, which takes a fiftieth of the time of a repeated pattern. */
function grain(ctx: SKRSContext2D, { x, y, width, height }: Box, strength: number): void {
  ctx.save();
  ctx.beginPath();
  ctx.rect(x, y, width, height);
  ctx.clip();
  ctx.globalAlpha = strength;
  for (let top = y; top < y + height; top += TILE) {
    for (let left = x; left < x + width; left += TILE) ctx.drawImage(grainTile(), left, top);
  }
  ctx.restore();
}
