/** The generator of the Images API, connected to a fake server and a fake clock. */
import { createCanvas } from '@napi-rs/canvas';
import { onTestFinished } from 'vitest';
import type { Generator } from '../../server/generators/generator.ts';
import { createImagesApiGenerator, type ImagesApiOptions } from '../../server/generators/openai/images-generator.ts';
import { defaultLimits, type Limits } from '../../server/platform/limits.ts';
import { FakeClock } from './fake-clock.ts';
import { type FakeImagesApi, startFakeImagesApi } from './fake-images-api.ts';

export const IMAGES_KEY = 'key-of-the-image-server';

interface Setup {
  readonly fake: FakeImagesApi;
  readonly clock: FakeClock;
  readonly generator: Generator;
}

export async function setUpImagesApi({
  limits,
  ...options
}: Partial<Omit<ImagesApiOptions, 'limits'>> & { limits?: Partial<Limits> } = {}): Promise<Setup> {
  const fake = await startFakeImagesApi();
  onTestFinished(() => fake.close());
  const clock = new FakeClock();
  const generator = createImagesApiGenerator({
    apiKey: IMAGES_KEY,
    baseURL: fake.baseURL,
    canEdit: true,
    clock,
    ...options,
    limits: { ...defaultLimits, ...limits },
  });
  return { fake, clock, generator };
}

/** An image to refine. */
export const parent = { bytes: createCanvas(8, 8).encodeSync('webp'), mediaType: 'image/webp' } as const;
