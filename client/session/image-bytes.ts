/** From the base64 of an `image` message to bytes that are proved to be those it names. */
import type { ImageMessage } from '../../shared/protocol.ts';
import type { Environment } from './environment.ts';

/** The image's bytes, or undefined unless they have the length and, where the page can digest, the SHA-256 of its reference. */
export async function imageBlob(
  message: ImageMessage,
  sha256: Environment['sha256'] | undefined,
): Promise<Blob | undefined> {
  const bytes = message.data === undefined ? undefined : decodeBase64(message.data);
  if (bytes?.byteLength !== message.byteLength) return undefined;
  const digest: Promise<string> | undefined = sha256?.(bytes);
  if (digest && (await digest) !== message.sha256) return undefined;
  return new Blob([bytes], { type: message.mediaType });
}

type Decode = (text: string) => Uint8Array<ArrayBuffer>;

const nativeDecode: Decode | undefined = 'fromBase64' in Uint8Array ? (text) => Uint8Array.fromBase64(text) : undefined;

/** Undefined when the text is no base64. Browsers older than 2025 decode by way of `atob`. */
export function decodeBase64(
  text: string,
  decode: Decode = nativeDecode ?? decodeByAtob,
): Uint8Array<ArrayBuffer> | undefined {
  try {
    return decode(text);
  } catch {
    return undefined;
  }
}

function decodeByAtob(text: string): Uint8Array<ArrayBuffer> {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < characters.length; i += 1) bytes[i] = characters.charCodeAt(i);
  return bytes;
}
