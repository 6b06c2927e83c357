/** Watches how large a pane is, and how many device pixels a CSS pixel takes. */
import type { LitElement, ReactiveController } from 'lit';
import type { Size } from './zoom.ts';

interface PaneHost extends LitElement {
  readonly pane: Element | null;
}

/** Renders its host anew when the pane, or the density of the screen it is on, has changed. */
export class PaneSize implements ReactiveController {
  readonly #host: PaneHost;
  readonly #observer = new ResizeObserver(() => this.#measure());
  readonly #resized = (): void => this.#measure();
  #observed: Element | null = null;
  #density = devicePixelRatio;
  /** Undefined while there is no pane, or it has no room. In CSS pixels. */
  size: Size | undefined;

  constructor(host: PaneHost) {
    this.#host = host;
    host.addController(this);
  }

  /** Device pixels for one CSS pixel. */
  get density(): number {
    return this.#density;
  }

  hostConnected(): void {
    window.addEventListener('resize', this.#resized);
    this.#host.requestUpdate();
  }

  hostUpdated(): void {
    const { pane } = this.#host;
    if (pane === this.#observed) return;
    if (this.#observed) this.#observer.unobserve(this.#observed);
    if (pane) this.#observer.observe(pane);
    this.#observed = pane;
  }

  hostDisconnected(): void {
    window.removeEventListener('resize', this.#resized);
    this.#observer.disconnect();
    this.#observed = null;
  }

  #measure(): void {
    const { width = 0, height = 0 } = this.#observed?.getBoundingClientRect() ?? {};
    const size = width > 0 && height > 0 ? { width, height } : undefined;
    if (size?.width === this.size?.width && size?.height === this.size?.height && devicePixelRatio === this.#density) {
      return;
    }
    this.size = size;
    this.#density = devicePixelRatio;
    this.#host.requestUpdate();
  }
}
