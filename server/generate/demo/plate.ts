/** What a family paints on: the sheet itself, or for a sketch a plate of few dots that is pressed onto it. */
import { createCanvas, type SKRSContext2D } from '@napi-rs/canvas';
import type { Finish } from './plan.ts';
import type { Box } from './print.ts';

export interface Plate {
  readonly ctx: SKRSContext2D;
  /** Where on `ctx` the plate begins, in its dots. */
  readonly x: number;
  readonly y: number;
  /** In dots: pixels, or the coarse ones of a sketch. */
  readonly width: number;
  /** In dots. */
  readonly height: number;
  /** Brings what is painted so far onto the sheet. */
  press(): void;
}

/** So many dots has the shorter side of a sketch: few enough to be seen, enough to tell what it shows. */
const SKETCH_DOTS = 96;

/** A plate for the place `box` of the sheet. */
export function openPlate(sheet: SKRSContext2D, box: Box, finish: Finish): Plate {
  const dot = finish === 'sketch' ? Math.max(2, Math.round(Math.min(box.width, box.height) / SKETCH_DOTS)) : 1;
  if (dot === 1) return { ctx: sheet, ...box, press: () => undefined };
  const width = Math.ceil(box.width / dot);
  const height = Math.ceil(box.height / dot);
  const canvas = createCanvas(width, height);
  const press = () => {
    sheet.save();
    sheet.imageSmoothingEnabled = false;
    sheet.drawImage(canvas, box.x, box.y, width * dot, height * dot);
    sheet.restore();
  };
  return { ctx: canvas.getContext('2d'), x: 0, y: 0, width, height, press };
}
