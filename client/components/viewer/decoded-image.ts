/** Decodes an image before it is shown, so that it replaces the one before it without flicker. */
import { displayProblem, type ReceivedImage } from '../../session/session-state.ts';

interface Decoded {
  readonly imageId: string;
  readonly element: HTMLImageElement;
}

export class DecodedImage {
  readonly #onDecoded: () => void;
  #requestedId: string | undefined;
  #decoded: Decoded | undefined;

  /** @param onDecoded called when `decoded` has been replaced by an image */
  constructor(onDecoded: () => void) {
    this.#onDecoded = onDecoded;
  }

  /** The image to show now: the requested one, or the one before it while the requested one is decoded. */
  get decoded(): Decoded | undefined {
    return this.#decoded;
  }

  /**
   * Without an image, `decoded` becomes undefined at once. Of two images requested in a row only the later one is shown; one that the
   * browser cannot show does not replace the one before it.
   */
  request(image: ReceivedImage | undefined): void {
    if (image && displayProblem(image)) return;
    const requestedId = image?.reference.imageId;
    if (requestedId === this.#requestedId) return;
    this.#requestedId = requestedId;
    if (!image) this.#decoded = undefined;
    else if (requestedId !== this.#decoded?.imageId) void this.#decode(image);
  }

  async #decode({ reference, url }: ReceivedImage): Promise<void> {
    const { imageId, width, height } = reference;
    const element = new Image(width, height);
    // An image that was loaded for its check is shown at once: with `sync`, the frame that shows it waits until it is decoded.
    element.decoding = 'sync';
    element.src = url;
    // It rejects in a page that is not active. The image is shown all the same, and decoded when the browser draws it.
    if (!element.complete) await element.decode().catch(() => undefined);
    if (imageId !== this.#requestedId || imageId === this.#decoded?.imageId) return;
    this.#decoded = { imageId, element };
    this.#onDecoded();
  }
}
