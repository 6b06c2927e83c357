/** Canvas to file, with the recipe inside. */
import { crc32 } from 'node:zlib';
import type { Canvas } from '@napi-rs/canvas';
import type { MediaType } from '../../../shared/model.ts';
import type { Options } from '../../../shared/options.ts';

type Format = NonNullable<Options['format']>;

export const mediaTypes = { png: 'image/png', jpeg: 'image/jpeg', webp: 'image/webp' } as const satisfies Record<
  Format,
  MediaType
>;

/** In percent, for JPEG and WebP alike. */
const USUAL_QUALITY = 92;

/** Encodes off the main thread; `comment` (ASCII) stands in the file's metadata as it is. `quality`, in percent, is not for PNG. */
export async function encode(
  canvas: Canvas,
  format: Format,
  comment: string,
  quality = USUAL_QUALITY,
): Promise<Uint8Array> {
  switch (format) {
    case 'png':
      return pngWithText(await canvas.encode('png'), comment);
    case 'jpeg':
      return jpegWithComment(await canvas.encode('jpeg', quality), comment);
    case 'webp':
      return webpWithXmp(await canvas.encode('webp', quality), comment);
  }
}

/** Signature and header chunk, which comes first. */
const PNG_HEAD_BYTES = 33;

/** A `tEXt` chunk after the header: https://www.w3.org/TR/png-3/#11tEXt */
function pngWithText(png: Buffer, comment: string): Buffer {
  const named = Buffer.from(`tEXtComment\0${comment}`, 'latin1');
  const text = Buffer.alloc(named.length + 8);
  text.writeUInt32BE(named.length - 4, 0);
  named.copy(text, 4);
  text.writeUInt32BE(crc32(named), named.length + 4);
  return Buffer.concat([png.subarray(0, PNG_HEAD_BYTES), text, png.subarray(PNG_HEAD_BYTES)]);
}

/** A `COM` segment, behind the JFIF segment where there is one, since that has to be the first. */
function jpegWithComment(jpeg: Buffer, comment: string): Buffer {
  const start = jpeg.readUInt16BE(2) === 0xffe0 ? 4 + jpeg.readUInt16BE(4) : 2;
  const segment = Buffer.from(`\xff\xfe\0\0${comment}`, 'latin1');
  segment.writeUInt16BE(segment.length - 2, 2);
  return Buffer.concat([jpeg.subarray(0, start), segment, jpeg.subarray(start)]);
}

const XMP_FLAG = 0x04;
/** In the extended header, which is the first chunk. */
const FLAGS_AT = 20;

/** An XMP chunk at the end: https://developers.google.com/speed/webp/docs/riff_container#extended_file_format */
function webpWithXmp(webp: Buffer, comment: string): Buffer {
  // The canvas writes a colour profile and so the extended header, without which there is no metadata.
  if (webp.toString('latin1', 12, 16) !== 'VP8X') return webp;
  const packet = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><!-- ${comment} --></x:xmpmeta>`;
  const content = Buffer.concat([webp.subarray(8), chunk('XMP ', Buffer.from(packet, 'latin1'))]);
  content.writeUInt8(webp.readUInt8(FLAGS_AT) | XMP_FLAG, FLAGS_AT - 8);
  return chunk('RIFF', content);
}

/** Name, length, content, and a zero byte where the length is odd. */
function chunk(name: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(name, 'latin1');
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content, Buffer.alloc(content.length % 2)]);
}
