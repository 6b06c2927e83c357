/** Decodes an image before it is shown, so that it replaces the one before it without flicker. */
import type { ReceivedImage } from '../../session/session-state.ts';

interface Decoded {
  readonly imageId: string;
  readonly element: HTMLImageElement;
}

export class DecodedImage {
  readonly #onDecoded: () => void;
  #requestedId: string | undefined;
  #decoded: Decoded | undefined;

  /** @param onDecoded called when `decoded` has been replaced */
  constructor(onDecoded: () => void) {
    this.#onDecoded = onDecoded;
  }

  /** The image to show now: the requested one, or the one before it while the requested one is decoded. */
  get decoded(): Decoded | undefined {
    return this.#decoded;
  }

  /**
   * Without an image, `decoded` becomes undefined at once. Of two images requested in a row only the later one is shown; one that the
   * browser cannot show, or may not be able to, does not replace the one before it.
   */
  request(image: ReceivedImage | undefined): void {
    if (image && image.display !== 'possible') return;
    const imageId = image?.reference.imageId;
    if (imageId === this.#requestedId) return;
    this.#requestedId = imageId;
    if (!image) this.#decoded = undefined;
    else if (imageId !== this.#decoded?.imageId) void this.#decode(image);
  }

  async #decode({ reference, url }: ReceivedImage): Promise<void> {
    const { imageId, width, height } = reference;
    const element = new Image(width, height);
    element.src = url;
    // Known to be possible, so it failed for another reason, such as a moved document. The browser then decodes when it draws.
    await element.decode().catch(() => undefined);
    if (imageId !== this.#requestedId) return;
    this.#decoded = { imageId, element };
    this.#onDecoded();
  }
}
