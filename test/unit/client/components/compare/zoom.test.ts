import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as zoom from '../../../../../client/components/compare/zoom.ts';

const size = (least: number, most: number) =>
  fc.record({ width: fc.integer({ min: least, max: most }), height: fc.integer({ min: least, max: most }) });
const pane = size(60, 3000);
const picture = size(16, 4096);
const density = fc.constantFrom(1, 1.25, 1.5, 2, 3);
const fraction = fc.double({ min: -1, max: 2, noNaN: true });

const layout = fc
  .tuple(pane, density, picture, fc.array(picture, { maxLength: 1 }))
  .map(([pane, density, first, rest]): zoom.Layout => ({ pane, density, pictures: [first, ...rest] }));
const anyZoom = fc.double({ min: 0.001, max: 20, noNaN: true });
const view = fc.record({
  zoom: fc.oneof(fc.constant('fit' as const), anyZoom),
  centre: fc.record({ x: fraction, y: fraction }),
});
/** A layout, a view of it as the functions return one, and a point in the pane. */
const scene = fc
  .tuple(
    layout,
    view,
    fc.record({
      x: fc.double({ min: -0.5, max: 0.5, noNaN: true }),
      y: fc.double({ min: -0.5, max: 0.5, noNaN: true }),
    }),
  )
  .map(([layout, start, at]) => ({
    layout,
    view: zoom.pan(start, layout, { x: 0, y: 0 }, layout.pictures[0]),
    at: { x: at.x * layout.pane.width, y: at.y * layout.pane.height },
  }));
const EPSILON = 1e-6;
/** A fraction between 0 and 1, away from both. */
const within = fc.double({ min: 0.01, max: 0.99, noNaN: true });
const between = (from: number, to: number, fraction: number) => from + (to - from) * fraction;

/**
 * Two pictures that both extend beyond their pane on every side, so that no edge limits the centre. The panes are so much smaller
 * than the pictures that the largest zoom always gets there.
 */
const overflowing = fc
  .tuple(size(60, 800), density, size(1000, 4096), size(1000, 4096), within, fc.record({ x: within, y: within }))
  .map(([pane, density, first, second, nearness, inside]): { layout: zoom.Layout; view: zoom.View } => {
    const layout: zoom.Layout = { pane, density, pictures: [first, second] };
    const actual = layout.pictures.map((picture) => zoom.place({ ...zoom.fitted, zoom: 1 }, layout, picture));
    const filling = Math.max(...actual.flatMap(({ width, height }) => [pane.width / width, pane.height / height]));
    const zoomed = between(filling, zoom.MAX_ZOOM, nearness);
    const visible = (side: 'width' | 'height') => Math.max(...actual.map((size) => pane[side] / (size[side] * zoomed)));
    const centre = {
      x: between(visible('width') / 2, 1 - visible('width') / 2, inside.x),
      y: between(visible('height') / 2, 1 - visible('height') / 2, inside.y),
    };
    return { layout, view: { zoom: zoomed, centre } };
  });

/** For each axis: where the picture begins and ends, and the length of the pane. */
function spans(place: zoom.Placement, { pane }: zoom.Layout): [start: number, end: number, length: number][] {
  return [
    [place.left, place.left + place.width, pane.width],
    [place.top, place.top + place.height, pane.height],
  ];
}

/** The point of the picture at a point of the pane, as fractions of the picture's width and height. */
function pointOfPicture(view: zoom.View, layout: zoom.Layout, picture: zoom.Size, at: zoom.Point): zoom.Point {
  const { left, top, width, height } = zoom.place(view, layout, picture);
  return { x: (layout.pane.width / 2 + at.x - left) / width, y: (layout.pane.height / 2 + at.y - top) / height };
}

function covers(view: zoom.View, layout: zoom.Layout, picture: zoom.Size): boolean {
  const { width, height } = zoom.place(view, layout, picture);
  return width >= layout.pane.width && height >= layout.pane.height;
}

describe('the placement of a picture', () => {
  test('leaves no gap where the picture is larger than the pane, and centres it where it is smaller', () => {
    fc.assert(
      fc.property(layout, view, (layout, view) => {
        for (const picture of layout.pictures) {
          for (const [start, end, length] of spans(zoom.place(view, layout, picture), layout)) {
            if (end - start >= length) {
              expect(start).toBeLessThanOrEqual(EPSILON);
              expect(end).toBeGreaterThanOrEqual(length - EPSILON);
            } else {
              expect(start + end).toBeCloseTo(length, 6);
            }
          }
        }
      }),
    );
  });

  test('shows the whole picture at the fitted view, and does not enlarge it', () => {
    fc.assert(
      fc.property(layout, (layout) => {
        for (const picture of layout.pictures) {
          for (const [start, end, length] of spans(zoom.place(zoom.fitted, layout, picture), layout)) {
            expect(start).toBeGreaterThanOrEqual(-EPSILON);
            expect(end).toBeLessThanOrEqual(length + EPSILON);
          }
        }
        expect(zoom.zoomOf(zoom.fitted, layout)).toBeLessThanOrEqual(zoom.ACTUAL_PIXELS);
      }),
    );
  });

  test('keeps the zoom between the whole picture and four times its pixels', () => {
    fc.assert(
      fc.property(scene, anyZoom, ({ layout, view, at }, asked) => {
        const [picture] = layout.pictures;
        for (const next of [zoom.zoomTo(view, layout, asked), zoom.zoomAt(view, layout, asked, at, picture)]) {
          expect(zoom.zoomOf(next, layout)).toBeGreaterThanOrEqual(zoom.fitZoom(layout));
          expect(zoom.zoomOf(next, layout)).toBeLessThanOrEqual(zoom.MAX_ZOOM);
        }
      }),
    );
  });

  test('at actual pixels has one device pixel per image pixel', () => {
    fc.assert(
      fc.property(pane, density, picture, (pane, density, picture) => {
        const layout: zoom.Layout = { pane, density, pictures: [picture] };
        const { width, height } = zoom.place(zoom.zoomTo(zoom.fitted, layout, zoom.ACTUAL_PIXELS), layout, picture);
        expect(width * density).toBeCloseTo(picture.width, 6);
        expect(height * density).toBeCloseTo(picture.height, 6);
      }),
    );
  });
});

describe('zoom at a point', () => {
  test('keeps what is there, when a picture that fills the pane is enlarged', () => {
    fc.assert(
      fc.property(scene, fc.double({ min: 1.01, max: 5, noNaN: true }), ({ layout, view, at }, factor) => {
        const [picture] = layout.pictures;
        fc.pre(covers(view, layout, picture));
        const next = zoom.zoomAt(view, layout, zoom.zoomOf(view, layout) * factor, at, picture);
        const before = pointOfPicture(view, layout, picture, at);
        const after = pointOfPicture(next, layout, picture, at);
        expect(after.x).toBeCloseTo(before.x, 6);
        expect(after.y).toBeCloseTo(before.y, 6);
      }),
    );
  });

  test('keeps what is there in every case, unless an edge of the picture prevents it', () => {
    fc.assert(
      fc.property(scene, anyZoom, ({ layout, view, at }, asked) => {
        const [picture] = layout.pictures;
        const next = zoom.zoomAt(view, layout, asked, at, picture);
        const before = pointOfPicture(view, layout, picture, at);
        const after = pointOfPicture(next, layout, picture, at);
        const edges = spans(zoom.place(next, layout, picture), layout);
        for (const [index, axis] of (['x', 'y'] as const).entries()) {
          const [start, end, length] = edges[index] ?? [0, 0, 0];
          const isKept = Math.abs(after[axis] - before[axis]) < EPSILON;
          const isAtEdge = end - start <= length + EPSILON || start > -EPSILON || end < length + EPSILON;
          expect(isKept || isAtEdge).toBe(true);
        }
      }),
    );
  });

  test('toggles between actual pixels there and the whole picture', () => {
    fc.assert(
      fc.property(scene, ({ layout, at }) => {
        const [picture] = layout.pictures;
        const enlarged = zoom.toggleAt(zoom.fitted, layout, at, picture);
        expect(zoom.zoomOf(enlarged, layout)).toBeCloseTo(zoom.ACTUAL_PIXELS, 9);
        const back = enlarged.zoom === 'fit' ? enlarged : zoom.toggleAt(enlarged, layout, at, picture);
        expect(back).toEqual(zoom.fitted);
      }),
    );
  });
});

describe('two pictures', () => {
  test('of the same shape and any sizes have the same placement', () => {
    fc.assert(
      fc.property(scene, fc.integer({ min: 1, max: 4 }), ({ layout, view }, times) => {
        const [picture] = layout.pictures;
        const coarse = { width: picture.width / times, height: picture.height / times };
        const both: zoom.Layout = { ...layout, pictures: [picture, coarse] };
        const { zoom: fine, ...place } = zoom.place(view, both, picture);
        const { zoom: own, ...placeOfCoarse } = zoom.place(view, both, coarse);
        for (const side of ['left', 'top', 'width', 'height'] as const) {
          expect(placeOfCoarse[side]).toBeCloseTo(place[side], 6);
        }
        expect(own).toBeCloseTo(fine * times, 6);
      }),
    );
  });

  test('of different shapes have the same point in the middle, while both extend beyond the pane', () => {
    fc.assert(
      fc.property(overflowing, ({ layout, view }) => {
        const [first, second] = layout.pictures.map((picture) => pointOfPicture(view, layout, picture, { x: 0, y: 0 }));
        for (const axis of ['x', 'y'] as const) {
          expect(first?.[axis]).toBeCloseTo(view.centre[axis], 6);
          expect(second?.[axis]).toBeCloseTo(view.centre[axis], 6);
        }
      }),
    );
  });

  test('pan together: the dragged one by the distance of the pointer, up to its edge', () => {
    const layout: zoom.Layout = {
      pane: { width: 400, height: 300 },
      density: 1,
      pictures: [
        { width: 1600, height: 1200 },
        { width: 800, height: 600 },
      ],
    };
    const [fine, coarse] = layout.pictures;
    const enlarged = zoom.zoomTo(zoom.fitted, layout, 1);
    const moved = zoom.pan(enlarged, layout, { x: 100, y: -50 }, fine);
    expect(zoom.place(moved, layout, fine)).toMatchObject({ left: -500, top: -500 });
    expect(zoom.place(moved, layout, coarse ?? fine)).toMatchObject({ left: -500, top: -500, zoom: 2 });
    expect(zoom.place(zoom.pan(enlarged, layout, { x: 5000, y: 0 }, fine), layout, fine).left).toBe(0);
  });
});

test('zoom steps go through the usual ones, and end at the whole picture and at the maximum', () => {
  const layout: zoom.Layout = {
    pane: { width: 460, height: 460 },
    density: 1,
    pictures: [{ width: 1000, height: 1000 }],
  };
  const views = [zoom.fitted];
  for (let step = 0; step < 7; step++) views.push(zoom.zoomStep(views.at(-1) ?? zoom.fitted, layout, 'in'));
  expect(views.map((view) => zoom.zoomOf(view, layout))).toEqual([0.46, 0.5, 0.67, 0.75, 1, 1.5, 2, 3]);
  const top = zoom.zoomTo(zoom.fitted, layout, 4);
  expect(zoom.zoomStep(top, layout, 'in')).toEqual(top);
  expect(zoom.zoomStep(zoom.zoomTo(zoom.fitted, layout, 0.5), layout, 'out')).toEqual(zoom.fitted);
});

test('the extent covers the visible part of the pictures', () => {
  const layout: zoom.Layout = {
    pane: { width: 400, height: 200 },
    density: 1,
    pictures: [{ width: 800, height: 800 }],
  };
  expect(zoom.extent(zoom.fitted, layout)).toEqual({ from: 100, to: 300 });
  expect(zoom.extent(zoom.zoomTo(zoom.fitted, layout, 1), layout)).toEqual({ from: 0, to: 400 });
});
