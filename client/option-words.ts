/** Options in words: those that were set, and those that differ from another picture's. */
import type { Options } from '../shared/session.ts';

const titles = {
  model: 'Model',
  size: 'Size',
  quality: 'Quality',
  background: 'Background',
  format: 'Format',
  compression: 'Compression',
  partialImages: 'Previews',
  candidates: 'Pictures at once',
} as const satisfies Record<keyof Options, string>;

const fields = Object.keys(titles) as readonly (keyof Options)[];

/** What stands for an option that was left to the generator. */
const AUTOMATIC = 'automatic';

export interface OptionChange {
  readonly title: string;
  readonly before: string;
  readonly after: string;
}

export function optionChanges(before: Options, after: Options): OptionChange[] {
  return fields
    .map((field) => ({ title: titles[field], before: wordsFor(before, field), after: wordsFor(after, field) }))
    .filter((change) => change.before !== change.after);
}

/** Title and value of each option that was not left to the generator. */
export function optionsSet(options: Options): [string, string][] {
  return optionChanges({}, options).map(({ title, after }) => [title, after]);
}

function wordsFor(options: Options, field: keyof Options): string {
  const value = options[field];
  if (field === 'candidates') return String(value ?? 1);
  if (value === undefined || value === 'auto') return AUTOMATIC;
  return field === 'compression' ? `${value} %` : String(value);
}
