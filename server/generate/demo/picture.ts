/** One picture on its way from a blank sheet to a print, stage by stage. */
import { type Canvas, createCanvas } from '@napi-rs/canvas';
import type { GenerateRequest } from '../../generators/generator.ts';
import { families } from './families/index.ts';
import { type Plan, planPicture } from './plan.ts';
import { openPlate } from './plate.ts';
import { clipToPlate, finishPlate, layOutPrint, layPaper, letterCaption, type Print } from './print.ts';
import { Random } from './random.ts';
import { writeRecipe } from './recipe.ts';
import type { Painting, Scene } from './scene.ts';
import { fall } from './weather.ts';
import { mentions } from './words.ts';

export interface Picture {
  readonly canvas: Canvas;
  /** What the file says of itself; see `recipe.ts`. */
  readonly recipe: string;
  /** Paints, slice by slice: three times it is worth showing, at the end it is finished. */
  readonly painting: Painting;
}

/** Plans the picture that `request` asks for, of `width` by `height` pixels; nothing is painted yet. */
export function planPainting(
  request: GenerateRequest,
  width: number,
  height: number,
  ground: Print['ground'],
): Picture {
  const plan = planPicture(request);
  const { prompt, feedback } = request;
  const print = layOutPrint(width, height, ground, { prompt, feedback });
  const canvas = createCanvas(width, height);
  const recipe = writeRecipe({ family: plan.family, palette: plan.palette.name, layoutSeed: plan.layoutSeed });
  const words = `${prompt} ${feedback ?? ''}`;
  return { canvas, recipe, painting: settled(canvas, paint(canvas, print, plan, words)) };
}

function* paint(canvas: Canvas, print: Print, plan: Plan, words: string): Painting {
  const ctx = canvas.getContext('2d');
  const plate = openPlate(ctx, print.plate, plan.finish);
  const pixelsPerUnit = Math.min(plate.width, plate.height) / 1000;
  const scene: Scene = {
    ctx: plate.ctx,
    width: plate.width / pixelsPerUnit,
    height: plate.height / pixelsPerUnit,
    pixelsPerUnit,
    palette: plan.palette,
    layout: new Random(plan.layoutSeed),
    detail: new Random(plan.detailSeed),
    density: plan.density,
    mentions: (some) => mentions(words, some),
  };
  layPaper(ctx, print);
  yield 'breath';
  ctx.save();
  clipToPlate(ctx, print);
  plate.ctx.save();
  plate.ctx.translate(plate.x, plate.y);
  plate.ctx.scale(pixelsPerUnit, pixelsPerUnit);
  for (const pause of families[plan.family](scene)) {
    plate.press();
    yield pause;
  }
  if (plan.weather !== undefined) fall(scene, plan.weather);
  plate.ctx.restore();
  plate.press();
  yield 'shown';
  yield* finishPlate(ctx, print, plan);
  ctx.restore();
  letterCaption(ctx, print, plan.palette);
}

/** The canvas only notes strokes, and draws them all when it is read: reading a pixel at each pause keeps the slices short. */
function* settled(canvas: Canvas, painting: Painting): Painting {
  const ctx = canvas.getContext('2d');
  for (const pause of painting) {
    ctx.getImageData(0, 0, 1, 1);
    yield pause;
  }
  ctx.getImageData(0, 0, 1, 1);
}
