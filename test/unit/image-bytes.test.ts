import { createCanvas } from '@napi-rs/canvas';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { readBase64Image, readImage } from '../../server/generators/read-image.ts';

const limits = { UPSTREAM_IMAGE_BYTES: 1_000_000, UPSTREAM_IMAGE_PIXELS: 40_000_000 };

const canvas = createCanvas(37, 21);
canvas.getContext('2d').fillRect(3, 3, 9, 9);

const png = canvas.encodeSync('png');
const jpeg = canvas.encodeSync('jpeg');
const lossyWebp = canvas.encodeSync('webp', 50);
/** 1 by 1, lossless. */
const losslessWebp = Buffer.from('UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==', 'base64');

/** A header alone, for sizes that nobody wants to encode. */
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

/** Flags, then width and height minus one in 24 bits each. */
function extendedWebp(width: number, height: number): Buffer {
  const data = Buffer.alloc(10);
  data.writeUIntLE(width - 1, 4, 3);
  data.writeUIntLE(height - 1, 7, 3);
  return riff('VP8X', data);
}

describe('S6: the type and the size come from the bytes', () => {
  test.each([
    ['image/png', png, 37, 21],
    ['image/jpeg', jpeg, 37, 21],
    ['image/webp', lossyWebp, 37, 21],
    ['image/webp', losslessWebp, 1, 1],
    ['image/webp', extendedWebp(5_000, 3_000), 5_000, 3_000],
  ] as const)('%s', (mediaType, bytes, width, height) => {
    expect(readImage(bytes, limits)).toEqual({ bytes, mediaType, width, height });
  });

  test('in a JPEG whose frame stands behind metadata and filling bytes', () => {
    const metadata = Buffer.alloc(4 + 30_000, 0xc0);
    metadata.writeUInt16BE(0xffe1, 0);
    metadata.writeUInt16BE(30_002, 2);
    const bytes = Buffer.concat([jpeg.subarray(0, 2), metadata, Buffer.from([0xff, 0xff]), jpeg.subarray(2)]);
    expect(readImage(bytes, limits)).toMatchObject({ mediaType: 'image/jpeg', width: 37, height: 21 });
  });

  test('in bytes that begin in the middle of a buffer', () => {
    const padded = new Uint8Array(Buffer.concat([Buffer.alloc(11, 0xff), png]));
    expect(readImage(padded.subarray(11), limits)).toMatchObject({ mediaType: 'image/png', width: 37, height: 21 });
  });
});

describe('S6: anything else is refused', () => {
  test.each([
    ['nothing', Buffer.alloc(0)],
    [
      'SVG',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'),
    ],
    ['HTML', Buffer.from('<!doctype html><html><body><h1>It works, but it is no image</h1></body></html>')],
    ['GIF', Buffer.from('GIF89a\x25\x00\x15\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00', 'latin1')],
    ['a JPEG that goes on without a frame', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 2, 0xff, 0xda, 0, 8, 1, 1, 0, 0])],
    ['a JPEG segment of no length', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 0, 0xff, 0xe0, 0, 0])],
    ['a WebP of an unknown kind', riff('ANIM', Buffer.alloc(20))],
    ['a WebP frame without its start code', riff('VP8 ', Buffer.alloc(20))],
  ])('%s', (_, bytes) => {
    expect(readImage(bytes, limits)).toBeUndefined();
  });

  test.each([
    ['PNG', png, 33],
    ['JPEG', jpeg, jpeg.indexOf(Buffer.from([0xff, 0xc0])) + 9],
    ['WebP', lossyWebp, 30],
  ])('a %s cut off anywhere in its header', (_, bytes, headerLength) => {
    expect(headerLength).toBeGreaterThan(10);
    for (let length = 0; length < headerLength; length++) {
      expect(readImage(bytes.subarray(0, length), limits)).toBeUndefined();
    }
    expect(readImage(bytes.subarray(0, headerLength), limits)).toBeDefined();
  });

  test('whatever bytes come, reading them never throws', () => {
    const starts = [png, jpeg, lossyWebp, losslessWebp, extendedWebp(9, 9)].map((bytes) => bytes.subarray(0, 20));
    const bytes = fc.tuple(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 80 }));
    fc.assert(
      fc.property(bytes, fc.nat(20), ([start, rest], kept) => {
        readImage(Buffer.concat([start.subarray(0, kept), rest]), limits);
      }),
    );
  });
});

describe('S4: limits hold before anything of their size is allocated', () => {
  test('as many pixels as allowed, and none more', () => {
    expect(readImage(pngHeader(8_000, 5_000), limits)).toMatchObject({ width: 8_000, height: 5_000 });
    expect(readImage(pngHeader(8_000, 5_001), limits)).toBe('too big');
    expect(readImage(pngHeader(0xffff_ffff, 0xffff_ffff), limits)).toBe('too big');
    expect(readImage(extendedWebp(2 ** 24, 2 ** 24), limits)).toBe('too big');
  });

  test('no pixels at all', () => {
    expect(readImage(pngHeader(0, 10), limits)).toBeUndefined();
    expect(readImage(pngHeader(10, 0), limits)).toBeUndefined();
  });

  test('as many bytes as allowed, and none more', () => {
    expect(readImage(png, { ...limits, UPSTREAM_IMAGE_BYTES: png.length })).toBeDefined();
    expect(readImage(png, { ...limits, UPSTREAM_IMAGE_BYTES: png.length - 1 })).toBe('too big');
    const base64 = png.toString('base64');
    expect(readBase64Image(base64, { ...limits, UPSTREAM_IMAGE_BYTES: png.length })).toBeDefined();
    const decoding = vi.spyOn(Buffer, 'from');
    onTestFinished(() => void vi.restoreAllMocks());
    expect(readBase64Image(base64, { ...limits, UPSTREAM_IMAGE_BYTES: png.length - 1 })).toBe('too big');
    expect(decoding).not.toHaveBeenCalled();
  });
});

describe('W4: base64 becomes exactly its bytes', () => {
  test('a good text', () => {
    expect(readBase64Image(png.toString('base64'), limits)).toMatchObject({ bytes: png });
  });

  test('a text that is not base64 throughout is refused, not guessed at', () => {
    const base64 = png.toString('base64');
    expect(readBase64Image(`${base64.slice(0, 60)}!${base64.slice(60)}`, limits)).toBeUndefined();
    expect(readBase64Image('<html>', limits)).toBeUndefined();
    expect(readBase64Image('', limits)).toBeUndefined();
  });
});
