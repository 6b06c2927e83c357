import { expect, test } from 'vitest';
import { checkImage } from '../../../client/session/image-check.ts';

const TYPES = ['image/png', 'image/jpeg', 'image/webp'] as const;

/** A picture with something in every corner, as a file of that type. */
async function paintFile(type: string): Promise<Uint8Array<ArrayBuffer>> {
  const canvas = new OffscreenCanvas(300, 200);
  const context = canvas.getContext('2d') ?? expect.fail('This browser draws nothing.');
  for (let at = 0; at < 300; at += 4) {
    context.fillStyle = `hsl(${at} 60% ${20 + (at % 60)}%)`;
    context.fillRect(at, (at * 7) % 150, 4, 50);
  }
  return new Uint8Array(await (await canvas.convertToBlob({ type })).arrayBuffer());
}

async function check(bytes: Uint8Array<ArrayBuffer>, type: string) {
  const blob = new Blob([bytes], { type });
  const url = URL.createObjectURL(blob);
  const problem = await checkImage(url, blob);
  URL.revokeObjectURL(url);
  return problem;
}

test.each(TYPES)('a whole file (%s) can be shown', async (type) => {
  expect(await check(await paintFile(type), type)).toBeUndefined();
});

test.each(TYPES)('S10: a file that is cut short (%s) cannot, though an <img> loads it', async (type) => {
  const bytes = await paintFile(type);
  expect(await check(bytes.subarray(0, bytes.length * 0.6), type)).toBe('undecodable');
  expect(await check(bytes.subarray(0, 60), type)).toBe('undecodable');
});

test('S10: a PNG with a flipped byte in its pixels cannot be shown', async () => {
  const bytes = await paintFile('image/png');
  bytes.set([(bytes[bytes.length >> 1] ?? 0) ^ 0xff], bytes.length >> 1);
  expect(await check(bytes, 'image/png')).toBe('undecodable');
});
