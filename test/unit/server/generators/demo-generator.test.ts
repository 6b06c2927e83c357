import { execFileSync } from 'node:child_process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import canvasKit from 'canvaskit-wasm/full';
import { describe, expect, test } from 'vitest';
import { createDemoGenerator, type DemoGeneratorOptions } from '../../../../server/generators/demo/demo-generator.ts';
import { createTypesetter } from '../../../../server/generators/demo/lettering.ts';
import { paint as paintFiles } from '../../../../server/generators/demo/painter.ts';
import type { GeneratedImage, GenerateRequest, GeneratorProgress } from '../../../../server/generators/generator.ts';
import { readImage } from '../../../../server/generators/read-image.ts';

const kit = await canvasKit.default();
const size = '256x256';
const limits = { UPSTREAM_IMAGE_BYTES: 10_000_000, UPSTREAM_IMAGE_PIXELS: 10_000_000 };

/** Paints in this thread, which loads CanvasKit once for all tests. */
async function* inThisThread(order: Parameters<typeof paintFiles>[1]) {
  yield* paintFiles(kit, order);
}

async function paint(request: Partial<GenerateRequest>, options: DemoGeneratorOptions = { stepMs: 0 }) {
  const progress: GeneratorProgress[] = [];
  const { image } = await createDemoGenerator({ paint: inThisThread, ...options }).generate(
    { prompt: 'a boat', attempt: 0, options: { size }, ...request },
    { signal: new AbortController().signal, onProgress: (step) => progress.push(step) },
  );
  return { image, progress, partials: progress.flatMap((step) => (step.phase === 'partial' ? [step.image] : [])) };
}

/** Red, green, blue and alpha of every pixel. */
function pixels({ bytes, width, height }: GeneratedImage): Uint8Array {
  const picture = kit.MakeImageFromEncoded(bytes);
  expect([picture?.width(), picture?.height()]).toEqual([width, height]);
  const [colorType, alphaType, colorSpace] = [kit.ColorType.RGBA_8888, kit.AlphaType.Unpremul, kit.ColorSpace.SRGB];
  return new Uint8Array(picture?.readPixels(0, 0, { width, height, colorType, alphaType, colorSpace }) ?? []);
}

/** The part of all channels (0 to 1) that clearly differs. */
function difference(one: GeneratedImage, other: GeneratedImage): number {
  const [a, b] = [pixels(one), pixels(other)];
  return a.filter((value, index) => Math.abs(value - (b[index] ?? 0)) > 24).length / a.length;
}

function recipeOf({ bytes }: GeneratedImage) {
  const recipe = /proofroom-demo-painter (\w+) (\w+) (\d+)/.exec(Buffer.from(bytes).toString('latin1'));
  return { composition: recipe?.[1], palette: recipe?.[2], seed: recipe?.[3] };
}

test('the server loads neither CanvasKit nor a font: painting happens in a thread', () => {
  const script = `
    import { createRequire } from 'node:module';
    const { createDemoGenerator } = await import('./server/generators/demo/demo-generator.ts');
    const context = { signal: new AbortController().signal, onProgress() {} };
    await createDemoGenerator({ stepMs: 0 }).generate({ prompt: '', attempt: 0, options: { size: '16x16' } }, context);
    console.log(Object.keys(createRequire(import.meta.url).cache).length);`;
  expect(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).trim()).toBe('0');
});

test('the same request gives the same bytes, another attempt or prompt clearly another picture', async () => {
  const { image, partials } = await paint({});
  expect(await paint({})).toMatchObject({ image, partials });
  for (const other of [{ attempt: 1 }, { prompt: 'a house' }]) {
    expect(difference(image, (await paint(other)).image)).toBeGreaterThan(0.15);
  }
});

describe('a refinement', () => {
  test.each(['png', 'jpeg', 'webp'] as const)('keeps its %s parent’s composition in other colours', async (format) => {
    const options = { size, format };
    const { image: parent } = await paint({ options });
    const before = Buffer.from(parent.bytes);
    const { image } = await paint({ attempt: 3, parent, feedback: 'nicer', options });
    expect(recipeOf(image)).toEqual({ ...recipeOf(parent), palette: recipeOf(image).palette });
    expect(difference(image, parent)).toBeGreaterThan(0.15);
    expect(before.equals(parent.bytes)).toBe(true);
  });

  test.each([
    ['darker', /midnight|velvet|pine|orchid/],
    ['too dark', /^(?!midnight|velvet|pine|orchid)/],
    ['heller, bitte', /meadow|rose|sunflower|frost/],
    ['warmer', /ember|rose|sunflower|velvet|walnut/],
    ['colder', /harbour|midnight|iris|lagoon|frost/],
    ['make it purple', /iris|orchid/],
  ])('%j chooses the colours', async (feedback, palette) => {
    const { image: parent } = await paint({ prompt: 'charcoal', options: { size: '16x16' } });
    const { image } = await paint({ parent, feedback, attempt: 1, options: { size: '16x16' } });
    expect(recipeOf(image).palette).toMatch(palette);
  });

  test('of an image of another generator starts from the prompt', async () => {
    const parent = { bytes: Buffer.from('proofroom-demo-painter constructor valueOf 1'), mediaType: 'image/png' };
    const { image } = await paint({ prompt: 'hills', parent, feedback: 'pink' });
    expect(recipeOf(image)).toMatchObject({ composition: 'hills', palette: 'rose' });
  });
});

describe('options', () => {
  test.each(['png', 'jpeg', 'webp'] as const)('S6: previews and picture are %s files', async (format) => {
    const { image, partials } = await paint({ options: { size, format } });
    for (const file of [...partials, image]) {
      expect(readImage(file.bytes, limits)).toEqual({ ...file, mediaType: `image/${format}` });
      pixels(file);
    }
  });

  test.each(['auto', '480x320', '2048x256', '64x2048', '10x10'])('the size is %s', async (asked) => {
    const { image } = await paint({ options: { size: asked, partialImages: 0 } });
    expect(`${image.width}x${image.height}`).toBe(asked === 'auto' ? '1024x1024' : asked);
    pixels(image);
  });

  test('a size beyond 2048 pixels is refused in a sentence', async () => {
    const message = expect.stringContaining('up to 2048 by 2048 pixels');
    const failure = { name: 'GenerationFailed', retryable: false, message };
    await expect(paint({ options: { size: '2049x1024' } })).rejects.toMatchObject(failure);
  });

  test.each(['jpeg', 'webp'] as const)('compression makes a %s smaller or better', async (format) => {
    const lengthAt = async (compression: number) =>
      (await paint({ options: { size, format, compression, partialImages: 0 } })).image.bytes.length;
    expect(await lengthAt(0)).toBeLessThan(await lengthAt(60));
    expect(await lengthAt(60)).toBeLessThan(await lengthAt(100));
  });

  test('a transparent background is one in PNG and WebP', async () => {
    for (const [format, alpha] of [
      ['png', 0],
      ['webp', 0],
      ['jpeg', 255],
    ] as const) {
      const { image } = await paint({ options: { size, format, background: 'transparent' } });
      expect(pixels(image)[3]).toBe(alpha);
    }
  });

  test('a higher quality is another picture of the same thing and takes longer', async () => {
    const waits: number[] = [];
    const pictures = [];
    for (const quality of ['low', 'medium', 'high'] as const) {
      const slept: number[] = [];
      const sleep = async (ms: number) => void slept.push(ms);
      pictures.push((await paint({ options: { quality, partialImages: 0 } }, { stepMs: 100, sleep })).image);
      waits.push(slept.reduce((sum, ms) => sum + ms));
    }
    expect(waits).toEqual([160, 400, 640]);
    expect(new Set(pictures.map(({ bytes }) => Buffer.from(bytes).toString('base64'))).size).toBe(3);
    expect(new Set(pictures.map((picture) => recipeOf(picture).seed)).size).toBe(1);
  });
});

test('previews are earlier stages of the picture, each nearer to it', async () => {
  const { progress, partials, image } = await paint({});
  expect(progress.map(({ phase }) => phase)).toEqual(['started', 'drawing', 'partial', 'partial', 'partial']);
  const [first = 0, second = 0, third = 0] = partials.map((partial) => difference(partial, image));
  expect(first).toBeGreaterThan(second);
  expect(second).toBeGreaterThan(third);
  expect(third).toBeGreaterThan(0);
  expect(await paint({ options: { size, partialImages: 1 } })).toMatchObject({ partials: partials.slice(2), image });
});

test('a picture is whole though garbage is collected while it is painted', async () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const paintSlowly = async function* (order: Parameters<typeof paintFiles>[1]) {
    for (const file of paintFiles(kit, order)) {
      yield file;
      collect();
      // CanvasKit frees what was collected in a task of its own.
      await nextTurn();
    }
  };
  const { image } = await paint({}, { stepMs: 0, paint: paintSlowly });
  expect(image).toEqual((await paint({})).image);
});

describe('R2: an abort ends it at once with an AbortError', () => {
  const noSleep = () => Promise.resolve();
  test.each([
    ['before it starts', [], undefined],
    ['while it waits', ['started'], undefined],
    ['while the thread paints', ['started', 'drawing'], noSleep],
    ['after a preview', ['started', 'drawing', 'partial'], noSleep],
  ])('%s', async (_, expected, sleep) => {
    const control = new AbortController();
    const phases: string[] = [];
    const onProgress = ({ phase }: GeneratorProgress) => {
      phases.push(phase);
      if (phase === expected.at(-1)) setImmediate(() => control.abort(new Error('a reason of the caller')));
    };
    if (expected.length === 0) control.abort();
    const painting = createDemoGenerator({ stepMs: 3_600_000, ...(sleep && { sleep }) }).generate(
      { prompt: 'x', attempt: 0, options: { size } },
      { signal: control.signal, onProgress },
    );
    await expect(painting).rejects.toSatisfy((error) => error instanceof DOMException && error.name === 'AbortError');
    expect(phases).toEqual(expected);
  });
});

describe('lettering', () => {
  test.each(['x'.repeat(4_000), 'light on the water '.repeat(211), 'a\ud800b\udfff', ''])(
    'any prompt and feedback give a picture',
    async (prompt) => expect((await paint({ prompt, feedback: prompt })).image.bytes.length).toBeGreaterThan(1_000),
  );

  const { letterable } = createTypesetter(kit);
  test.each([
    ['a\u0000b\n\n c', 'a b c'],
    ['Łódź & Москва, größer', 'Łódź & Москва, größer'],
    ['🦊 a fox on the moon 🌙', 'a fox on the moon'],
    ['Tokyo, not 東京, at night', 'Tokyo, not at night'],
    ['夜の東京、雨に濡れた街', ''],
    ['قطة تجلس على النافذة', ''],
    ['!!!', ''],
  ])('%j is lettered as %j, without boxes for missing letters', (text, lettered) => {
    expect(letterable(text)).toBe(lettered);
  });
});
