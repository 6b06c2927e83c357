import { describe, expect, test } from 'vitest';
import { supported } from '../../client/model/supported-options.ts';
import type { Options } from '../../shared/model.ts';
import { supports } from '../support/supports.ts';

describe('what a server does not know is dropped:', () => {
  const all: Options = { model: 'model-b', size: '2048x1152', quality: 'xhigh', background: 'opaque', format: 'webp' };
  const fine: Options = { ...all, compression: 40, partialImages: 2, candidates: 3 };

  test('what it knows stays', () => expect(supported(fine, supports)).toEqual(fine));
  test('each option that it does not name', () =>
    expect(supported(fine, { candidates: 1, refine: false })).toEqual({}));
  test('each value that it does not name', () =>
    expect(
      supported(fine, {
        models: ['a'],
        sizes: ['512x512'],
        qualities: ['low'],
        backgrounds: [],
        formats: ['png'],
        compression: true,
        partialImages: 1,
        candidates: 2,
        refine: true,
      }),
    ).toEqual({}));
  test('auto stays, since it asks for nothing', () =>
    expect(supported({ size: 'auto', quality: 'auto' }, { candidates: 1, refine: false })).toEqual({
      size: 'auto',
      quality: 'auto',
    }));
  test('a transparent ground under JPEG, and the compression of what is not compressed', () => {
    expect(supported({ format: 'jpeg', background: 'transparent', compression: 9 }, supports)).toEqual({
      format: 'jpeg',
      compression: 9,
    });
    expect(supported({ format: 'png', compression: 9 }, supports)).toEqual({ format: 'png' });
    expect(supported({ compression: 9 }, supports)).toEqual({});
  });
  test('a server that says nothing knows any size, and what pages have always offered', () =>
    expect(supported({ ...fine, size: '1111x2222', quality: 'high' }, undefined)).toEqual({
      size: '1111x2222',
      quality: 'high',
      background: 'opaque',
      format: 'webp',
    }));
});
