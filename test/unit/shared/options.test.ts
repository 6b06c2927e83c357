import { expect, test } from 'vitest';
import { type Capabilities, type Options, optionNames, optionProblem } from '../../../shared/options.ts';

const capabilities = {
  models: ['one', 'two'],
  sizes: ['1024x1024', '1536x1024'],
  qualities: ['low', 'high'],
  backgrounds: ['opaque', 'transparent'],
  formats: ['png', 'jpeg', 'webp'],
  compression: true,
  partialImages: 2,
  candidates: 2,
  refine: true,
} as const satisfies Capabilities;

const problemIn = (options: Options, known: Capabilities = capabilities): string | undefined =>
  optionNames.map((name) => optionProblem(name, options, known)).find((problem) => problem !== undefined);

const within: readonly Options[] = [
  {},
  { model: 'two', size: '1536x1024', quality: 'low', background: 'opaque', format: 'jpeg', compression: 0 },
  { background: 'transparent' },
  { background: 'transparent', format: 'webp', compression: 100 },
  { partialImages: 2, candidates: 2 },
];

test.each(within)('options within the capabilities are accepted: %j', (options) => {
  expect(problemIn(options)).toBeUndefined();
});

test('auto, no previews and one candidate are accepted by every generator', () => {
  const options: Options = { size: 'auto', quality: 'auto', background: 'auto', partialImages: 0, candidates: 1 };
  expect(problemIn(options, { refine: false })).toBeUndefined();
});

test.each<readonly [option: string, options: Options]>([
  ['model', { model: 'three' }],
  ['size', { size: '64x64' }],
  ['quality', { quality: 'max' }],
  ['background transparent', { background: 'transparent', format: 'jpeg' }],
  ['compression', { compression: 50 }],
  ['compression', { compression: 50, format: 'png' }],
  ['partialImages', { partialImages: 3 }],
  ['candidates', { candidates: 3 }],
])('the sentence names the option %s, which is beyond the capabilities: %j', (option, options) => {
  expect(problemIn(options)).toMatch(new RegExp(`^The (option )?${option}\\b.*\\.$`));
});

test.each(Object.keys(capabilities).filter((name) => name !== 'refine' && name !== 'candidates'))(
  'an option is not offered by a generator without %s',
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
    const { [name as keyof typeof capabilities]: _, ...others } = capabilities;
    expect(problemIn(options, { refine: true, ...others })).toMatch(/is not offered by this server\.$/);
  },
);

test('any size is accepted if sizes are suggestions', () => {
  expect(problemIn({ size: '64x64' }, { ...capabilities, anySize: true })).toBeUndefined();
});

test('the sentence repeats what is offered, not what was requested', () => {
  expect(problemIn({ model: 'a-secret-name' })).toBe(
    'The option model must be one of those that this server offers: one, two.',
  );
});
