/** One picture on its way from a blank sheet to a print, stage by stage. */
import { type Canvas, createCanvas } from '@napi-rs/canvas';
import type { GenerateRequest } from '../generator.ts';
import { families } from './families/index.ts';
import { planPicture } from './plan.ts';
import { clipToPlate, finishPlate, layOutPrint, layPaper, letterCaption, type Print } from './print.ts';
import { Random } from './random.ts';
import { writeRecipe } from './recipe.ts';
import type { Scene } from './scene.ts';
import { fall } from './weather.ts';
import { mentions } from './words.ts';

export interface Picture {
  readonly canvas: Canvas;
  /** What the file says of itself; see `recipe.ts`. */
  readonly recipe: string;
  /** Paints one stage each: ground, shapes, details, and then the finished print. */
  readonly stages: readonly (() => void)[];
}

/** Plans the picture that `request` asks for, of `width` by `height` pixels; nothing is painted yet. */
export function planStages(request: GenerateRequest, width: number, height: number, ground: Print['ground']): Picture {
  const plan = planPicture(request);
  const { prompt, feedback, attempt } = request;
  const print = layOutPrint(width, height, ground, { prompt, feedback, number: attempt + 1 });
  const canvas = createCanvas(width, height);
  const ctx = canvas.getContext('2d');
  const pixelsPerUnit = Math.min(print.plate.width, print.plate.height) / 1000;
  const scene: Scene = {
    ctx,
    width: print.plate.width / pixelsPerUnit,
    height: print.plate.height / pixelsPerUnit,
    pixelsPerUnit,
    palette: plan.palette,
    layout: new Random(plan.layoutSeed),
    detail: new Random(plan.detailSeed),
    density: plan.density,
    mentions: (words) => mentions(`${prompt} ${feedback ?? ''}`, words),
  };
  const painting = families[plan.family](scene);
  const onPlate = (paint: () => void) => {
    ctx.save();
    clipToPlate(ctx, print);
    paint();
    ctx.restore();
  };
  const inUnits = (paint: () => void) =>
    onPlate(() => {
      ctx.translate(print.plate.x, print.plate.y);
      ctx.scale(pixelsPerUnit, pixelsPerUnit);
      paint();
    });
  return {
    canvas,
    recipe: writeRecipe({ family: plan.family, palette: plan.palette.name, layoutSeed: plan.layoutSeed }),
    stages: [
      () => {
        layPaper(ctx, print);
        inUnits(() => painting.next());
      },
      () => inUnits(() => painting.next()),
      () =>
        inUnits(() => {
          painting.next();
          if (plan.weather !== undefined) fall(scene, plan.weather);
        }),
      () => {
        onPlate(() => finishPlate(ctx, print));
        letterCaption(ctx, print, plan.palette);
      },
    ],
  };
}
