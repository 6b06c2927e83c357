/** The images of a session, in memory alone (rule R12). */
import { createHash } from 'node:crypto';
import type { ImageReference } from '../../shared/model.ts';
import type { GeneratedImage } from '../generators/generator.ts';
import type { Reservation } from './image-memory.ts';

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

/** The final images of a session's attempts. */
export class SessionImages {
  /** By image id. */
  readonly #images = new Map<string, StoredImage>();

  get byteLength(): number {
    return this.#images.values().reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  }

  /** Bytes that would be free if these images were dropped now. */
  freeableBytesOf(imageIds: Iterable<string>): number {
    let sum = 0;
    for (const imageId of imageIds) sum += this.#images.get(imageId)?.reservation.freeableBytes ?? 0;
    return sum;
  }

  /** Images that are being sent as well: dropping them frees nothing yet. */
  get inUse(): readonly string[] {
    return [...this.#images]
      .filter(([, { reservation }]) => reservation.freeableBytes === 0)
      .map(([imageId]) => imageId);
  }

  get ids(): readonly string[] {
    return [...this.#images.keys()];
  }

  find(imageId: string): StoredImage | undefined {
    return this.#images.get(imageId);
  }

  add(image: StoredImage): void {
    this.#images.set(image.reference.imageId, image);
  }

  drop(imageIds: Iterable<string>): void {
    for (const imageId of imageIds) {
      this.#images.get(imageId)?.reservation.release();
      this.#images.delete(imageId);
    }
  }

  /** Drops all others. */
  retain(imageIds: ReadonlySet<string>): void {
    this.drop([...this.#images.keys()].filter((imageId) => !imageIds.has(imageId)));
  }

  dropAll(): void {
    this.drop([...this.#images.keys()]);
  }
}
