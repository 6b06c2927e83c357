/** An image in memory: its bytes, once, and what is said of them. */
import { createHash } from 'node:crypto';
import type { ImageReference } from '../../shared/model.ts';
import type { GeneratedImage } from '../generators/generator.ts';
import type { Reservation } from './image-memory.ts';

export interface StoredImage {
  readonly reference: ImageReference;
  /** As the generator returned them (rule W4). */
  readonly bytes: Uint8Array;
  /** What the bytes take of the memory for images. */
  readonly room?: Reservation;
}

export function storedImage(
  image: GeneratedImage,
  place: Pick<ImageReference, 'imageId' | 'generationId' | 'candidate' | 'kind' | 'index'>,
): StoredImage {
  const { bytes, mediaType, width, height } = image;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { reference: { ...place, mediaType, byteLength: bytes.byteLength, sha256, width, height }, bytes };
}
