import { createCanvas } from '@napi-rs/canvas';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { readDecodedImage, readImage } from '../../../../server/generators/read-image.ts';
import {
  exif,
  flippedAt,
  insertedAt,
  jpegSegment,
  pngChunk,
  pngOf,
  pngOfSize,
  positionOf,
  webpChunk,
  webpOf,
} from '../../../support/image-files.ts';
import { decoded } from '../../../support/json-answers.ts';

const limits = { UPSTREAM_IMAGE_BYTES: 1_000_000, UPSTREAM_IMAGE_PIXELS: 40_000_000 };

const canvas = createCanvas(37, 21);
const context = canvas.getContext('2d');
for (let x = 0; x < 37; x += 1) {
  context.fillStyle = `hsl(${x * 40} 60% ${20 + x}%)`;
  context.fillRect(x, 0, 1, 21 - (x % 7));
}

const png = canvas.encodeSync('png');
const jpeg = canvas.encodeSync('jpeg');
/** With an alpha channel, so it begins with its canvas. */
const extendedWebp = canvas.encodeSync('webp', 50);
const lossyWebp = webpOf(extendedWebp.subarray(positionOf(extendedWebp, 'VP8 ')));
/** 1 by 1. */
const losslessWebp = Buffer.from('UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==', 'base64');
const files = { png, jpeg, extendedWebp, lossyWebp, losslessWebp };
/** The beginning of a valid AVIF of 8 by 6 pixels. */
const avif = Buffer.from('\0\0\0\x18ftypavif\0\0\0\0avifmif1\0\0\0\x14ispe\0\0\0\0\0\0\0\x08\0\0\0\x06', 'latin1');

const ofPixels = positionOf(png, 'IDAT') - 4;
const end = positionOf(png, 'IEND') - 4;
const ofFrame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
const ofScan = jpeg.indexOf(Buffer.from([0xff, 0xda]));

function canvasOfWebp(width: number, height: number): Buffer {
  const data = Buffer.alloc(10);
  data.writeUIntLE(width - 1, 4, 3);
  data.writeUIntLE(height - 1, 7, 3);
  return webpChunk('VP8X', data);
}

describe('S6: the type and the size come from the bytes', () => {
  test.each([
    ['image/png', png, 37, 21],
    ['image/jpeg', jpeg, 37, 21],
    ['image/webp', extendedWebp, 37, 21],
    ['image/webp', lossyWebp, 37, 21],
    ['image/webp', losslessWebp, 1, 1],
    ['image/webp', webpOf(canvasOfWebp(5_000, 3_000), webpChunk('ANMF', Buffer.alloc(20))), 5_000, 3_000],
  ] as const)('S6, W4: of %s, whose bytes are kept', (mediaType, bytes, width, height) => {
    expect(readImage(bytes, limits)).toEqual({ bytes, mediaType, width, height });
  });

  test('S6: of a JPEG with metadata, fill bytes and stray bytes before its frame, and with several scans', () => {
    const metadata = Array<Buffer>(12).fill(jpegSegment(0xe2, Buffer.alloc(0xfffd, 0xc0)));
    const strange = insertedAt(jpeg, 2, ...metadata, Buffer.from('ab'), Buffer.from([0xff, 0xff]));
    const scans = insertedAt(strange, strange.length - 2, jpeg.subarray(ofScan, -2));
    expect(readImage(scans, limits)).toMatchObject({ mediaType: 'image/jpeg', width: 37, height: 21 });
  });

  test('S6: of bytes that begin in the middle of a buffer', () => {
    const padded = new Uint8Array(Buffer.concat([Buffer.alloc(11, 0xff), png]));
    expect(readImage(padded.subarray(11), limits)).toMatchObject({ mediaType: 'image/png', width: 37, height: 21 });
  });
});

describe('S6: anything else is not an image', () => {
  test.each([
    ['no bytes', Buffer.alloc(0)],
    ['SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>')],
    ['HTML', Buffer.from('<!doctype html><html><body><h1>It works, but it is no image</h1></body></html>')],
    ['GIF', Buffer.from('GIF89a\x25\x00\x15\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00', 'latin1')],
    ['AVIF', avif],
    ['a RIFF file of another kind', Buffer.from('RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0', 'latin1')],
  ])('S6: %s', (_, bytes) => {
    expect(readImage(bytes, limits)).toBe('not an image');
  });

  test('R8: no bytes make the reader throw', () => {
    const starts = [...Object.values(files), insertedAt(jpeg, 2, jpegSegment(0xe1, Buffer.from('Exif\0\0II*\0')))];
    const bytes = fc.tuple(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 80 }));
    fc.assert(
      fc.property(bytes, fc.nat(200), ([start, rest], kept) => {
        readImage(Buffer.concat([start.subarray(0, kept), rest]), limits);
      }),
    );
  });
});

describe('a file that is not whole is damaged, since browsers show no image or a part of it', () => {
  test.each(Object.entries(files))('a %s that is cut off anywhere', (_, bytes) => {
    for (let length = 12; length < bytes.length; length += 1) {
      expect(readImage(bytes.subarray(0, length), limits), `${length} of ${bytes.length} bytes`).toBe('damaged');
    }
  });

  test('a PNG with any one bit changed in its header, in its pixels or at its end', () => {
    const bare = pngOf(png.subarray(8, 33), png.subarray(ofPixels));
    expect(readImage(bare, limits)).toMatchObject({ width: 37 });
    for (let position = 8; position < bare.length; position += 1) {
      expect(readImage(flippedAt(bare, position), limits), `at ${position}`).not.toBeTypeOf('object');
    }
    expect(readImage(flippedAt(png, ofPixels + 20), limits)).toBe('damaged');
  });

  test.each([
    ['a PNG without pixels', Buffer.concat([png.subarray(0, ofPixels), png.subarray(end)])],
    ['a PNG without a width', pngOfSize(0, 10)],
    ['a PNG without a height', pngOfSize(10, 0)],
    ['a PNG that begins with another chunk', pngOf(pngChunk('tEXt', Buffer.alloc(13)), png.subarray(8))],
    ['a PNG with two headers', insertedAt(png, ofPixels, png.subarray(8, 33))],
    ['a JPEG without a frame', Buffer.concat([jpeg.subarray(0, 2), jpeg.subarray(ofScan)])],
    ['a JPEG without a scan', Buffer.concat([jpeg.subarray(0, ofScan), jpeg.subarray(-2)])],
    ['a JPEG whose metadata says that it goes on', insertedAt(jpeg, 2, Buffer.from([0xff, 0xe1, 0xff, 0xff]))],
    ['a JPEG with a segment shorter than its own length', insertedAt(jpeg, 2, Buffer.from([0xff, 0xe1, 0, 1]))],
    ['a WebP of an unknown kind', webpOf(webpChunk('ANIM', Buffer.alloc(20)))],
    ['a WebP without pixels', webpOf(canvasOfWebp(30, 20))],
    ['a WebP with a chunk that is longer than the file', webpOf(lossyWebp.subarray(12, -10))],
  ])('%s', (_, bytes) => {
    expect(readImage(bytes, limits)).toBe('damaged');
  });

  test.each(Object.entries(files))('W4: bytes after the end of a %s are kept and do no harm', (_, file) => {
    const bytes = Buffer.concat([file, Buffer.from('\xff\xd8 a second image, or what a camera leaves', 'latin1')]);
    expect(readImage(bytes, limits)).toMatchObject({ bytes });
  });

  test('W4: a PNG with a damaged chunk that no browser needs is whole', () => {
    const bytes = insertedAt(png, ofPixels, flippedAt(pngChunk('tEXt', Buffer.from('a\0b')), 9));
    expect(readImage(bytes, limits)).toMatchObject({ bytes, width: 37 });
  });
});

describe('the size is that in which browsers show the image', () => {
  const jpegWith = (...data: readonly Buffer[]) =>
    insertedAt(jpeg, 2, ...data.map((tiff) => jpegSegment(0xe1, Buffer.concat([Buffer.from('Exif\0\0'), tiff]))));
  const pngWith = (...data: readonly Buffer[]) =>
    insertedAt(png, ofPixels, ...data.map((tiff) => pngChunk('eXIf', tiff)));
  const isTurned = (bytes: Buffer) => {
    const image = readImage(bytes, limits);
    expect(image).toMatchObject({ bytes });
    return typeof image === 'object' && image.width === 21 && image.height === 37;
  };

  test.each([
    [1, false],
    [2, false],
    [3, false],
    [4, false],
    [5, true],
    [6, true],
    [7, true],
    [8, true],
    [9, false],
    [0, false],
  ])('W4: with the Exif orientation %d', (orientation, expected) => {
    for (const order of ['little-endian', 'big-endian'] as const) {
      expect([order, isTurned(jpegWith(exif(orientation, order)))]).toEqual([order, expected]);
      expect([order, isTurned(pngWith(exif(orientation, order)))]).toEqual([order, expected]);
    }
  });

  test('only an orientation that browsers honour counts', () => {
    const pngExif = pngChunk('eXIf', exif(6));
    const damagedExif = flippedAt(pngExif, pngExif.length - 5);
    const xmp = jpegSegment(0xe1, Buffer.from('http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>'));
    expect(isTurned(insertedAt(jpegWith(exif(6)), 2, xmp)), 'a JPEG with other metadata first').toBe(true);
    expect(isTurned(insertedAt(jpeg, ofFrame, jpegSegment(0xe1, exif(6)))), 'without its name').toBe(false);
    expect(isTurned(jpegWith(exif(6), exif(1))), 'the first of two').toBe(true);
    expect(isTurned(jpegWith(exif(1), exif(6))), 'the second of two').toBe(false);
    expect(isTurned(pngWith(exif(1), exif(6))), 'the second of two').toBe(false);
    expect(isTurned(insertedAt(png, end, pngChunk('eXIf', exif(6)))), 'after the pixels').toBe(false);
    expect(isTurned(insertedAt(png, ofPixels, damagedExif)), 'damaged').toBe(false);
    const webp = webpOf(extendedWebp.subarray(12), webpChunk('EXIF', exif(6)));
    expect(isTurned(flippedAt(webp, 20)), 'in a WebP').toBe(false);
  });

  test('R8: damaged Exif data turns nothing', () => {
    const whole = exif(6);
    for (let length = 0; length < whole.length - 6; length += 1) {
      expect(isTurned(jpegWith(whole.subarray(0, length)))).toBe(false);
    }
    const many = Buffer.from(whole);
    many.writeUInt16LE(0xffff, 8);
    many.writeUInt16LE(0, 34);
    expect(isTurned(jpegWith(many))).toBe(false);
  });
});

describe('S4: limits hold before anything of their size is allocated', () => {
  test('S4: as many pixels as allowed, and none more', () => {
    expect(readImage(pngOfSize(8_000, 5_000), limits)).toMatchObject({ width: 8_000, height: 5_000 });
    expect(readImage(pngOfSize(8_000, 5_001), limits)).toBe('too big');
    expect(readImage(pngOfSize(0xffff_ffff, 0xffff_ffff), limits)).toBe('too big');
    expect(readImage(webpOf(canvasOfWebp(2 ** 24, 2 ** 24)), limits)).toBe('too big');
  });

  test('S4: as many bytes as allowed, and none more', () => {
    expect(readImage(png, { ...limits, UPSTREAM_IMAGE_BYTES: png.length })).toMatchObject({ bytes: png });
    expect(readImage(png, { ...limits, UPSTREAM_IMAGE_BYTES: png.length - 1 })).toBe('too big');
  });

  test('S4: base64 of too many bytes is not decoded', () => {
    const base64 = `${png.toString('base64')}\n`;
    expect(readDecodedImage(decoded(base64, png.length), limits)).toMatchObject({ bytes: png });
    const decode = vi.spyOn(Buffer, 'from');
    onTestFinished(() => void vi.restoreAllMocks());
    expect(readDecodedImage(decoded(base64, png.length - 1), limits)).toBe('too big');
    expect(decode).not.toHaveBeenCalled();
  });
});

describe('base64', () => {
  /** Of a length that needs padding. */
  const padded = Buffer.concat([png, Buffer.alloc(png.length % 3 === 2 ? 2 : 1)]);
  const base64 = padded.toString('base64');

  test.each([
    ['plain', base64],
    ['with line breaks, as MIME has them', base64.replace(/.{76}/g, '$&\r\n')],
    ['with spaces around it', `\n  ${base64}\t\n`],
    ['in the alphabet for URLs', padded.toString('base64url')],
    ['without padding', base64.replace(/=+$/, '')],
    ['as a data: address', `data:image/png;base64,${base64}`],
    ['as a data: address of a wrong type, with parameters', `DATA:text/plain;name="a.png";BASE64,\n${base64}`],
    ['as a data: address without a type', `data:;base64,${base64}`],
  ])('W4: %s gives the same bytes', (_, text) => {
    expect(readDecodedImage(decoded(text), limits)).toMatchObject({ bytes: padded, mediaType: 'image/png' });
  });

  test('W4: a text that is not entirely base64 is not an image', () => {
    for (const text of [`${base64.slice(0, 60)}!${base64.slice(60)}`, '<html>', '', 'data:image/png,%89PNG']) {
      expect(readDecodedImage(decoded(text), limits)).toBe('not an image');
    }
  });
});
