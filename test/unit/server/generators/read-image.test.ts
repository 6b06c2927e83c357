import { createCanvas } from '@napi-rs/canvas';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { readBase64Image, readImage } from '../../../../server/generators/read-image.ts';

const limits = { UPSTREAM_IMAGE_BYTES: 1_000_000, UPSTREAM_IMAGE_PIXELS: 40_000_000 };

const canvas = createCanvas(37, 21);
canvas.getContext('2d').fillRect(3, 3, 9, 9);

const png = canvas.encodeSync('png');
const jpeg = canvas.encodeSync('jpeg');
const lossyWebp = canvas.encodeSync('webp', 50);
/** 1 by 1, lossless. */
const losslessWebp = Buffer.from('UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==', 'base64');
/** A valid AVIF header of 8 by 6 pixels. */
const avif = Buffer.concat([
  box('ftyp', Buffer.from('avif\0\0\0\0avif')),
  box(
    'meta',
    Buffer.alloc(4),
    box('pitm', Buffer.from([0, 0, 0, 0, 0, 1])),
    box(
      'iprp',
      box('ipco', box('ispe', Buffer.from([0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 6]))),
      box('ipma', Buffer.from([0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 1])),
    ),
  ),
]);

function box(type: string, ...content: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(4), Buffer.from(type), ...content]);
  bytes.writeUInt32BE(bytes.length, 0);
  return bytes;
}

/** Only a header, for sizes that are too big to encode. */
function pngHeader(width: number, height: number): Buffer {
  const header = Buffer.from(png.subarray(0, 33));
  header.writeUInt32BE(width, 16);
  header.writeUInt32BE(height, 20);
  return header;
}

function riff(chunk: string, data: Buffer): Buffer {
  const file = Buffer.concat([Buffer.from('RIFF....WEBP'), Buffer.from(chunk), Buffer.alloc(4), data]);
  file.writeUInt32LE(file.length - 8, 4);
  file.writeUInt32LE(data.length, 16);
  return file;
}

function extendedWebp(width: number, height: number): Buffer {
  const data = Buffer.alloc(10);
  data.writeUIntLE(width - 1, 4, 3);
  data.writeUIntLE(height - 1, 7, 3);
  return riff('VP8X', data);
}

/** The JPEG with so many metadata segments of 64 KiB, and with fill bytes, before its frame. */
function jpegWithMetadata(segments: number): Buffer {
  const segment = Buffer.alloc(2 + 0xffff, 0xc0);
  segment.writeUInt16BE(0xffe1, 0);
  segment.writeUInt16BE(0xffff, 2);
  const metadata = Array<Buffer>(segments).fill(segment);
  return Buffer.concat([jpeg.subarray(0, 2), ...metadata, Buffer.from([0xff, 0xff]), jpeg.subarray(2)]);
}

describe('S6: the type and the size come from the bytes', () => {
  test.each([
    ['image/png', png, 37, 21],
    ['image/jpeg', jpeg, 37, 21],
    ['image/webp', lossyWebp, 37, 21],
    ['image/webp', losslessWebp, 1, 1],
    ['image/webp', extendedWebp(5_000, 3_000), 5_000, 3_000],
  ] as const)('S6, W4: of %s, whose bytes are kept', (mediaType, bytes, width, height) => {
    expect(readImage(bytes, limits)).toEqual({ bytes, mediaType, width, height });
  });

  test.each([0, 1, 3, 12])('S6: of a JPEG with %d metadata segments of 64 KiB', (segments) => {
    const bytes = jpegWithMetadata(segments);
    expect(readImage(bytes, limits)).toMatchObject({ mediaType: 'image/jpeg', width: 37, height: 21 });
  });

  test('S6: of bytes that begin in the middle of a buffer', () => {
    const padded = new Uint8Array(Buffer.concat([Buffer.alloc(11, 0xff), png]));
    expect(readImage(padded.subarray(11), limits)).toMatchObject({ mediaType: 'image/png', width: 37, height: 21 });
  });
});

describe('S6: anything else is not an image', () => {
  test.each([
    ['no bytes', Buffer.alloc(0)],
    [
      'SVG',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'),
    ],
    ['HTML', Buffer.from('<!doctype html><html><body><h1>It works, but it is no image</h1></body></html>')],
    ['GIF', Buffer.from('GIF89a\x25\x00\x15\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00', 'latin1')],
    ['AVIF', avif],
    ['a JPEG without a frame', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 2, 0xff, 0xda, 0, 8, 1, 1, 0, 0])],
    ['a WebP of an unknown kind', riff('ANIM', Buffer.alloc(20))],
    ['a WebP without a size', riff('VP8 ', Buffer.alloc(20))],
    ['a PNG without width', pngHeader(0, 10)],
    ['a PNG without height', pngHeader(10, 0)],
  ])('S6: %s', (_, bytes) => {
    expect(readImage(bytes, limits)).toBe('not an image');
  });

  test.each([
    ['PNG', png, 24],
    ['JPEG', jpeg, jpeg.indexOf(Buffer.from([0xff, 0xc0])) + 9],
    ['WebP', lossyWebp, 30],
  ])('S6: a %s that is cut off anywhere before its size', (_, bytes, headerLength) => {
    for (let length = 0; length < headerLength; length++) {
      expect(readImage(bytes.subarray(0, length), limits)).toBe('not an image');
    }
    expect(readImage(bytes.subarray(0, headerLength), limits)).toMatchObject({ width: 37, height: 21 });
  });

  test('R8: no bytes make the reader throw', () => {
    const starts = [png, jpeg, lossyWebp, losslessWebp, avif].map((bytes) => bytes.subarray(0, 60));
    const bytes = fc.tuple(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 80 }));
    fc.assert(
      fc.property(bytes, fc.nat(60), ([start, rest], kept) => {
        readImage(Buffer.concat([start.subarray(0, kept), rest]), limits);
      }),
    );
  });

  test('R8: an AVIF whose 300,000 entries would make the library throw is not an image', () => {
    const entries = Buffer.alloc(8 + 3 * 300_000);
    entries.writeUInt32BE(300_000, 4);
    const bytes = Buffer.concat([
      box('ftyp', Buffer.from('avif\0\0\0\0avif')),
      box('meta', Buffer.alloc(4), box('iprp', box('ipma', entries))),
    ]);
    expect(readImage(bytes, limits)).toBe('not an image');
  });
});

describe('S4: limits hold before anything of their size is allocated', () => {
  test('S4: as many pixels as allowed, and none more', () => {
    expect(readImage(pngHeader(8_000, 5_000), limits)).toMatchObject({ width: 8_000, height: 5_000 });
    expect(readImage(pngHeader(8_000, 5_001), limits)).toBe('too big');
    expect(readImage(pngHeader(0xffff_ffff, 0xffff_ffff), limits)).toBe('too big');
    expect(readImage(extendedWebp(2 ** 24, 2 ** 24), limits)).toBe('too big');
  });

  test('S4: as many bytes as allowed, and none more', () => {
    expect(readImage(png, { ...limits, UPSTREAM_IMAGE_BYTES: png.length })).toMatchObject({ bytes: png });
    expect(readImage(png, { ...limits, UPSTREAM_IMAGE_BYTES: png.length - 1 })).toBe('too big');
  });

  test('S4: base64 of too many bytes is not decoded', () => {
    const base64 = png.toString('base64');
    expect(readBase64Image(base64, { ...limits, UPSTREAM_IMAGE_BYTES: png.length })).toMatchObject({ bytes: png });
    const decode = vi.spyOn(Buffer, 'from');
    onTestFinished(() => void vi.restoreAllMocks());
    expect(readBase64Image(base64, { ...limits, UPSTREAM_IMAGE_BYTES: png.length - 1 })).toBe('too big');
    expect(decode).not.toHaveBeenCalled();
  });
});

test('W4: a text that is not entirely base64 is not an image', () => {
  const base64 = png.toString('base64');
  for (const text of [`${base64.slice(0, 60)}!${base64.slice(60)}`, '<html>', '']) {
    expect(readBase64Image(text, limits)).toBe('not an image');
  }
});
