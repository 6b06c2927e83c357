/** From the bytes of an image to one that can be shown, or that is known not to be. */
import type { ImageReference } from '../../shared/model.ts';
import type { Environment } from './environment.ts';
import { nextTask } from './next-task.ts';
import type { ReceivedImage } from './session-state.ts';

export type ImageTools = Pick<Environment, 'sha256' | 'createObjectUrl' | 'revokeObjectUrl' | 'checkImage'>;

/**
 * Undefined when the bytes have another length or, where `sha256` is there to tell, another digest than the reference says. The caller
 * revokes the URL of an image that it does not keep. Rejects with what `sha256` or `checkImage` rejects with.
 */
export async function receiveImage(
  reference: ImageReference,
  bytes: Uint8Array<ArrayBuffer> | undefined,
  tools: ImageTools,
): Promise<ReceivedImage | undefined> {
  const { byteLength, mediaType, sha256: digest } = reference;
  if (bytes?.byteLength !== byteLength) return undefined;
  const blob = new Blob([bytes], { type: mediaType });
  const url = tools.createObjectUrl(blob);
  const checking = tools.checkImage?.(url, blob);
  // The digest copies the bytes, while other threads already decode them for the check.
  const digesting = nextTask().then(() => tools.sha256?.(bytes));
  const [problem, actualDigest] = await Promise.all([checking, digesting]).catch((error: unknown) => {
    tools.revokeObjectUrl(url);
    throw error;
  });
  if (tools.sha256 && actualDigest !== digest) {
    tools.revokeObjectUrl(url);
    return undefined;
  }
  return { reference, blob, url, ...(tools.checkImage && { display: problem ?? 'possible' }) };
}
