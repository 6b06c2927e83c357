/** The images of a session, in memory alone (rule R12). */
import { createHash } from 'node:crypto';
import type { ImageReference } from '../../shared/model.ts';
import type { GeneratedImage } from '../generators/generator.ts';
import { ignoreUnavailable } from './availability.ts';
import type { Reservation } from './image-memory.ts';
import type { ImageStore } from './image-store.ts';

export interface StoredImage {
  readonly reference: ImageReference;
  /** As the generator returned them (rule W4). */
  readonly bytes: Uint8Array;
  /** The memory that the bytes take. */
  readonly reservation: Reservation;
}

/** Takes over the reservation, and shrinks it to what the bytes take. */
export function createStoredImage(
  { bytes, mediaType, width, height, sha256 = sha256Of(bytes) }: GeneratedImage,
  identity: Pick<ImageReference, 'imageId' | 'generationId' | 'candidate' | 'kind' | 'index'>,
  reservation: Reservation,
): StoredImage {
  reservation.resize(bytes.byteLength);
  return {
    reference: { ...identity, mediaType, byteLength: bytes.byteLength, sha256, width, height },
    bytes,
    reservation,
  };
}

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export interface SessionImagesContext {
  readonly sessionId: string;
  readonly store: Pick<ImageStore, 'get' | 'drop'>;
  /** Whether other servers have the images as well. */
  readonly isShared: boolean;
  /** Memory for a copy of an image that is in the store. It may cost copies that nobody looks at. */
  readonly reserveCopy: (bytes: number) => Reservation | undefined;
}

/** The final images of a session's attempts, as far as this server has them. */
export class SessionImages {
  readonly #context: SessionImagesContext;
  /** By image id. */
  readonly #images = new Map<string, StoredImage>();
  #isClosed = false;

  constructor(context: SessionImagesContext) {
    this.#context = context;
  }

  get byteLength(): number {
    return this.#images.values().reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  }

  /** Bytes that would be free if these images were dropped now: in the store, where all servers share it, or else here. */
  freeableBytesOf(references: readonly ImageReference[]): number {
    const freeable = ({ imageId, byteLength }: ImageReference) =>
      this.#context.isShared ? byteLength : (this.find(imageId)?.reservation.freeableBytes ?? 0);
    return references.reduce((sum, reference) => sum + freeable(reference), 0);
  }

  /** Images that are being sent as well: dropping them frees nothing yet. */
  get inUse(): readonly string[] {
    return [...this.#images]
      .filter(([, { reservation }]) => reservation.freeableBytes === 0)
      .map(([imageId]) => imageId);
  }

  find(imageId: string): StoredImage | undefined {
    return this.#images.get(imageId);
  }

  /**
   * The image as it is here, or in the store; undefined when it is in neither, or there is no memory for a copy. Rejects with
   * `StoreUnavailable`.
   */
  async load(reference: ImageReference): Promise<StoredImage | undefined> {
    const { imageId } = reference;
    const here = this.find(imageId);
    if (here) return here;
    const { store, sessionId, reserveCopy } = this.#context;
    const bytes = await store.get(sessionId, imageId);
    const reservation = bytes && reserveCopy(bytes.byteLength);
    if (!reservation) return undefined;
    const meanwhile = this.find(imageId);
    if (meanwhile || this.#isClosed) {
      reservation.release();
      return meanwhile;
    }
    const image = { reference, bytes, reservation };
    this.#images.set(imageId, image);
    return image;
  }

  /** The session shows these images from now on, of which some are new, and drops all others. */
  replace(references: readonly ImageReference[], added: readonly StoredImage[]): void {
    const byId = new Map(references.map((reference) => [reference.imageId, reference]));
    for (const image of added) {
      // The machine numbers the images that nobody asked for.
      const reference = byId.get(image.reference.imageId);
      if (reference) this.#images.set(reference.imageId, { ...image, reference });
    }
    this.retain((imageId) => byId.has(imageId));
  }

  /** Drops all others. */
  retain(isKept: (imageId: string) => boolean): void {
    for (const [imageId, { reservation }] of this.#images) {
      if (isKept(imageId)) continue;
      reservation.release();
      this.#images.delete(imageId);
    }
  }

  /** Releases what has not become one of the session's images, and drops it from the store unless `isKept` there. */
  discard(images: readonly StoredImage[], isKept: (imageId: string) => boolean): void {
    const isOwn = ({ reference, reservation }: StoredImage) =>
      this.find(reference.imageId)?.reservation === reservation;
    const ignored = images.filter((image) => !isOwn(image));
    for (const { reservation } of ignored) reservation.release();
    this.dropStored(ignored.map(({ reference }) => reference.imageId).filter((imageId) => !isKept(imageId)));
  }

  /** Drops images from the store. Those that it can't drop now expire with the session. */
  dropStored(imageIds: readonly string[]): void {
    const { store, sessionId } = this.#context;
    if (imageIds.length > 0) store.drop(sessionId, imageIds).catch(ignoreUnavailable);
  }

  /** Drops all that is here. May be called twice. */
  close(): void {
    this.#isClosed = true;
    this.retain(() => false);
  }
}
