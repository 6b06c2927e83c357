/**
 * Zoom and pan of compared pictures. One view applies to all of them, so that each shows the same part of itself.
 * Lengths are in CSS pixels. Zoom counts device pixels per image pixel, so 1 shows actual pixels.
 */

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The geometry that a view is applied to. */
export interface Layout {
  /** The size of every pane; neither side is 0. */
  readonly pane: Size;
  /** In image pixels. */
  readonly pictures: readonly [Size, ...Size[]];
  /** Device pixels per CSS pixel. */
  readonly density: number;
}

export interface View {
  /** Of the picture with the most pixels; `fit` shows the whole picture, also after the pane has been resized. */
  readonly zoom: number | 'fit';
  /** The point of the picture in the pane's middle, as fractions of the picture's width and height. */
  readonly centre: Point;
}

/** Where a picture is in its pane, from the pane's left and top edge. */
export interface Placement extends Size {
  readonly left: number;
  readonly top: number;
  /** The picture's own: of two that show the same part, the one with fewer pixels is zoomed further. */
  readonly zoom: number;
}

/** What a person does to the view. Points count from the pane's middle. */
export type ZoomAction =
  /** Shows the whole picture. */
  | { readonly type: 'fit' }
  | { readonly type: 'actual_pixels' }
  | { readonly type: 'step'; readonly direction: 'in' | 'out' }
  | { readonly type: 'pan'; readonly by: Point }
  | { readonly type: 'zoom'; readonly factor: number; readonly at: Point }
  /** Between the whole picture and its actual pixels. */
  | { readonly type: 'toggle'; readonly at: Point };

export const fitted: View = { zoom: 'fit', centre: { x: 0.5, y: 0.5 } };
export const ACTUAL_PIXELS = 1;
export const MAX_ZOOM = 4;

const steps = [0.05, 0.1, 0.25, 0.33, 0.5, 0.67, 0.75, ACTUAL_PIXELS, 1.5, 2, 3, MAX_ZOOM];
/** A step changes the zoom by at least this factor: a pinch may have ended within a rounding error of one. */
const TOLERANCE = 1.005;

/** The view after an action. `picture` is the one under the pointer: it follows the pointer exactly. */
export function changeView(view: View, layout: Layout, action: ZoomAction, picture: Size = layout.pictures[0]): View {
  switch (action.type) {
    case 'fit':
      return fitted;
    case 'actual_pixels':
      return zoomTo(view, layout, ACTUAL_PIXELS);
    case 'step':
      return zoomStep(view, layout, action.direction);
    case 'pan':
      return pan(view, layout, action.by, picture);
    case 'zoom':
      return zoomAt(view, layout, zoomOf(view, layout) * action.factor, action.at, picture);
    case 'toggle':
      return toggleAt(view, layout, action.at, picture);
  }
}

/** The zoom at which the whole picture is visible; at most actual pixels. */
export function fitZoom(layout: Layout): number {
  return Math.min(ACTUAL_PIXELS, leastScale(layout) * layout.density);
}

/** The zoom of the picture with the most pixels. */
export function zoomOf(view: View, layout: Layout): number {
  const least = fitZoom(layout);
  return view.zoom === 'fit' ? least : clamp(view.zoom, least, MAX_ZOOM);
}

/** Zooms about the pane's middle. */
export function zoomTo(view: View, layout: Layout, zoom: number): View {
  if (zoom <= fitZoom(layout)) return fitted;
  return withCentre({ ...view, zoom: Math.min(zoom, MAX_ZOOM) }, layout, view.centre);
}

/** Zooms about the point `at`: what the picture shows there stays there, as far as its edges allow. */
export function zoomAt(view: View, layout: Layout, zoom: number, at: Point, picture: Size): View {
  const next = zoomTo(view, layout, zoom);
  if (next.zoom === 'fit') return next;
  const before = place(view, layout, picture);
  const after = drawnSize(next, layout, picture);
  return withCentre(next, layout, {
    x: (layout.pane.width / 2 + at.x - before.left) / before.width - at.x / after.width,
    y: (layout.pane.height / 2 + at.y - before.top) / before.height - at.y / after.height,
  });
}

/** Changes from the whole picture to actual pixels at that point, and back. */
export function toggleAt(view: View, layout: Layout, at: Point, picture: Size): View {
  return view.zoom === 'fit' ? zoomAt(view, layout, ACTUAL_PIXELS, at, picture) : fitted;
}

/** Zooms to the next of the usual steps. */
export function zoomStep(view: View, layout: Layout, direction: 'in' | 'out'): View {
  const zoom = zoomOf(view, layout);
  const next =
    direction === 'in'
      ? steps.find((step) => step > zoom * TOLERANCE)
      : steps.findLast((step) => step < zoom / TOLERANCE);
  return zoomTo(view, layout, next ?? zoom);
}

/** Moves that picture by so many pixels, and the others by the same fraction of their size. */
export function pan(view: View, layout: Layout, by: Point, picture: Size): View {
  const { width, height } = drawnSize(view, layout, picture);
  return withCentre(view, layout, { x: view.centre.x - by.x / width, y: view.centre.y - by.y / height });
}

/** A picture that is smaller than its pane is centred; a larger one leaves no gap at any edge. */
export function place(view: View, layout: Layout, picture: Size): Placement {
  const { width, height } = drawnSize(view, layout, picture);
  const { pane } = layout;
  return {
    left: pane.width / 2 - width * clampCentre(view.centre.x, pane.width / width),
    top: pane.height / 2 - height * clampCentre(view.centre.y, pane.height / height),
    width,
    height,
    zoom: (width * layout.density) / picture.width,
  };
}

/** The part of the pane's width in which any of the pictures is visible. */
export function extent(view: View, layout: Layout): { readonly from: number; readonly to: number } {
  const places = layout.pictures.map((picture) => place(view, layout, picture));
  return {
    from: Math.max(0, Math.min(...places.map(({ left }) => left))),
    to: Math.min(layout.pane.width, Math.max(...places.map(({ left, width }) => left + width))),
  };
}

/** Limits the centre by the largest picture; `place` limits it further for the others. */
function withCentre(view: View, layout: Layout, { x, y }: Point): View {
  const sizes = layout.pictures.map((picture) => drawnSize(view, layout, picture));
  const width = Math.max(...sizes.map((size) => size.width));
  const height = Math.max(...sizes.map((size) => size.height));
  const centre = { x: clampCentre(x, layout.pane.width / width), y: clampCentre(y, layout.pane.height / height) };
  return { ...view, centre };
}

/** `visible` is the fraction of the picture that fits in the pane; at 1 or more the picture is centred. */
function clampCentre(centre: number, visible: number): number {
  return visible >= 1 ? 0.5 : clamp(centre, visible / 2, 1 - visible / 2);
}

/** All pictures are enlarged by the same factor from the size at which they just fit the pane. */
function drawnSize(view: View, layout: Layout, picture: Size): Size {
  const factor = zoomOf(view, layout) / (leastScale(layout) * layout.density);
  const scale = contain(layout.pane, picture) * factor;
  return { width: picture.width * scale, height: picture.height * scale };
}

/** The scale, in CSS pixels per image pixel, at which the picture with the most pixels just fits the pane. */
function leastScale({ pane, pictures }: Layout): number {
  return Math.min(...pictures.map((picture) => contain(pane, picture)));
}

const contain = (pane: Size, { width, height }: Size): number => Math.min(pane.width / width, pane.height / height);
const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));
