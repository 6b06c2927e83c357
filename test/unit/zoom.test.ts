import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as zoom from '../../client/components/compare/zoom.ts';

const size = (least: number, most: number) =>
  fc.record({ width: fc.integer({ min: least, max: most }), height: fc.integer({ min: least, max: most }) });
const pane = size(60, 3000);
const picture = size(16, 4096);
const density = fc.constantFrom(1, 1.25, 1.5, 2, 3);
const share = fc.double({ min: -1, max: 2, noNaN: true });

const bench = fc
  .tuple(pane, density, picture, fc.array(picture, { maxLength: 1 }))
  .map(([pane, density, first, rest]): zoom.Bench => ({ pane, density, pictures: [first, ...rest] }));
const anyZoom = fc.double({ min: 0.001, max: 20, noNaN: true });
const view = fc.record({
  zoom: fc.oneof(fc.constant('fit' as const), anyZoom),
  centre: fc.record({ x: share, y: share }),
});
/** A bench, a view of it as the functions leave one, and a point in the pane. */
const scene = fc
  .tuple(
    bench,
    view,
    fc.record({
      x: fc.double({ min: -0.5, max: 0.5, noNaN: true }),
      y: fc.double({ min: -0.5, max: 0.5, noNaN: true }),
    }),
  )
  .map(([bench, start, at]) => ({
    bench,
    view: zoom.pan(start, bench, { x: 0, y: 0 }, bench.pictures[0]),
    at: { x: at.x * bench.pane.width, y: at.y * bench.pane.height },
  }));
const EPSILON = 1e-6;
/** Between two ends, and neither of them. */
const within = fc.double({ min: 0.01, max: 0.99, noNaN: true });
const between = (from: number, to: number, share: number) => from + (to - from) * share;

/**
 * Two pictures that both reach out of their pane on every side, so that no edge holds either back. A pane that is
 * smaller than the pictures, at a density of 3 at most, is filled by both before the zoom ends.
 */
const reachingOut = fc
  .tuple(size(60, 800), density, size(1000, 4096), size(1000, 4096), within, fc.record({ x: within, y: within }))
  .map(([pane, density, first, second, nearness, inside]): { bench: zoom.Bench; view: zoom.View } => {
    const bench: zoom.Bench = { pane, density, pictures: [first, second] };
    const atOne = bench.pictures.map((picture) => zoom.place({ ...zoom.fitted, zoom: 1 }, bench, picture));
    const filling = Math.max(...atOne.flatMap(({ width, height }) => [pane.width / width, pane.height / height]));
    const near = between(filling, zoom.MAX_ZOOM, nearness);
    const seen = (side: 'width' | 'height') => Math.max(...atOne.map((drawn) => pane[side] / (drawn[side] * near)));
    const centre = {
      x: between(seen('width') / 2, 1 - seen('width') / 2, inside.x),
      y: between(seen('height') / 2, 1 - seen('height') / 2, inside.y),
    };
    return { bench, view: { zoom: near, centre } };
  });

/** Along one axis: where the picture begins and ends, and how much room there is. */
function spans(place: zoom.Place, { pane }: zoom.Bench): [start: number, end: number, room: number][] {
  return [
    [place.left, place.left + place.width, pane.width],
    [place.top, place.top + place.height, pane.height],
  ];
}

/** Which share of the picture stands at a point of the pane. */
function shareAt(view: zoom.View, bench: zoom.Bench, picture: zoom.Size, at: zoom.Point): zoom.Point {
  const { left, top, width, height } = zoom.place(view, bench, picture);
  return { x: (bench.pane.width / 2 + at.x - left) / width, y: (bench.pane.height / 2 + at.y - top) / height };
}

function covers(view: zoom.View, bench: zoom.Bench, picture: zoom.Size): boolean {
  const { width, height } = zoom.place(view, bench, picture);
  return width >= bench.pane.width && height >= bench.pane.height;
}

describe('a picture in its pane', () => {
  test('shows nothing beside itself where it is larger, and lies whole in the middle where it is smaller', () => {
    fc.assert(
      fc.property(bench, view, (bench, view) => {
        for (const picture of bench.pictures) {
          for (const [start, end, room] of spans(zoom.place(view, bench, picture), bench)) {
            if (end - start >= room) {
              expect(start).toBeLessThanOrEqual(EPSILON);
              expect(end).toBeGreaterThanOrEqual(room - EPSILON);
            } else {
              expect(start + end).toBeCloseTo(room, 6);
            }
          }
        }
      }),
    );
  });

  test('fits whole, and is not enlarged by it', () => {
    fc.assert(
      fc.property(bench, (bench) => {
        for (const picture of bench.pictures) {
          for (const [start, end, room] of spans(zoom.place(zoom.fitted, bench, picture), bench)) {
            expect(start).toBeGreaterThanOrEqual(-EPSILON);
            expect(end).toBeLessThanOrEqual(room + EPSILON);
          }
        }
        expect(zoom.zoomOf(zoom.fitted, bench)).toBeLessThanOrEqual(zoom.ACTUAL_PIXELS);
      }),
    );
  });

  test('stays between the whole picture and four times its pixels, whatever is asked for', () => {
    fc.assert(
      fc.property(scene, anyZoom, ({ bench, view, at }, asked) => {
        const [picture] = bench.pictures;
        for (const next of [zoom.zoomTo(view, bench, asked), zoom.zoomAt(view, bench, asked, at, picture)]) {
          expect(zoom.zoomOf(next, bench)).toBeGreaterThanOrEqual(zoom.fitZoom(bench));
          expect(zoom.zoomOf(next, bench)).toBeLessThanOrEqual(zoom.MAX_ZOOM);
        }
      }),
    );
  });

  test('at actual pixels has one device pixel for each of the finest picture’s', () => {
    fc.assert(
      fc.property(pane, density, picture, (pane, density, picture) => {
        const bench: zoom.Bench = { pane, density, pictures: [picture] };
        const { width, height } = zoom.place(zoom.zoomTo(zoom.fitted, bench, zoom.ACTUAL_PIXELS), bench, picture);
        expect(width * density).toBeCloseTo(picture.width, 6);
        expect(height * density).toBeCloseTo(picture.height, 6);
      }),
    );
  });
});

describe('zooming at a point', () => {
  test('keeps what is there, when the picture fills the pane and comes nearer', () => {
    fc.assert(
      fc.property(scene, fc.double({ min: 1.01, max: 5, noNaN: true }), ({ bench, view, at }, factor) => {
        const [picture] = bench.pictures;
        fc.pre(covers(view, bench, picture));
        const next = zoom.zoomAt(view, bench, zoom.zoomOf(view, bench) * factor, at, picture);
        const before = shareAt(view, bench, picture, at);
        const after = shareAt(next, bench, picture, at);
        expect(after.x).toBeCloseTo(before.x, 6);
        expect(after.y).toBeCloseTo(before.y, 6);
      }),
    );
  });

  test('keeps what is there in every case, or stands at the picture’s edge', () => {
    fc.assert(
      fc.property(scene, anyZoom, ({ bench, view, at }, asked) => {
        const [picture] = bench.pictures;
        const next = zoom.zoomAt(view, bench, asked, at, picture);
        const before = shareAt(view, bench, picture, at);
        const after = shareAt(next, bench, picture, at);
        const edges = spans(zoom.place(next, bench, picture), bench);
        for (const [index, axis] of (['x', 'y'] as const).entries()) {
          const [start, end, room] = edges[index] ?? [0, 0, 0];
          const isKept = Math.abs(after[axis] - before[axis]) < EPSILON;
          const isAtEdge = end - start <= room + EPSILON || start > -EPSILON || end < room + EPSILON;
          expect(isKept || isAtEdge).toBe(true);
        }
      }),
    );
  });

  test('double taps go to actual pixels and back to the whole picture', () => {
    fc.assert(
      fc.property(scene, ({ bench, at }) => {
        const [picture] = bench.pictures;
        const near = zoom.toggleAt(zoom.fitted, bench, at, picture);
        expect(zoom.zoomOf(near, bench)).toBeCloseTo(zoom.ACTUAL_PIXELS, 9);
        const back = near.zoom === 'fit' ? near : zoom.toggleAt(near, bench, at, picture);
        expect(back).toEqual(zoom.fitted);
      }),
    );
  });
});

describe('two pictures', () => {
  test('of one shape and whatever sizes lie in the same place', () => {
    fc.assert(
      fc.property(scene, fc.integer({ min: 1, max: 4 }), ({ bench, view }, times) => {
        const [picture] = bench.pictures;
        const coarse = { width: picture.width / times, height: picture.height / times };
        const both: zoom.Bench = { ...bench, pictures: [picture, coarse] };
        const { zoom: fine, ...place } = zoom.place(view, both, picture);
        const { zoom: own, ...placeOfCoarse } = zoom.place(view, both, coarse);
        for (const side of ['left', 'top', 'width', 'height'] as const) {
          expect(placeOfCoarse[side]).toBeCloseTo(place[side], 6);
        }
        expect(own).toBeCloseTo(fine * times, 6);
      }),
    );
  });

  test('of different shapes have the same share of each in the middle, as far as both reach out', () => {
    fc.assert(
      fc.property(reachingOut, ({ bench, view }) => {
        const [first, second] = bench.pictures.map((picture) => shareAt(view, bench, picture, { x: 0, y: 0 }));
        for (const axis of ['x', 'y'] as const) {
          expect(first?.[axis]).toBeCloseTo(view.centre[axis], 6);
          expect(second?.[axis]).toBeCloseTo(view.centre[axis], 6);
        }
      }),
    );
  });

  test('move together: the picture that is dragged by as much as the hand moves, up to its edge', () => {
    const bench: zoom.Bench = {
      pane: { width: 400, height: 300 },
      density: 1,
      pictures: [
        { width: 1600, height: 1200 },
        { width: 800, height: 600 },
      ],
    };
    const [fine, coarse] = bench.pictures;
    const near = zoom.zoomTo(zoom.fitted, bench, 1);
    const moved = zoom.pan(near, bench, { x: 100, y: -50 }, fine);
    expect(zoom.place(moved, bench, fine)).toMatchObject({ left: -500, top: -500 });
    expect(zoom.place(moved, bench, coarse ?? fine)).toMatchObject({ left: -500, top: -500, zoom: 2 });
    expect(zoom.place(zoom.pan(near, bench, { x: 5000, y: 0 }, fine), bench, fine).left).toBe(0);
  });
});

test('steps of zoom lead through the usual ones and end where they must', () => {
  const bench: zoom.Bench = {
    pane: { width: 460, height: 460 },
    density: 1,
    pictures: [{ width: 1000, height: 1000 }],
  };
  const climb = [zoom.fitted];
  for (let step = 0; step < 7; step++) climb.push(zoom.zoomStep(climb.at(-1) ?? zoom.fitted, bench, 'in'));
  expect(climb.map((view) => zoom.zoomOf(view, bench))).toEqual([0.46, 0.5, 0.67, 0.75, 1, 1.5, 2, 3]);
  const top = zoom.zoomTo(zoom.fitted, bench, 4);
  expect(zoom.zoomStep(top, bench, 'in')).toEqual(top);
  expect(zoom.zoomStep(zoom.zoomTo(zoom.fitted, bench, 0.5), bench, 'out')).toEqual(zoom.fitted);
});

test('the extent is that of what is seen: the pictures, cut at the pane', () => {
  const bench: zoom.Bench = { pane: { width: 400, height: 200 }, density: 1, pictures: [{ width: 800, height: 800 }] };
  expect(zoom.extent(zoom.fitted, bench)).toEqual({ from: 100, to: 300 });
  expect(zoom.extent(zoom.zoomTo(zoom.fitted, bench, 1), bench)).toEqual({ from: 0, to: 400 });
});
