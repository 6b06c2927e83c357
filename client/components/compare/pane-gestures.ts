/** What fingers, a mouse and its wheel mean on a pane of the comparison. Points count in CSS pixels from the pane's middle. */
import type { Point } from './zoom.ts';

export type Gesture =
  | { readonly type: 'pan'; readonly by: Point }
  | { readonly type: 'zoom'; readonly factor: number; readonly at: Point }
  /** A double click or a double tap. */
  | { readonly type: 'toggle'; readonly at: Point };

/** Further than this, in pixels, a press is no tap. */
const TAP_SLOP = 8;
/** The second tap of two comes this soon, in milliseconds, and this near, in pixels. */
const DOUBLE_TAP_MS = 400;
const DOUBLE_TAP_REACH = 32;

/** Fingers or buttons that are down. */
export class Pointers {
  readonly #down = new Map<number, Point>();
  /** Where the press began, as long as it may become a tap. */
  #press: Point | undefined;
  #tapped: { readonly at: Point; readonly time: number } | undefined;

  get isDown(): boolean {
    return this.#down.size > 0;
  }

  down(id: number, at: Point): void {
    this.#press = this.#down.size === 0 ? at : undefined;
    this.#down.set(id, at);
  }

  move(id: number, to: Point): Gesture[] {
    const from = this.#down.get(id);
    if (!from) return [];
    if (this.#press && distance(this.#press, to) > TAP_SLOP) this.#press = undefined;
    const other = [...this.#down].find(([otherId]) => otherId !== id)?.[1];
    this.#down.set(id, to);
    return other ? pinch(from, to, other) : [{ type: 'pan', by: minus(to, from) }];
  }

  /** `time` in milliseconds, of any one clock. */
  up(id: number, at: Point, time: number): Gesture[] {
    const isTap = this.#down.delete(id) && this.#press !== undefined;
    this.#press = undefined;
    const last = this.#tapped;
    this.#tapped = isTap ? { at, time } : undefined;
    if (!isTap || !last || time - last.time > DOUBLE_TAP_MS || distance(last.at, at) > DOUBLE_TAP_REACH) return [];
    this.#tapped = undefined;
    return [{ type: 'toggle', at }];
  }

  /** The browser took it over. */
  cancel(id: number): void {
    this.#down.delete(id);
    this.#press = undefined;
    this.#tapped = undefined;
  }
}

/** A pinch on a trackpad comes as a wheel with Ctrl held, in far smaller steps. */
export function wheelFactor(event: WheelEvent): number {
  const pixels = wheelPixels(event);
  const bounded = Math.max(-120, Math.min(120, pixels));
  return Math.exp(-bounded * (event.ctrlKey && Math.abs(pixels) < 50 ? 0.01 : 0.002));
}

/** How far a wheel has gone down; some browsers count in lines. */
export const wheelPixels = ({ deltaY, deltaMode }: WheelEvent): number =>
  deltaMode === WheelEvent.DOM_DELTA_PIXEL ? deltaY : deltaY * 33;

/** One of two fingers moves: the middle between them takes the picture along, their distance zooms it there. */
function pinch(from: Point, to: Point, other: Point): Gesture[] {
  const before = distance(from, other);
  const at = { x: (to.x + other.x) / 2, y: (to.y + other.y) / 2 };
  const by = { x: (to.x - from.x) / 2, y: (to.y - from.y) / 2 };
  const factor = before > 0 ? distance(to, other) / before : 1;
  return [
    { type: 'pan', by },
    { type: 'zoom', factor, at },
  ];
}

const minus = (a: Point, b: Point): Point => ({ x: a.x - b.x, y: a.y - b.y });
const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);
