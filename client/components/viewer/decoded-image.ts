/** Decodes an image before it is shown, so that it replaces the one before it without flicker. */
import { displayProblem, type ReceivedImage } from '../../session/session-state.ts';

interface Decoded {
  readonly imageId: string;
  readonly element: HTMLImageElement;
}

export class DecodedImage {
  readonly #onDecoded: () => void;
  #requested: ReceivedImage | undefined;
  /** The image that was decoded last, or is being decoded. */
  #latest: { readonly imageId: string; readonly element: HTMLImageElement; isDecoded: boolean } | undefined;
  #decoded: Decoded | undefined;

  /** @param onDecoded called when `decoded` has been replaced, but for a call of `request` */
  constructor(onDecoded: () => void) {
    this.#onDecoded = onDecoded;
  }

  /** The image to show now: the requested one, or the one before it while the requested one is decoded. */
  get decoded(): Decoded | undefined {
    return this.#decoded;
  }

  /**
   * Without an image, `decoded` becomes undefined at once. Of two images requested in a row only the later one is shown; one that the
   * browser cannot show does not replace the one before it. It is decoded while it is still being checked, and shown when it is known to
   * be whole.
   */
  request(image: ReceivedImage | undefined): void {
    if (image && displayProblem(image)) return;
    this.#requested = image;
    if (!image) {
      this.#decoded = undefined;
      this.#latest = undefined;
      return;
    }
    const { imageId } = image.reference;
    if (imageId !== this.#latest?.imageId && imageId !== this.#decoded?.imageId) void this.#decode(image);
    this.#show();
  }

  async #decode({ reference, url }: ReceivedImage): Promise<void> {
    const { imageId, width, height } = reference;
    const element = new Image(width, height);
    const latest = { imageId, element, isDecoded: false };
    this.#latest = latest;
    element.src = url;
    // It may be damaged, which its check finds out, or its document has moved: the browser then decodes when it draws.
    await element.decode().catch(() => undefined);
    latest.isDecoded = true;
    if (this.#show()) this.#onDecoded();
  }

  /** @returns whether it has replaced `decoded` */
  #show(): boolean {
    const { imageId, element, isDecoded } = this.#latest ?? {};
    const isWanted = imageId === this.#requested?.reference.imageId && this.#requested?.display === 'possible';
    if (!imageId || !element || !isDecoded || !isWanted || this.#decoded?.imageId === imageId) return false;
    this.#decoded = { imageId, element };
    return true;
  }
}
