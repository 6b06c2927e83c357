/** Requests the bytes of images that the page has a place for and not yet received. */
import type { LitElement, ReactiveController } from 'lit';
import { IntentEvent } from '../../model/intent.ts';

/** A place on the page for one image. */
interface ImagePlace {
  readonly imageId: string;
  /** Whether the image's bytes are here. */
  readonly isFilled: boolean;
}

/** Requests each image once, and again only if it was here and went. */
export class ImageLoader {
  readonly #host: EventTarget;
  readonly #requested = new Set<string>();

  /** @param host dispatches the `want` intents */
  constructor(host: EventTarget) {
    this.#host = host;
  }

  /** Dispatches one `want` for all places that are empty. */
  load(places: Iterable<ImagePlace>): void {
    const missing = new Set<string>();
    for (const { imageId, isFilled } of places) {
      if (isFilled) this.#requested.delete(imageId);
      else if (!this.#requested.has(imageId)) missing.add(imageId);
    }
    if (missing.size === 0) return;
    for (const imageId of missing) this.#requested.add(imageId);
    this.#host.dispatchEvent(new IntentEvent({ type: 'want', imageIds: [...missing] }));
  }
}

type PlaceElement = ImagePlace & Element;

interface PlacesHost extends LitElement {
  readonly imagePlaces: Iterable<PlaceElement>;
}

/** Loads images as their places scroll into view, so that the server never sends those that stay out of view. */
export class LazyImageLoader implements ReactiveController {
  readonly #host: PlacesHost;
  readonly #loader: ImageLoader;
  readonly #observed = new Set<PlaceElement>();
  readonly #inView = new Set<Element>();
  #observer: IntersectionObserver | undefined;

  constructor(host: PlacesHost) {
    this.#host = host;
    this.#loader = new ImageLoader(host);
    host.addController(this);
  }

  hostConnected(): void {
    this.#observer = new IntersectionObserver((entries) => this.#viewChanged(entries), { threshold: 0.01 });
    this.#host.requestUpdate();
  }

  hostUpdated(): void {
    const places = new Set(this.#host.imagePlaces);
    for (const place of this.#observed) if (!places.has(place)) this.#unobserve(place);
    for (const place of places) this.#observe(place);
    this.#load();
  }

  hostDisconnected(): void {
    this.#observer?.disconnect();
    this.#observer = undefined;
    this.#observed.clear();
    this.#inView.clear();
  }

  #observe(place: PlaceElement): void {
    if (!this.#observer || this.#observed.has(place)) return;
    this.#observed.add(place);
    this.#observer.observe(place);
  }

  #unobserve(place: PlaceElement): void {
    this.#observer?.unobserve(place);
    this.#observed.delete(place);
    this.#inView.delete(place);
  }

  #viewChanged(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting, intersectionRatio } of entries) {
      // An element that only touches the edge counts as intersecting, although none of it is visible.
      if (isIntersecting && intersectionRatio > 0) this.#inView.add(target);
      else this.#inView.delete(target);
    }
    this.#load();
  }

  #load(): void {
    this.#loader.load([...this.#observed].filter((place) => place.isFilled || this.#inView.has(place)));
  }
}
