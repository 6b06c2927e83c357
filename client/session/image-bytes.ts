/** Whether bytes are those of the image that they are said to be. */
import type { ImageReference } from '../../shared/model.ts';
import type { Environment } from './environment.ts';

/** Undefined when the bytes have another length or, where `sha256` is there to tell, another digest than the reference says. */
export async function verifiedBlob(
  { byteLength, mediaType, sha256: digest }: ImageReference,
  bytes: Uint8Array<ArrayBuffer> | undefined,
  sha256: Environment['sha256'],
): Promise<Blob | undefined> {
  if (bytes?.byteLength !== byteLength) return undefined;
  if (sha256 && (await sha256(bytes)) !== digest) return undefined;
  return new Blob([bytes], { type: mediaType });
}
