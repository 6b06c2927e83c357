/** Options in words: those that were set, and those that differ from another picture's. */
import type { Options } from '../../shared/model.ts';

export const optionTitles = {
  model: 'Model',
  size: 'Size',
  quality: 'Quality',
  background: 'Background',
  format: 'Format',
  compression: 'Compression',
  partialImages: 'Previews',
  candidates: 'Pictures at once',
} as const satisfies Record<keyof Options, string>;

const fields = Object.keys(optionTitles) as readonly (keyof Options)[];

/** What stands for an option that was left to the generator. */
export const AUTOMATIC = 'Automatic';

/** Values that have a name of their own; all others are shown as they are. */
const names: ReadonlyMap<string, string> = new Map([
  ['1024x1024', 'Square'],
  ['1536x1024', 'Landscape'],
  ['1024x1536', 'Portrait'],
  ['low', 'Low'],
  ['medium', 'Medium'],
  ['high', 'High'],
  ['xhigh', 'Extra high'],
  ['max', 'Highest'],
  ['opaque', 'Opaque'],
  ['transparent', 'Transparent'],
  ['png', 'PNG'],
  ['jpeg', 'JPEG'],
  ['webp', 'WebP'],
]);

export const valueName = (value: string): string => names.get(value) ?? value;

export interface OptionChange {
  readonly title: string;
  readonly before: string;
  readonly after: string;
}

export function optionChanges(before: Options, after: Options): OptionChange[] {
  return fields
    .map((field) => ({ title: optionTitles[field], before: wordsFor(before, field), after: wordsFor(after, field) }))
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
  return field === 'compression' ? `${value} %` : valueName(String(value));
}

/** What was chosen, in a few words each; `usualModel` is what draws where nobody chooses. */
export function chosenWords(options: Options, usualModel: string): string[] {
  const { candidates = 1, model, size, quality, background, format, compression, partialImages } = options;
  const named = [model === usualModel ? undefined : model, size, quality, background, format].filter(
    (value) => value !== undefined && value !== 'auto',
  );
  return [
    ...(candidates > 1 ? [`${candidates} pictures`] : []),
    ...named.map((value) => valueName(String(value))),
    ...(compression === undefined ? [] : [`Compression ${compression}`]),
    ...(partialImages === undefined ? [] : [previewWords(partialImages)]),
  ];
}

const previewWords = (count: number): string =>
  count === 0 ? 'No previews' : `${count} preview${count === 1 ? '' : 's'}`;

/** What to know before asking for several at once, where pictures cost something. */
export const billingWords = ({ candidates = 1 }: Options, isFree: boolean): string =>
  isFree || candidates === 1 ? '' : 'Each picture is billed by itself.';
