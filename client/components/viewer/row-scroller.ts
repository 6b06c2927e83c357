/** A row that scrolls sideways: by a plain mouse wheel, by page buttons, and to one of its items. */
import type { LitElement, ReactiveController } from 'lit';
import { wheelPixels } from '../compare/pane-input.ts';

interface RowHost extends LitElement {
  /** The element that scrolls. */
  readonly row: HTMLElement | null;
  /** What is in the row, in order. */
  readonly items: readonly HTMLElement[];
}

/** Within this distance from an edge, in pixels, an item is faded or covered by a page button. */
const EDGE = 48;
/** The share of the visible width that a page button scrolls. Less than all, because the buttons cover some of it. */
const PAGE = 0.7;

/** Gives the row the classes `more-left` and `more-right`, which name physical sides in either writing direction. */
export class RowScroller implements ReactiveController {
  readonly #host: RowHost;
  #resizes: ResizeObserver | undefined;
  #hasScrolled = false;

  constructor(host: RowHost) {
    this.#host = host;
    host.addController(this);
  }

  hostConnected(): void {
    this.#resizes = new ResizeObserver(() => this.markEdges());
    this.#resizes.observe(this.#host);
  }

  hostUpdated(): void {
    for (const item of this.#host.items) this.#resizes?.observe(item);
  }

  hostDisconnected(): void {
    this.#resizes?.disconnect();
    this.#resizes = undefined;
  }

  /**
   * An event listener. Most mice scroll only up and down: over the row this scrolls the row, and at its end the page. Sideways
   * scrolling and zooming are left to the browser.
   */
  readonly wheel = {
    passive: false,
    handleEvent: (event: WheelEvent): void => {
      const { row } = this.#host;
      if (!row || event.ctrlKey || event.shiftKey || Math.abs(event.deltaX) >= Math.abs(event.deltaY)) return;
      const left = wheelPixels(event) * this.#forward;
      if (!row.classList.contains(left > 0 ? 'more-right' : 'more-left')) return;
      event.preventDefault();
      row.scrollBy({ left, behavior: 'instant' });
    },
  };

  page(towards: 'earlier' | 'later'): void {
    const { row } = this.#host;
    row?.scrollBy({ left: (towards === 'later' ? PAGE : -PAGE) * row.clientWidth * this.#forward });
  }

  /** 1 where people read from left to right, else -1. */
  get #forward(): 1 | -1 {
    return getComputedStyle(this.#host).direction === 'rtl' ? -1 : 1;
  }

  /** Marks the edges of the row beyond which it has more items. */
  markEdges(): void {
    const { row, items } = this.#host;
    const [first, last] = [items[0], items.at(-1)];
    if (!row || !first || !last) return;
    const { left, right } = row.getBoundingClientRect();
    const ends = [first.getBoundingClientRect(), last.getBoundingClientRect()];
    row.classList.toggle('more-left', Math.min(...ends.map((end) => end.left)) < left - 1);
    row.classList.toggle('more-right', Math.max(...ends.map((end) => end.right)) > right + 1);
  }

  /** Unlike `scrollIntoView`, moves neither the page nor the focus. The first time it jumps instead of gliding past all items. */
  scrollTo(item: HTMLElement): void {
    const { row } = this.#host;
    if (!row) return;
    const [box, { left, right }] = [row.getBoundingClientRect(), item.getBoundingClientRect()];
    const behavior = this.#hasScrolled ? 'auto' : 'instant';
    this.#hasScrolled = true;
    if (left >= box.left + EDGE && right <= box.right - EDGE) return;
    row.scrollBy({ left: (left + right - box.left - box.right) / 2, behavior });
  }
}
