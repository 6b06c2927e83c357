/** Answers of image services as the adapters see them: with the texts of images decoded. */
import { Base64Decoder, type DecodedText } from '../../server/generators/base64-decoder.ts';
import { JsonReader } from '../../server/generators/openai/json-reader.ts';

const MAX_BYTES = 20 * 1024 * 1024;

export function decoded(base64: string, maxBytes = MAX_BYTES): DecodedText {
  return new Base64Decoder(maxBytes).write(base64).end();
}

/** The value as it would arrive in JSON. Undefined stays undefined. */
export function arrived(value: unknown): unknown {
  const reader = new JsonReader(MAX_BYTES);
  reader.write(Buffer.from(JSON.stringify(value) ?? 'null'));
  return value === undefined ? undefined : reader.end();
}
