/**
 * Paints one picture, in a worker thread: drawing and encoding take some hundred milliseconds, which would stall the event loop.
 * The thread and its memory end with the picture, so most CanvasKit objects are not deleted by hand.
 */
import { parentPort, workerData } from 'node:worker_threads';
import canvasKit, { type CanvasKit, type Surface } from 'canvaskit-wasm/full';
import { createTypesetter } from './lettering.ts';
import { channels, type Palette, palettes } from './palettes.ts';
import { Random } from './random.ts';
import { compositions, type Recipe, withRecipe } from './recipe.ts';
import { Layer, type Shade, type Shape } from './shapes.ts';

export interface PaintOrder {
  readonly recipe: Recipe;
  /** Set in large letters. */
  readonly title: string;
  /** Set in small letters below the title. */
  readonly note: string;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  readonly transparent: boolean;
  /** The size of a speckle as a fraction of the shorter side; 0 for flat colours. */
  readonly speckle: number;
  readonly format: 'png' | 'jpeg' | 'webp';
  /** The encoder's quality for JPEG and WebP, from 1 to 100. */
  readonly encoderQuality: number;
  /** How many previews to make, up to 3; with fewer, the first ones are left out. */
  readonly previews: number;
}

/** Yields the previews and then the picture, each as an image file. */
export function* paint(kit: CanvasKit, order: PaintOrder): Generator<Buffer> {
  const { recipe, width, height, transparent, format } = order;
  const { lettering, draw } = compositions[recipe.composition];
  const palette: Palette = palettes[recipe.palette];
  const night = palette.moods.includes('dark');
  const [paper, ink] = night ? [palette.deep, palette.pale] : [palette.pale, palette.deep];

  const unit = Math.min(width, height);
  const margin = unit * 0.065;
  const measure = (width - margin * 2) * (width > height * 1.2 ? 0.8 : 1);
  const typesetter = createTypesetter(kit);
  const sizes = [0.1, 0.086, 0.074, 0.062, 0.054, 0.046, 0.04].map((part) => unit * part);
  const title = typesetter.setToFit(order.title, measure, sizes);
  const note = typesetter.setToFit(order.note, measure, [unit * 0.0185]);
  const noteTop = height - margin * 0.9 - (note?.height ?? 0);
  const foot = noteTop - (title ? title.height + unit * 0.008 : 0);

  const random = new Random(recipe.seed);
  const [ground, masses, details] = [new Layer(), new Layer(), new Layer()];
  draw({ width, height, unit, margin, foot, palette, night, paper, random, ground, masses, details });
  const large = [...(transparent ? [] : ground.shapes), ...masses.shapes];
  const half = Math.ceil(details.shapes.length / 2);
  const stages = [large, details.shapes.slice(0, half), details.shapes.slice(half)];

  const picture = createPicture(kit, width, height, order.speckle && Math.max(1, unit * order.speckle));
  const file = () => withRecipe(picture.encode(format, order.encoderQuality), format, recipe);
  for (const [index, shapes] of stages.entries()) {
    for (const shape of shapes) picture.draw(shape);
    if (index >= stages.length - order.previews) yield file();
  }
  // On a transparent background, a medium tone is legible whatever is behind it.
  const colour = lettering === 'on band' ? palette.pale : transparent ? palette.tones[2] : ink;
  title?.draw(picture.surface.getCanvas(), margin - unit * 0.004, foot, colour);
  note?.draw(picture.surface.getCanvas(), margin, noteTop, colour);
  yield file();
}

/**
 * A canvas that can shade shapes with speckles. Skia's shaders are slow without a GPU, so a second canvas records the number of each
 * pixel's shade, and the speckles are added to the pixels just before they are encoded.
 */
function createPicture(kit: CanvasKit, width: number, height: number, speckle: number) {
  const { RGBA_8888: colorType } = kit.ColorType;
  const info = { width, height, colorType, alphaType: kit.AlphaType.Unpremul, colorSpace: kit.ColorSpace.SRGB };
  // A canvas belongs to its surface, which CanvasKit frees when JavaScript no longer refers to it.
  const surface = made(kit.MakeSurface(width, height));
  const numbers = made(kit.MakeSurface(width, height));
  const shades: Shade[] = [];
  const [side, random] = [512, new Random(1)];
  const noise = Float32Array.from({ length: side ** 2 }, () => random.between(0, 1));
  const pixelsOf = (from: Surface) => new Uint8Array(made(from.getCanvas().readPixels(0, 0, info)));

  function draw({ path: data, colour, stroke, shade }: Shape): void {
    const path = made(kit.Path.MakeFromSVGString(data));
    const paint = new kit.Paint();
    if (stroke !== undefined) {
      paint.setStyle(kit.PaintStyle.Stroke);
      paint.setStrokeWidth(stroke);
      paint.setStrokeCap(kit.StrokeCap.Round);
    }
    const number = shade ? shades.push(shade) : 0;
    paint.setColor(kit.Color(number & 255, number >> 8, 0));
    numbers.getCanvas().drawPath(path, paint);
    paint.setColor(kit.parseColorString(colour));
    paint.setAntiAlias(true);
    surface.getCanvas().drawPath(path, paint);
  }

  function encode(format: PaintOrder['format'], quality: number): Buffer {
    const pixels = pixelsOf(surface);
    if (speckle > 0) addSpeckles(pixels, pixelsOf(numbers));
    const { PNG: png, JPEG: jpeg, WEBP: webp } = kit.ImageFormat;
    const image = made(kit.MakeImage(info, pixels, width * 4));
    const bytes = made(image.encodeToBytes({ png, jpeg, webp }[format], quality));
    image.delete();
    return Buffer.from(bytes);
  }

  function addSpeckles(pixels: Uint8Array, numberOf: Uint8Array): void {
    const prepared = shades.map(({ colour, from: [x, y], to }) => {
      const [dx, dy] = [to[0] - x, to[1] - y];
      return { rgb: channels(colour), x, y, dx: dx / (dx * dx + dy * dy), dy: dy / (dx * dx + dy * dy) };
    });
    for (let at = 0; at < pixels.length; at += 4) {
      const shade = prepared[(numberOf[at] ?? 0) + (numberOf[at + 1] ?? 0) * 256 - 1];
      if (!shade) continue;
      const [x, y] = [(at / 4) % width, Math.floor(at / 4 / width)];
      const away = (x - shade.x) * shade.dx + (y - shade.y) * shade.dy;
      const density = away >= 1 ? 0 : 0.88 * (1 - Math.max(away, 0)) ** 1.5;
      const [column, row] = [Math.floor(x / speckle) % side, Math.floor(y / speckle) % side];
      if ((noise[row * side + column] ?? 0) < density) pixels.set(shade.rgb, at);
    }
  }

  return { surface, draw, encode };
}

function made<Thing>(thing: Thing | null): Thing {
  if (thing === null) throw new Error('CanvasKit returned null: out of memory, or invalid input');
  return thing;
}

if (parentPort) {
  const kit = await canvasKit.default();
  for (const file of paint(kit, workerData)) parentPort.postMessage(file);
}
