import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { createCanvas, loadImage } from '@napi-rs/canvas';
import { describe, expect, test } from 'vitest';
import { type FamilyName, familyNames } from '../../server/generate/demo/families/index.ts';
import { letterable } from '../../server/generate/demo/lettering.ts';
import { readRecipe, writeRecipe } from '../../server/generate/demo/recipe.ts';
import { createDemoPainter } from '../../server/generators/demo/demo-generator.ts';
import type { GeneratedImage, GenerateRequest, GeneratorProgress } from '../../server/generators/generator.ts';

const size = '256x256';
/** A word for each family that no other family listens to. */
const asking: Readonly<Record<FamilyName, string>> = {
  hills: 'hills',
  sea: 'sea',
  forest: 'forest',
  city: 'city',
  geometry: 'bauhaus',
  ribbons: 'ribbon',
  circles: 'planet',
  'paper-cut': 'paper',
  vessels: 'vase',
  portrait: 'portrait',
};
const atOnce = () => Promise.resolve();

interface Painted {
  readonly image: GeneratedImage;
  readonly progress: readonly GeneratorProgress[];
  readonly partials: readonly GeneratedImage[];
}

async function paint(request: Partial<GenerateRequest>, signal = new AbortController().signal): Promise<Painted> {
  const progress: GeneratorProgress[] = [];
  const painter = createDemoPainter({ sleep: atOnce });
  const { image } = await painter.generate(
    { prompt: 'a boat', attempt: 0, options: { size }, ...request },
    { signal, onProgress: (step) => progress.push(step) },
  );
  return { image, progress, partials: progress.flatMap((step) => (step.phase === 'partial' ? [step.image] : [])) };
}

const digest = ({ bytes }: GeneratedImage) => createHash('sha256').update(bytes).digest('hex');

async function pixels({ bytes, width, height }: GeneratedImage): Promise<Uint8ClampedArray> {
  const picture = await loadImage(Buffer.from(bytes));
  expect([picture.width, picture.height]).toEqual([width, height]);
  const ctx = createCanvas(width, height).getContext('2d');
  ctx.drawImage(picture, 0, 0);
  return ctx.getImageData(0, 0, width, height).data;
}

/** The part of all channels (0 to 1) that differs by more than grain does. */
async function difference(one: GeneratedImage, other: GeneratedImage): Promise<number> {
  const [a, b] = [await pixels(one), await pixels(other)];
  return a.filter((value, index) => Math.abs(value - (b[index] ?? 0)) > 24).length / a.length;
}

describe('the same again, or another one', () => {
  test('same prompt and attempt, same bytes, whichever painter paints', async () => {
    const [one, other] = await Promise.all([paint({}), paint({})]);
    expect(digest(one.image)).toBe(digest(other.image));
    expect(one.partials.map(digest)).toEqual(other.partials.map(digest));
  });

  test.each(['a boat', 'something', 'Tokyo at night', ''])(
    'another attempt is clearly another picture: %j',
    async (prompt) => {
      const [first, second] = await Promise.all([paint({ prompt, attempt: 0 }), paint({ prompt, attempt: 1 })]);
      expect(await difference(first.image, second.image)).toBeGreaterThan(0.15);
    },
  );

  test('another prompt is another picture', async () => {
    const [one, other] = await Promise.all([paint({ prompt: 'one thing' }), paint({ prompt: 'another thing' })]);
    expect(await difference(one.image, other.image)).toBeGreaterThan(0.15);
  });

  test('prompt and feedback are lettered under it: more words, more ink', async () => {
    const side = 800;
    const ink = async (prompt: string, feedback?: string) => {
      const { image } = await paint({ prompt, options: { size: `${side}x${side}` }, ...(feedback && { feedback }) });
      // The left half of the sheet's foot: below the plate, which feedback makes room under, and beside the stamp.
      const rows = feedback === undefined ? 72 : 100;
      const foot = Array.from((await pixels(image)).slice(-side * 4 * rows)).filter(
        (_, at) => at % 4 === 0 && (at / 4) % side < side / 2,
      );
      return foot.filter((red) => red < 150).length;
    };
    const [none, short, long, refined] = [
      await ink('!'),
      await ink('a boat'),
      await ink('a boat on the evening sea'),
      await ink('a boat', 'warmer light'),
    ];
    expect(short).toBeGreaterThan(0);
    expect(none).toBeGreaterThan(0);
    expect(long).toBeGreaterThan(short * 2);
    expect(refined).toBeGreaterThan(short * 1.5);
  });
});

describe('a refinement', () => {
  test.each(['png', 'jpeg', 'webp'] as const)(
    'changes visibly and keeps the composition of its %s parent',
    async (format) => {
      const options = { size, format };
      const { image } = await paint({ prompt: 'something', options });
      const parent = { bytes: image.bytes, mediaType: image.mediaType };
      const refined = await paint({ prompt: 'something', attempt: 3, parent, feedback: 'make it darker', options });
      const before = readRecipe(image.bytes);
      const after = readRecipe(refined.image.bytes);
      expect(before).toBeDefined();
      expect(after).toMatchObject({ family: before?.family, layoutSeed: before?.layoutSeed });
      expect(after?.palette).not.toBe(before?.palette);
      expect(await difference(image, refined.image)).toBeGreaterThan(0.15);
    },
  );

  test('other feedback on the same parent is another picture', async () => {
    const { image } = await paint({});
    const parent = { bytes: image.bytes, mediaType: image.mediaType };
    const refine = (feedback: string) => paint({ parent, feedback, attempt: 1 });
    const [one, other] = await Promise.all([refine('make it night'), refine('more yellow')]);
    expect(digest(one.image)).not.toBe(digest(other.image));
  });

  test('W4: the bytes of the parent are left as they are', async () => {
    const { image } = await paint({});
    const before = digest(image);
    await paint({ parent: { bytes: image.bytes, mediaType: image.mediaType }, feedback: 'warmer', attempt: 1 });
    expect(digest(image)).toBe(before);
  });

  test.each([...'\0 09afz;'])('finds the recipe whichever byte follows it: %j', (byte) => {
    const recipe = { family: 'hills', palette: 'ember', layoutSeed: '0123abcd' } as const;
    expect(readRecipe(Buffer.from(`\x89PNG${writeRecipe(recipe)}${byte}`, 'latin1'))).toEqual(recipe);
  });

  test.each([
    ['no image at all', ''],
    ['a recipe cut short', 'proofroom-demo-painter hills'],
    ['an unknown family', 'proofroom-demo-painter constructor ember 00000000;'],
    ['an unknown palette', 'proofroom-demo-painter hills valueof 00000000;'],
  ])('paints from the prompt when the parent holds no recipe: %s', async (_, content) => {
    const parent = { bytes: Buffer.from(content), mediaType: 'image/png' } as const;
    expect(readRecipe(parent.bytes)).toBeUndefined();
    expect((await paint({ parent, feedback: 'warmer' })).image.bytes.length).toBeGreaterThan(0);
  });
});

describe('options', () => {
  const signatures = {
    png: ['image/png', /^89504e470d0a1a0a/],
    jpeg: ['image/jpeg', /^ffd8ffe0/],
    webp: ['image/webp', /^52494646.{8}57454250/],
  } as const;

  test.each(['png', 'jpeg', 'webp'] as const)('%s is really that, partials too', async (format) => {
    const { image, partials } = await paint({ options: { size, format } });
    const [mediaType, signature] = signatures[format];
    for (const one of [...partials, image]) {
      expect(one.mediaType).toBe(mediaType);
      expect(Buffer.from(one.bytes).toString('hex', 0, 16)).toMatch(signature);
      await pixels(one);
    }
  });

  test('the recipe leaves the PNG whole: every chunk has its checksum', async () => {
    const png = Buffer.from((await paint({})).image.bytes);
    const names: string[] = [];
    for (let start = 8; start < png.length; start += png.readUInt32BE(start) + 12) {
      const end = start + 8 + png.readUInt32BE(start);
      names.push(png.toString('latin1', start + 4, start + 8));
      expect(png.readUInt32BE(end)).toBe(crc32(png.subarray(start + 4, end)));
    }
    expect(names.slice(0, 2)).toEqual(['IHDR', 'tEXt']);
    expect(names.at(-1)).toBe('IEND');
  });

  test.each(['opaque', 'transparent'] as const)(
    'the recipe leaves the WebP whole: lengths, flags and size agree, %s',
    async (background) => {
      const { image } = await paint({ options: { size: '300x260', format: 'webp', background } });
      const webp = Buffer.from(image.bytes);
      const names: string[] = [];
      for (
        let start = 12;
        start < webp.length;
        start += 8 + webp.readUInt32LE(start + 4) + (webp.readUInt32LE(start + 4) % 2)
      ) {
        names.push(webp.toString('latin1', start, start + 4));
      }
      expect(webp.readUInt32LE(4)).toBe(webp.length - 8);
      expect(names).toEqual(
        background === 'opaque' ? ['VP8X', 'ICCP', 'VP8 ', 'XMP '] : ['VP8X', 'ICCP', 'ALPH', 'VP8 ', 'XMP '],
      );
      expect(webp.readUInt8(20)).toBe(background === 'opaque' ? 0x24 : 0x34);
      expect([webp.readUIntLE(24, 3) + 1, webp.readUIntLE(27, 3) + 1]).toEqual([300, 260]);
    },
  );

  test('is a PNG of 1024 by 1024 pixels by default, of a size that a chat would take', async () => {
    const { image } = await paint({ options: {} });
    expect(image).toMatchObject({ mediaType: 'image/png', width: 1024, height: 1024 });
    expect(image.bytes.length).toBeGreaterThan(300_000);
    expect(image.bytes.length).toBeLessThan(2_200_000);
    await pixels(image);
  });

  test.each(['480x320', '320x480', '2048x256', '256x2048', '10x10', '640x64'])(
    'is %s pixels when asked',
    async (asked) => {
      const { image } = await paint({ options: { size: asked } });
      expect(`${image.width}x${image.height}`).toBe(asked);
      await pixels(image);
    },
  );

  test.each(['2049x1024', '1024x9999'])('says plainly that %s is too big', async (asked) => {
    const failure = {
      name: 'GenerationFailed',
      code: 'provider_error',
      retryable: false,
      message: /2048 by 2048 pixels/,
    };
    await expect(paint({ options: { size: asked } })).rejects.toMatchObject({
      ...failure,
      message: expect.stringMatching(failure.message),
    });
  });

  test('low, medium and high quality are clearly three pictures of the same thing', async () => {
    const painted = await Promise.all(
      (['low', 'medium', 'high'] as const).map(async (quality) => {
        const { image } = await paint({ prompt: 'bauhaus', options: { size: '512x512', quality } });
        return image;
      }),
    );
    const [low, medium, high] = painted;
    if (!low || !medium || !high) throw new Error('three were painted');
    expect(await difference(low, medium)).toBeGreaterThan(0.03);
    expect(await difference(medium, high)).toBeGreaterThan(0.03);
    expect(new Set(painted.map(({ bytes }) => readRecipe(bytes)?.layoutSeed)).size).toBe(1);
  });

  test('the lower the quality, the sooner it is done', async () => {
    const waits: number[] = [];
    for (const quality of ['low', 'medium', 'high'] as const) {
      let slept = 0;
      const sleep = async (ms: number) => {
        slept += ms;
      };
      const painter = createDemoPainter({ stepMs: 100, sleep });
      const context = { signal: new AbortController().signal, onProgress: () => {} };
      await painter.generate({ prompt: 'x', attempt: 0, options: { size, quality } }, context);
      waits.push(Math.round(slept));
    }
    expect(waits).toEqual([160, 400, 640]);
  });

  test.each(['jpeg', 'webp'] as const)('compression makes a %s smaller or better', async (format) => {
    const bytesAt = async (compression: number) =>
      (await paint({ options: { size, format, compression } })).image.bytes.length;
    const [least, some, most] = [await bytesAt(0), await bytesAt(60), await bytesAt(100)];
    expect(least).toBeLessThan(some);
    expect(some).toBeLessThan(most);
  });

  test('fewer previews are shown when asked for, and those are the last ones', async () => {
    const all = await paint({});
    for (const partialImages of [0, 1, 2, 3]) {
      const { partials } = await paint({ options: { size, partialImages } });
      expect(partials.map(digest)).toEqual(all.partials.map(digest).slice(3 - partialImages));
    }
  });

  test.each(['png', 'webp'] as const)('a transparent background is one, as %s', async (format) => {
    const { image } = await paint({ options: { size, format, background: 'transparent' } });
    const data = await pixels(image);
    expect(data[3]).toBe(0);
    expect(data[(128 * 256 + 128) * 4 + 3]).toBe(255);
  });

  test('JPEG has no transparency, so there the picture stays on its paper', async () => {
    const { image } = await paint({ options: { size, format: 'jpeg', background: 'transparent' } });
    expect((await pixels(image))[0]).toBeGreaterThan(220);
  });
});

describe('drawn in steps', () => {
  test('started, drawing, three partials that differ, then the final image', async () => {
    const { progress, partials, image } = await paint({});
    expect(progress.map(({ phase }) => phase)).toEqual(['started', 'drawing', 'partial', 'partial', 'partial']);
    expect(new Set([...partials, image].map(digest)).size).toBe(4);
  });

  test('is the same picture becoming itself: each step is nearer to the final image', async () => {
    const { partials, image } = await paint({ prompt: 'portrait of a woman' });
    const [ground = 0, shapes = 0, details = 0] = await Promise.all(
      partials.map((partial) => difference(partial, image)),
    );
    expect(ground).toBeGreaterThan(shapes);
    expect(shapes).toBeGreaterThan(details);
  });

  test('takes four steps of the given length in all', async () => {
    const slept: number[] = [];
    const painter = createDemoPainter({ stepMs: 100, sleep: (ms) => Promise.resolve(void slept.push(ms)) });
    const context = { signal: new AbortController().signal, onProgress: () => {} };
    await painter.generate({ prompt: 'x', attempt: 0, options: { size } }, context);
    expect(slept.reduce((sum, ms) => sum + ms)).toBe(400);
  });

  test.each(familyNames)('every family paints, sparse and rich, on paper and cut out: %s', async (family) => {
    const prompt = asking[family];
    const sparse = await paint({ prompt: `${prompt}, less`, options: { size, quality: 'low' } });
    const rich = await paint({
      prompt: `${prompt}, more`,
      options: { size, quality: 'max', background: 'transparent' },
    });
    for (const { image, partials } of [sparse, rich]) {
      expect(readRecipe(image.bytes)?.family).toBe(family);
      expect(new Set([...partials, image].map(digest)).size).toBe(4);
    }
  });
});

describe('R2: an abort ends it at once, with an AbortError', () => {
  test('before the first step nothing is said', async () => {
    const progress: GeneratorProgress[] = [];
    const context = { signal: AbortSignal.abort(), onProgress: (step: GeneratorProgress) => progress.push(step) };
    const request = { prompt: 'x', attempt: 0, options: { size } };
    await expect(createDemoPainter({ sleep: atOnce }).generate(request, context)).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(progress).toEqual([]);
  });

  test.each([1, 2, 3, 4, 5])('while sleep number %i never ends', async (number) => {
    const control = new AbortController();
    const phases: string[] = [];
    let sleeps = 0;
    const sleep = () => {
      sleeps += 1;
      if (sleeps < number) return Promise.resolve();
      queueMicrotask(() => control.abort());
      return new Promise<void>(() => {});
    };
    const context = { signal: control.signal, onProgress: ({ phase }: GeneratorProgress) => phases.push(phase) };
    const painting = createDemoPainter({ sleep }).generate({ prompt: 'x', attempt: 0, options: { size } }, context);
    await expect(painting).rejects.toSatisfy((error) => error instanceof DOMException && error.name === 'AbortError');
    expect(phases).toHaveLength(number);
  });

  test.each(['started', 'drawing', 'partial'] as const)('when %s is told', async (phase) => {
    const control = new AbortController();
    const phases: string[] = [];
    const context = {
      signal: control.signal,
      onProgress: (step: GeneratorProgress) => {
        phases.push(step.phase);
        if (step.phase === phase) control.abort(new Error('a reason of the caller'));
      },
    };
    const painting = createDemoPainter({ sleep: atOnce }).generate(
      { prompt: 'x', attempt: 0, options: { size } },
      context,
    );
    await expect(painting).rejects.toMatchObject({ name: 'AbortError' });
    expect(phases.at(-1)).toBe(phase);
  });

  test('the sleep that comes with it hears the signal', async () => {
    const control = new AbortController();
    const context = { signal: control.signal, onProgress: () => control.abort() };
    const painting = createDemoPainter({ stepMs: 3_600_000 }).generate(
      { prompt: 'x', attempt: 0, options: { size } },
      context,
    );
    await expect(painting).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('odd prompts', () => {
  test.each([
    ['emoji', '🦊🚀👩‍👩‍👧‍👦'],
    ['4,000 characters without a space', 'x'.repeat(4_000)],
    ['4,000 characters of words', 'light on the water '.repeat(211)],
    ['emoji cut in two by the limit', '🦊'.repeat(2_000)],
    ['right to left', 'قطة تجلس على النافذة في المطر'],
    ['control characters', 'a\u0000b\u0007c\u001b[31m\u202e\u2028d'],
    ['lone surrogates', 'a\ud800b\udfff'],
    ['white space', ' \t\n '],
    ['nothing', ''],
    ['combining marks', `e${'\u0301'.repeat(500)}`],
    ['no letters', '!!! --- ???'],
    ['names that objects have', 'constructor __proto__ toString'],
  ])('%s', async (_, prompt) => {
    const { image } = await paint({ prompt, feedback: prompt });
    await pixels(image);
  });

  test.each([
    ['a\u0000b\n\n c', 'a b c'],
    ['Łódź, Αθήνα, Москва, Việt Nam', 'Łódź, Αθήνα, Москва, Việt Nam'],
    ['a\u202eb\u200bc', 'abc'],
    ['half \ud83e', 'half'],
    ['mountain \u{1d2fe}\u{1d2ff}', 'mountain'],
    ['\u{16e40}\u{16e41} peak', '… peak'],
    ['!!!', ''],
    ['', ''],
  ])('%j is lettered as %j', (text, line) => {
    // Loads the fonts.
    createDemoPainter();
    expect(letterable(text)).toBe(line);
  });

  test('a long prompt is lettered in part, and says so', () => {
    expect(letterable('word '.repeat(800)).endsWith('…')).toBe(true);
    expect(letterable('word '.repeat(800)).length).toBeLessThan(750);
  });
});
