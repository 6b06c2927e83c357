import { describe, expect, test } from 'vitest';
import { allowedOptions, OptionChoice } from '../../../../client/model/option-choice.ts';
import type { Generation } from '../../../../shared/model.ts';
import type { Options } from '../../../../shared/options.ts';
import { capabilities } from '../../../support/capabilities.ts';
import { initialInput } from '../../../support/server-messages.ts';

const all: Options = {
  model: 'model-b',
  size: '2048x1152',
  quality: 'xhigh',
  background: 'opaque',
  format: 'webp',
  compression: 40,
  partialImages: 2,
  candidates: 3,
};

describe('allowedOptions', () => {
  test('keeps what the server knows', () => {
    expect(allowedOptions(all, capabilities)).toEqual(all);
  });

  test('drops options that the server does not know', () => {
    expect(allowedOptions(all, { refine: false })).toEqual({});
    expect(allowedOptions({ candidates: 1, partialImages: 0 }, { refine: false })).toEqual({});
  });

  test('drops values that the server does not list', () => {
    const fewer = { models: ['a'], sizes: ['512x512'], qualities: ['low'], backgrounds: [], formats: ['png'] };
    const counts = { compression: true, partialImages: 1, candidates: 2 } as const;
    expect(allowedOptions(all, { ...fewer, ...counts, refine: true })).toEqual({});
  });

  test('keeps any size where the listed ones are suggestions', () => {
    expect(allowedOptions({ size: '1111x2222' }, { sizes: ['512x512'], anySize: true, refine: true })).toEqual({
      size: '1111x2222',
    });
  });

  test('keeps auto, which every server takes', () => {
    const auto = { size: 'auto', quality: 'auto' } as const;
    expect(allowedOptions(auto, { refine: false })).toEqual(auto);
  });

  test('drops a transparent background under JPEG, and a compression without JPEG or WebP', () => {
    const jpeg = { format: 'jpeg', compression: 9 } as const;
    expect(allowedOptions({ ...jpeg, background: 'transparent' }, capabilities)).toEqual(jpeg);
    expect(allowedOptions({ format: 'png', compression: 9 }, capabilities)).toEqual({ format: 'png' });
    expect(allowedOptions({ compression: 9 }, capabilities)).toEqual({});
  });
});

describe('the option choice', () => {
  const generation = (second: number, options: Options): Generation => ({
    generationId: `g${second}`,
    prompt: 'a fox',
    options,
    candidates: 1,
    startedAt: `2026-01-01T00:00:0${second}.000Z`,
  });
  /** After the generation that started at that second. */
  const ended = (second: number, options: Options) => ({
    ...initialInput({ turn: 2 }),
    lastGeneration: generation(second, options),
  });

  test('follows each newer generation, but not its number of candidates', () => {
    const choice = new OptionChoice({ quality: 'low', candidates: 2 });
    choice.update(ended(1, { quality: 'high', candidates: 4 }));
    expect(choice.allowedBy(capabilities)).toEqual({ quality: 'high', candidates: 2 });
  });

  test('holds until a newer generation starts', () => {
    const choice = new OptionChoice({});
    choice.update(ended(1, { quality: 'high' }));
    choice.choose({ quality: 'low' });
    choice.update(ended(1, { quality: 'high' }));
    expect(choice.allowedBy(capabilities)).toEqual({ quality: 'low' });
    choice.update(ended(2, { quality: 'xhigh' }));
    expect(choice.allowedBy(capabilities)).toEqual({ quality: 'xhigh' });
  });

  test('R1: holds over a reload unless a newer generation has started meanwhile', () => {
    const choice = new OptionChoice({});
    choice.update(ended(1, { quality: 'high' }));
    const kept = choice.choose({ quality: 'low' });
    const reloaded = new OptionChoice({ quality: 'high' });
    reloaded.restore(kept);
    reloaded.update(ended(1, { quality: 'high' }));
    expect(reloaded.allowedBy(capabilities)).toEqual({ quality: 'low' });
    reloaded.update(ended(2, { quality: 'xhigh' }));
    expect(reloaded.allowedBy(capabilities)).toEqual({ quality: 'xhigh' });
  });

  test('gives the same object until the choice or the capabilities change', () => {
    const choice = new OptionChoice({ quality: 'low' });
    expect(choice.allowedBy(capabilities)).toBe(choice.allowedBy(capabilities));
    expect(choice.allowedBy({ ...capabilities })).toEqual({ quality: 'low' });
  });
});
