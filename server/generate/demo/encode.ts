/** Canvas to file, with the recipe inside. */
import type { Canvas } from '@napi-rs/canvas';
import type { MediaType, Options } from '../../../shared/session.ts';

type Format = NonNullable<Options['format']>;

export const mediaTypes = { png: 'image/png', jpeg: 'image/jpeg', webp: 'image/webp' } as const satisfies Record<
  Format,
  MediaType
>;

const JPEG_QUALITY = 92;
const WEBP_QUALITY = 92;

/** Encodes off the main thread; `comment` (ASCII) stands in the file's metadata as it is. */
export async function encode(canvas: Canvas, format: Format, comment: string): Promise<Uint8Array> {
  const software = 'Proofroom demo painter';
  switch (format) {
    case 'png':
      return canvas.encode('png', { software, comment });
    case 'jpeg':
      return canvas.encode('jpeg', { quality: JPEG_QUALITY, software, comment });
    case 'webp':
      return withXmp(await canvas.encode('webp', WEBP_QUALITY), comment, canvas.width, canvas.height);
  }
}

const XMP_FLAG = 0x04;
const ALPHA_FLAG = 0x10;

/** The library writes no metadata into WebP: https://developers.google.com/speed/webp/docs/riff_container#extended_file_format */
function withXmp(webp: Buffer, comment: string, width: number, height: number): Buffer {
  const xmp = chunk(
    'XMP ',
    Buffer.from(`<x:xmpmeta xmlns:x="adobe:ns:meta/"><!-- ${comment} --></x:xmpmeta>`, 'latin1'),
  );
  const extended = webp.toString('latin1', 12, 16) === 'VP8X';
  const header = extended ? Buffer.from(webp.subarray(12, 30)) : chunk('VP8X', Buffer.alloc(10));
  if (!extended) {
    // A lossless bitstream tells in its own header whether it has alpha; saying yes is always allowed.
    if (webp.toString('latin1', 12, 16) === 'VP8L') header.writeUInt8(ALPHA_FLAG, 8);
    header.writeUIntLE(width - 1, 12, 3);
    header.writeUIntLE(height - 1, 15, 3);
  }
  header.writeUInt8(header.readUInt8(8) | XMP_FLAG, 8);
  const body = Buffer.concat([Buffer.from('WEBP', 'latin1'), header, webp.subarray(extended ? 30 : 12), xmp]);
  return chunk('RIFF', body);
}

/** Name, length, content, and a zero byte where the length is odd. */
function chunk(name: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(name, 'latin1');
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content, Buffer.alloc(content.length % 2)]);
}
