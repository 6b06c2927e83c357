/**
 * Zoom and pan of pictures that are compared: one view for all of them, so that each shows the same share of itself.
 * Lengths are CSS pixels; zoom counts the device pixels that one image pixel takes, so 1 is actual pixels.
 */

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** What the view is applied to. */
export interface Bench {
  /** Of every pane; neither length is 0. */
  readonly pane: Size;
  /** In image pixels; at least one. */
  readonly pictures: readonly [Size, ...Size[]];
  /** Device pixels for one CSS pixel. */
  readonly density: number;
}

export interface View {
  /** `fit`: the whole picture, however the pane changes. */
  readonly zoom: number | 'fit';
  /** What stands in the pane's middle, as shares of the picture's width and height. */
  readonly centre: Point;
}

/** Where a picture lies in its pane, from the pane's left and top edge. */
export interface Place extends Size {
  readonly left: number;
  readonly top: number;
  /** Its own: a coarser picture has more than a finer one that shows the same share. */
  readonly zoom: number;
}

export const fitted: View = { zoom: 'fit', centre: { x: 0.5, y: 0.5 } };
export const ACTUAL_PIXELS = 1;
export const MAX_ZOOM = 4;

const stops = [0.05, 0.1, 0.25, 0.33, 0.5, 0.67, 0.75, ACTUAL_PIXELS, 1.5, 2, 3, MAX_ZOOM];
/** A step leads further than this: pinches and wheels end on odd numbers. */
const TOLERANCE = 1.005;

/** The zoom at which the finest picture is seen whole. It never enlarges. */
export function fitZoom(bench: Bench): number {
  return Math.min(ACTUAL_PIXELS, finest(bench) * bench.density);
}

/** The zoom of the finest picture. */
export function zoomOf(view: View, bench: Bench): number {
  const least = fitZoom(bench);
  return view.zoom === 'fit' ? least : clamp(view.zoom, least, MAX_ZOOM);
}

/** About the pane's middle. */
export function zoomTo(view: View, bench: Bench, zoom: number): View {
  if (zoom <= fitZoom(bench)) return fitted;
  return withCentre({ ...view, zoom: Math.min(zoom, MAX_ZOOM) }, bench, view.centre);
}

/** What the picture shows at that point stays there, as far as its edges allow. `at` counts from the pane's middle. */
export function zoomAt(view: View, bench: Bench, zoom: number, at: Point, picture: Size): View {
  const next = zoomTo(view, bench, zoom);
  if (next.zoom === 'fit') return next;
  const before = place(view, bench, picture);
  const after = drawnSize(next, bench, picture);
  return withCentre(next, bench, {
    x: (bench.pane.width / 2 + at.x - before.left) / before.width - at.x / after.width,
    y: (bench.pane.height / 2 + at.y - before.top) / before.height - at.y / after.height,
  });
}

/** From the whole picture to actual pixels at that point, and back. */
export function toggleAt(view: View, bench: Bench, at: Point, picture: Size): View {
  return view.zoom === 'fit' ? zoomAt(view, bench, ACTUAL_PIXELS, at, picture) : fitted;
}

/** To the next of the usual zooms. */
export function zoomStep(view: View, bench: Bench, direction: 'in' | 'out'): View {
  const zoom = zoomOf(view, bench);
  const next =
    direction === 'in'
      ? stops.find((stop) => stop > zoom * TOLERANCE)
      : stops.findLast((stop) => stop < zoom / TOLERANCE);
  return zoomTo(view, bench, next ?? zoom);
}

/** Moves that picture by so many pixels, and the others by the same share of theirs. */
export function pan(view: View, bench: Bench, by: Point, picture: Size): View {
  const { width, height } = drawnSize(view, bench, picture);
  return withCentre(view, bench, { x: view.centre.x - by.x / width, y: view.centre.y - by.y / height });
}

/** A picture smaller than its pane lies in the middle; a larger one leaves no gap at any edge. */
export function place(view: View, bench: Bench, picture: Size): Place {
  const { width, height } = drawnSize(view, bench, picture);
  const { pane } = bench;
  return {
    left: pane.width / 2 - width * clampCentre(view.centre.x, pane.width / width),
    top: pane.height / 2 - height * clampCentre(view.centre.y, pane.height / height),
    width,
    height,
    zoom: (width * bench.density) / picture.width,
  };
}

/** Such as `67%`. */
export const percent = (zoom: number): string => `${Math.round(zoom * 100)}%`;

/** From where to where, across the pane, anything of the pictures is seen. */
export function extent(view: View, bench: Bench): { readonly from: number; readonly to: number } {
  const places = bench.pictures.map((picture) => place(view, bench, picture));
  return {
    from: Math.max(0, Math.min(...places.map(({ left }) => left))),
    to: Math.min(bench.pane.width, Math.max(...places.map(({ left, width }) => left + width))),
  };
}

/** The centre may go as far as the picture that reaches out furthest allows; `place` holds back the others. */
function withCentre(view: View, bench: Bench, { x, y }: Point): View {
  const sizes = bench.pictures.map((picture) => drawnSize(view, bench, picture));
  const width = Math.max(...sizes.map((size) => size.width));
  const height = Math.max(...sizes.map((size) => size.height));
  const centre = { x: clampCentre(x, bench.pane.width / width), y: clampCentre(y, bench.pane.height / height) };
  return { ...view, centre };
}

/** `seen` is the share of the picture that the pane has room for; 1 or more leaves nothing to move. */
function clampCentre(centre: number, seen: number): number {
  return seen >= 1 ? 0.5 : clamp(centre, seen / 2, 1 - seen / 2);
}

/** Every picture is enlarged alike from the size at which it just fills the pane. */
function drawnSize(view: View, bench: Bench, picture: Size): Size {
  const enlarged = zoomOf(view, bench) / (finest(bench) * bench.density);
  const scale = contain(bench.pane, picture) * enlarged;
  return { width: picture.width * scale, height: picture.height * scale };
}

function finest({ pane, pictures }: Bench): number {
  return Math.min(...pictures.map((picture) => contain(pane, picture)));
}

const contain = (pane: Size, { width, height }: Size): number => Math.min(pane.width / width, pane.height / height);
const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));
