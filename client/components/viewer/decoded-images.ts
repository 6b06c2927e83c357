/** Pictures in places of their own: each is decoded before it takes the place of the one before it, so that none flickers. */
import type { ReceivedImage } from '../../session/session-state.ts';

interface Place {
  /** The newest picture that was asked for here. */
  wantedId: string;
  /** What is ready to be seen. */
  shown?: HTMLImageElement;
}

export class DecodedImages {
  readonly #onChange: () => void;
  readonly #places = new Map<number, Place>();

  /** @param onChange called when a picture has become ready */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Wants a picture in a place; of two that are wanted there one after the other, only the later one comes to be shown. */
  want(at: number, { reference, url }: ReceivedImage): void {
    const place: Place = this.#places.get(at) ?? { wantedId: '' };
    if (place.wantedId === reference.imageId) return;
    place.wantedId = reference.imageId;
    this.#places.set(at, place);
    const image = new Image(reference.width, reference.height);
    image.src = url;
    void this.#decode(place, reference.imageId, image);
  }

  /** What there is to be seen in a place: the picture wanted there, or the one before it. */
  shown(at: number): HTMLImageElement | undefined {
    return this.#places.get(at)?.shown;
  }

  clear(at: number): void {
    this.#places.delete(at);
  }

  async #decode(place: Place, imageId: string, image: HTMLImageElement): Promise<void> {
    // A picture that can't be decoded still takes its place: its alternative text then stands there.
    await image.decode().catch(() => undefined);
    if (place.wantedId !== imageId) return;
    // The first one fades in; a later one, which is the same drawn further, takes over at once.
    if (!place.shown) image.classList.add('first');
    place.shown = image;
    this.#onChange();
  }
}
