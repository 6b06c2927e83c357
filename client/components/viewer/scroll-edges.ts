/** A row that scrolls sideways: it shows where there is more of it, and brings one of its parts into view. */
import type { LitElement, ReactiveController } from 'lit';
import { wheelPixels } from '../compare/pane-gestures.ts';

interface RowHost extends LitElement {
  /** What scrolls. */
  readonly row: HTMLElement | null;
  /** What stands in it, in order. */
  readonly parts: readonly HTMLElement[];
}

/** So near to an edge, in pixels, a part is pale already, or lies under a button. */
const EDGE = 48;
/** How much of what is seen one press of a button moves on: the button at the other end covers some of it. */
const PAGE = 0.7;

/** Gives the row the classes `more-left` and `more-right`, which mean the same whichever way people read. */
export class ScrollEdges implements ReactiveController {
  readonly #host: RowHost;
  #resizes: ResizeObserver | undefined;
  #hasStood = false;

  constructor(host: RowHost) {
    this.#host = host;
    host.addController(this);
  }

  hostConnected(): void {
    this.#resizes = new ResizeObserver(() => this.mark());
    this.#resizes.observe(this.#host);
  }

  hostUpdated(): void {
    for (const part of this.#host.parts) this.#resizes?.observe(part);
  }

  hostDisconnected(): void {
    this.#resizes?.disconnect();
    this.#resizes = undefined;
  }

  /**
   * Most mice have a wheel for up and down alone: over the row it moves the row, and at its end the page again. What goes sideways, or
   * zooms, is the browser's. Handed to a listener as it is.
   */
  readonly wheel = {
    passive: false,
    handleEvent: (event: WheelEvent): void => {
      const { row } = this.#host;
      if (!row || event.ctrlKey || event.shiftKey || Math.abs(event.deltaX) >= Math.abs(event.deltaY)) return;
      const toRight = wheelPixels(event) * this.#forth;
      if (!row.classList.contains(toRight > 0 ? 'more-right' : 'more-left')) return;
      event.preventDefault();
      row.scrollBy({ left: toRight, behavior: 'instant' });
    },
  };

  page(towards: 'earlier' | 'later'): void {
    const { row } = this.#host;
    row?.scrollBy({ left: (towards === 'later' ? PAGE : -PAGE) * row.clientWidth * this.#forth });
  }

  /** 1 where people read from left to right, else -1. */
  get #forth(): 1 | -1 {
    return getComputedStyle(this.#host).direction === 'rtl' ? -1 : 1;
  }

  mark(): void {
    const { row, parts } = this.#host;
    const [first, last] = [parts[0], parts.at(-1)];
    if (!row || !first || !last) return;
    const { left, right } = row.getBoundingClientRect();
    const ends = [first.getBoundingClientRect(), last.getBoundingClientRect()];
    row.classList.toggle('more-left', Math.min(...ends.map((end) => end.left)) < left - 1);
    row.classList.toggle('more-right', Math.max(...ends.map((end) => end.right)) > right + 1);
  }

  /** Moves the row alone: neither the page nor the focus. At first it stands there at once, so that nothing else comes by. */
  bringIntoView(part: HTMLElement): void {
    const { row } = this.#host;
    if (!row) return;
    const [box, { left, right }] = [row.getBoundingClientRect(), part.getBoundingClientRect()];
    const behavior = this.#hasStood ? 'auto' : 'instant';
    this.#hasStood = true;
    if (left >= box.left + EDGE && right <= box.right - EDGE) return;
    row.scrollBy({ left: (left + right - box.left - box.right) / 2, behavior });
  }
}
