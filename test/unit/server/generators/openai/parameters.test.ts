import { expect, test } from 'vitest';
import { parametersOf } from '../../../../../server/generators/openai/parameters.ts';
import { type Options, optionNames, optionRow } from '../../../../../shared/options.ts';

test('every option with a parameter in the table is sent, under that name, if it is set', () => {
  const options: Options = {
    candidates: 2,
    model: 'a-model',
    size: '64x48',
    quality: 'low',
    format: 'jpeg',
    background: 'auto',
    compression: 0,
    partialImages: 0,
  };
  const inTable = optionNames.flatMap((name) => optionRow(name).parameter ?? []);
  expect(Object.keys(parametersOf(options)).toSorted()).toEqual(inTable.toSorted());
  expect(parametersOf(options)).toMatchObject({ output_format: 'jpeg', output_compression: 0, partial_images: 0 });
  expect(parametersOf({})).toEqual({});
});
