import * as v from 'valibot';
import { expect, test } from 'vitest';
import { createDemoGenerator } from '../../server/generators/demo/demo-generator.ts';
import { isOpenAIImageModel, openAIImageOptions, problemWithOptions } from '../../server/generators/openai/supports.ts';
import { type Options, Supports } from '../../shared/model.ts';

const supports = {
  models: ['one', 'two'],
  sizes: ['1024x1024', '1536x1024'],
  qualities: ['low', 'high'],
  backgrounds: ['opaque', 'transparent'],
  formats: ['png', 'jpeg', 'webp'],
  compression: true,
  partialImages: 2,
  candidates: 2,
  refine: true,
} as const satisfies Supports;

const knowsNothing = { refine: false };

const fine: readonly Options[] = [
  {},
  { model: 'two', size: '1536x1024', quality: 'low', background: 'opaque', format: 'jpeg', compression: 0 },
  { background: 'transparent' },
  { background: 'transparent', format: 'webp', compression: 100 },
  { partialImages: 2, candidates: 2 },
];

const asksForNothing: Options = { size: 'auto', quality: 'auto', background: 'auto', partialImages: 0, candidates: 4 };

/** Each with the option that the sentence has to name. */
const wrong: readonly (readonly [option: string, options: Options])[] = [
  ['model', { model: 'three' }],
  ['size', { size: '64x64' }],
  ['quality', { quality: 'max' }],
  ['background transparent', { background: 'transparent', format: 'jpeg' }],
  ['compression', { compression: 50 }],
  ['compression', { compression: 50, format: 'png' }],
  ['partialImages', { partialImages: 3 }],
  ['candidates', { candidates: 3 }],
];

test.each(fine)('what is offered may be asked for: %j', (options) => {
  expect(problemWithOptions(options, supports)).toBeUndefined();
});

test('auto and no previews ask for nothing, so every generator knows them', () => {
  expect(problemWithOptions(asksForNothing, knowsNothing)).toBeUndefined();
});

test.each(wrong)('%s is named when it is not offered: %j', (option, options) => {
  expect(problemWithOptions(options, supports)).toMatch(new RegExp(`^The (option )?${option}\\b.*\\.$`));
});

test.each(Object.keys(supports).filter((name) => name !== 'refine' && name !== 'candidates'))(
  'a generator that does not know %s is not asked for it',
  (name) => {
    const options: Options = {
      model: 'one',
      size: '1024x1024',
      quality: 'low',
      background: 'opaque',
      format: 'jpeg',
      compression: 80,
      partialImages: 1,
    };
    expect(problemWithOptions(options, supports)).toBeUndefined();
    const { [name as keyof typeof supports]: _, ...others } = supports;
    expect(problemWithOptions(options, { refine: true, ...others })).toMatch(/is not offered by this server\.$/);
  },
);

test('what is asked for is not repeated, only what is offered', () => {
  const problem = problemWithOptions({ model: 'a-secret-name' }, supports);
  expect(problem).toBe('The option model must be one of those that this server offers: one, two.');
});

test('the finest qualities are offered where all of the models have them', () => {
  const fine = openAIImageOptions(['gpt-image-2.6-sunburst', 'gpt-image-2.5-flare-2026-09-08'], undefined).qualities;
  expect(fine).toEqual(['low', 'medium', 'high', 'xhigh', 'max']);
  for (const other of ['gpt-image-2', 'gpt-image-2-2026-04-21', 'gpt-image-1.5', 'an-image-model']) {
    expect(openAIImageOptions(['gpt-image-2.6-flare', other], undefined).qualities).toEqual(['low', 'medium', 'high']);
  }
});

test.each([
  ['gpt-image-2.6-flare', true],
  ['chatgpt-image-latest', true],
  ['dall-e-3', false],
  ['qwen-image', false],
  [undefined, false],
])('%s is one of OpenAI’s current image models: %s', (model, is) => {
  expect(isOpenAIImageModel(model)).toBe(is);
});

test('what the demo painter offers passes the protocol’s schema', () => {
  expect(v.parse(Supports, { ...createDemoGenerator().capabilities, candidates: 4 })).toMatchObject({ refine: true });
});
