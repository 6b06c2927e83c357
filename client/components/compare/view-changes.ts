/** What keys and hands do to the view of a comparison. */
import type { Gesture } from './pane-gestures.ts';
import * as zoom from './zoom.ts';

export type ViewChange = (view: zoom.View, bench: zoom.Bench) => zoom.View;

/** What one press of an arrow key moves, in pixels. */
const PAN_STEP = 48;
const PAN_STRIDE = 5 * PAN_STEP;
/** An arrow moves the window, and so the picture the other way. */
const arrows: Readonly<Record<string, zoom.Point>> = {
  ArrowLeft: { x: 1, y: 0 },
  ArrowRight: { x: -1, y: 0 },
  ArrowUp: { x: 0, y: 1 },
  ArrowDown: { x: 0, y: -1 },
};

export const fit: ViewChange = () => zoom.fitted;
export const actualPixels: ViewChange = (view, bench) => zoom.zoomTo(view, bench, zoom.ACTUAL_PIXELS);
export const zoomIn: ViewChange = (view, bench) => zoom.zoomStep(view, bench, 'in');
export const zoomOut: ViewChange = (view, bench) => zoom.zoomStep(view, bench, 'out');

export const isArrow = (key: string): boolean => key in arrows;

/** Undefined for a key that means nothing here. */
export function changeByKey({ key, shiftKey }: Pick<KeyboardEvent, 'key' | 'shiftKey'>): ViewChange | undefined {
  switch (key) {
    case '+':
    case '=':
      return zoomIn;
    case '-':
    case '_':
      return zoomOut;
    case '0':
      return fit;
    case '1':
      return actualPixels;
  }
  const arrow = arrows[key];
  const step = shiftKey ? PAN_STRIDE : PAN_STEP;
  return arrow && ((view, bench) => zoom.pan(view, bench, { x: arrow.x * step, y: arrow.y * step }, bench.pictures[0]));
}

/** `picture` is the one under the hand. */
export function changeByGesture(gesture: Gesture, picture: zoom.Size): ViewChange {
  return (view, bench) => {
    switch (gesture.type) {
      case 'pan':
        return zoom.pan(view, bench, gesture.by, picture);
      case 'zoom':
        return zoom.zoomAt(view, bench, zoom.zoomOf(view, bench) * gesture.factor, gesture.at, picture);
      case 'toggle':
        return zoom.toggleAt(view, bench, gesture.at, picture);
    }
  };
}
