/** Measures an element, and the pixel density of the screen it is on. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';

type Size = Pick<DOMRectReadOnly, 'width' | 'height'>;

/** Updates its host when the element's size or the pixel density has changed. */
export class ElementSize implements ReactiveController {
  /** In CSS pixels; undefined while there is no such element, or it takes no space. */
  size: Size | undefined;
  /** Device pixels per CSS pixel. */
  density = devicePixelRatio;

  readonly #host: ReactiveControllerHost;
  readonly #find: () => Element | null;
  readonly #observer = new ResizeObserver(() => this.#measure());
  /** A change of density alone resizes the window and not the element. */
  readonly #windowResized = (): void => this.#measure();
  #observed: Element | null = null;

  /** @param find the element to measure, as the host has rendered it */
  constructor(host: ReactiveControllerHost, find: () => Element | null) {
    this.#host = host;
    this.#find = find;
    host.addController(this);
  }

  hostConnected(): void {
    window.addEventListener('resize', this.#windowResized);
    this.#host.requestUpdate();
  }

  hostUpdated(): void {
    const element = this.#find();
    if (element === this.#observed) return;
    this.#observer.disconnect();
    if (element) this.#observer.observe(element);
    this.#observed = element;
  }

  hostDisconnected(): void {
    window.removeEventListener('resize', this.#windowResized);
    this.#observer.disconnect();
    this.#observed = null;
  }

  #measure(): void {
    const { width = 0, height = 0 } = this.#observed?.getBoundingClientRect() ?? {};
    const size = width > 0 && height > 0 ? { width, height } : undefined;
    const isSameSize = size?.width === this.size?.width && size?.height === this.size?.height;
    if (isSameSize && devicePixelRatio === this.density) return;
    this.size = size;
    this.density = devicePixelRatio;
    this.#host.requestUpdate();
  }
}
