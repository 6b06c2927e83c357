/** Turns keys, pointers and wheels on a pane into zoom actions. Points are CSS pixels from the pane's middle. */
import type { Point, ZoomAction } from './zoom.ts';

/** Reports an action to the component that has the view. */
export class ZoomActionEvent extends Event {
  static readonly type = 'zoom-action';
  readonly action: ZoomAction;

  constructor(action: ZoomAction) {
    super(ZoomActionEvent.type);
    this.action = action;
  }
}

/** What an arrow key pans, in pixels, and how many times as much with Shift. */
const PAN_STEP = 48;
const SHIFT_FACTOR = 5;
/** An arrow key moves the window over the picture, so the picture moves the other way. */
const arrows: ReadonlyMap<string, Point> = new Map([
  ['ArrowLeft', { x: 1, y: 0 }],
  ['ArrowRight', { x: -1, y: 0 }],
  ['ArrowUp', { x: 0, y: 1 }],
  ['ArrowDown', { x: 0, y: -1 }],
]);
const keys: ReadonlyMap<string, ZoomAction> = new Map<string, ZoomAction>([
  ['+', { type: 'step', direction: 'in' }],
  ['=', { type: 'step', direction: 'in' }],
  ['-', { type: 'step', direction: 'out' }],
  ['_', { type: 'step', direction: 'out' }],
  ['0', { type: 'fit' }],
  ['1', { type: 'actual_pixels' }],
]);

/** Undefined for a key without an action. */
export function keyAction({ key, shiftKey }: Pick<KeyboardEvent, 'key' | 'shiftKey'>): ZoomAction | undefined {
  const arrow = arrows.get(key);
  if (!arrow) return keys.get(key);
  const step = shiftKey ? SHIFT_FACTOR * PAN_STEP : PAN_STEP;
  return { type: 'pan', by: { x: arrow.x * step, y: arrow.y * step } };
}

export function wheelAction(event: WheelEvent, at: Point): ZoomAction {
  const pixels = wheelPixels(event);
  const bounded = Math.max(-120, Math.min(120, pixels));
  // Browsers report a pinch on a trackpad as a wheel with Ctrl, in far smaller steps.
  const isPinch = event.ctrlKey && Math.abs(pixels) < 50;
  return { type: 'zoom', factor: Math.exp(-bounded * (isPinch ? 0.01 : 0.002)), at };
}

/** How far a wheel was turned downwards, in pixels; some browsers report lines. */
export const wheelPixels = ({ deltaY, deltaMode }: WheelEvent): number =>
  deltaMode === WheelEvent.DOM_DELTA_PIXEL ? deltaY : deltaY * 33;

/** A press that moves further than this, in pixels, is no tap. */
const TAP_DISTANCE = 8;
/** Two taps are a double tap if they are this close, in milliseconds and in pixels. */
const DOUBLE_TAP_MS = 400;
const DOUBLE_TAP_DISTANCE = 32;

/** The pointers (fingers, or a mouse with its button) that are down on a pane. */
export class Pointers {
  readonly #down = new Map<number, Point>();
  /** Where the press began, while it may become a tap. */
  #press: Point | undefined;
  #lastTap: { readonly at: Point; readonly time: number } | undefined;

  get isDown(): boolean {
    return this.#down.size > 0;
  }

  down(id: number, at: Point): void {
    this.#press = this.#down.size === 0 ? at : undefined;
    this.#down.set(id, at);
  }

  move(id: number, to: Point): ZoomAction[] {
    const from = this.#down.get(id);
    if (!from) return [];
    if (this.#press && distance(this.#press, to) > TAP_DISTANCE) this.#press = undefined;
    const other = [...this.#down].find(([otherId]) => otherId !== id)?.[1];
    this.#down.set(id, to);
    return other ? pinch(from, to, other) : [{ type: 'pan', by: { x: to.x - from.x, y: to.y - from.y } }];
  }

  /** @param time in milliseconds, of the same clock in each call */
  up(id: number, at: Point, time: number): ZoomAction[] {
    const isTap = this.#down.delete(id) && this.#press !== undefined;
    this.#press = undefined;
    const last = this.#lastTap;
    this.#lastTap = isTap ? { at, time } : undefined;
    if (!isTap || !last || time - last.time > DOUBLE_TAP_MS || distance(last.at, at) > DOUBLE_TAP_DISTANCE) return [];
    this.#lastTap = undefined;
    return [{ type: 'toggle', at }];
  }

  /** The browser has taken the pointer over, for example to scroll the page. */
  cancel(id: number): void {
    this.#down.delete(id);
    this.#press = undefined;
    this.#lastTap = undefined;
  }
}

/** One of two fingers moves: the point between them drags the picture, and their distance zooms it there. */
function pinch(from: Point, to: Point, other: Point): ZoomAction[] {
  const before = distance(from, other);
  const at = { x: (to.x + other.x) / 2, y: (to.y + other.y) / 2 };
  const by = { x: (to.x - from.x) / 2, y: (to.y - from.y) / 2 };
  const factor = before > 0 ? distance(to, other) / before : 1;
  return [
    { type: 'pan', by },
    { type: 'zoom', factor, at },
  ];
}

const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);
