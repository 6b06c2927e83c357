/** The generator of the Responses API, connected to a fake OpenAI and a fake clock. */
import { onTestFinished } from 'vitest';
import type { Generator } from '../../server/generators/generator.ts';
import { DEFAULT_IMAGE_MODEL, DEFAULT_MODEL } from '../../server/generators/openai/models.ts';
import { createOpenAIGenerator, type OpenAIOptions } from '../../server/generators/openai/responses-generator.ts';
import { defaultLimits, type Limits } from '../../server/platform/limits.ts';
import { FakeClock } from './fake-clock.ts';
import { type FakeOpenAI, startFakeOpenAI } from './fake-openai.ts';

export const OPENAI_KEY = 'sk-test-Abc123_the-key-itself';

interface Setup {
  readonly fake: FakeOpenAI;
  readonly clock: FakeClock;
  readonly generator: Generator;
}

export async function setUpOpenAI({
  limits,
  ...options
}: Partial<Omit<OpenAIOptions, 'limits'>> & { limits?: Partial<Limits> } = {}): Promise<Setup> {
  const fake = await startFakeOpenAI();
  onTestFinished(() => fake.close());
  const clock = new FakeClock();
  const generator = createOpenAIGenerator({
    apiKey: OPENAI_KEY,
    baseURL: fake.baseURL,
    model: DEFAULT_MODEL,
    imageModel: DEFAULT_IMAGE_MODEL,
    partialImages: 2,
    clock,
    ...options,
    limits: { ...defaultLimits, ...limits },
  });
  return { fake, clock, generator };
}
