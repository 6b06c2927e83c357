/** Asks for the bytes of images as they come into view, so that what nobody scrolls to is never sent. */
import type { LitElement, ReactiveController } from 'lit';
import { IntentEvent } from '../../model/intent.ts';

/** A place for an image on the page. */
interface ImagePlace extends HTMLElement {
  readonly imageId: string;
  /** Whether its bytes are here. */
  readonly isFilled: boolean;
}

interface ImagePlaces extends LitElement {
  readonly places: Iterable<ImagePlace>;
}

/** One `want` for all that come into view together; an image is asked for once, and again only if it was here and went. */
export class WantsInView implements ReactiveController {
  readonly #host: ImagePlaces;
  readonly #observed = new Set<ImagePlace>();
  readonly #inView = new Set<ImagePlace>();
  readonly #asked = new Set<string>();
  #observer: IntersectionObserver | undefined;

  constructor(host: ImagePlaces) {
    this.#host = host;
    host.addController(this);
  }

  hostConnected(): void {
    this.#observer = new IntersectionObserver((entries) => this.#onEntries(entries), { threshold: 0.01 });
    this.#host.requestUpdate();
  }

  hostUpdated(): void {
    const places = new Set(this.#host.places);
    for (const place of this.#observed) if (!places.has(place)) this.#forget(place);
    for (const place of places) this.#observe(place);
    this.#want();
  }

  hostDisconnected(): void {
    this.#observer?.disconnect();
    this.#observer = undefined;
    this.#observed.clear();
    this.#inView.clear();
  }

  #observe(place: ImagePlace): void {
    if (!this.#observer || this.#observed.has(place)) return;
    this.#observed.add(place);
    this.#observer.observe(place);
  }

  #forget(place: ImagePlace): void {
    this.#observer?.unobserve(place);
    this.#observed.delete(place);
    this.#inView.delete(place);
  }

  #onEntries(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting, intersectionRatio } of entries) {
      const place = [...this.#observed].find((one) => one === target);
      // An element that only touches the edge counts as intersecting, though nothing of it is seen.
      if (place && isIntersecting && intersectionRatio > 0) this.#inView.add(place);
      else if (place) this.#inView.delete(place);
    }
    this.#want();
  }

  #want(): void {
    for (const { imageId, isFilled } of this.#observed) if (isFilled) this.#asked.delete(imageId);
    const missing = [...this.#inView]
      .filter(({ imageId, isFilled }) => !isFilled && !this.#asked.has(imageId))
      .map(({ imageId }) => imageId);
    const imageIds = [...new Set(missing)];
    if (imageIds.length === 0) return;
    for (const imageId of imageIds) this.#asked.add(imageId);
    this.#host.dispatchEvent(new IntentEvent({ type: 'want', imageIds }));
  }
}
