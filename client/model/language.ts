/** Which languages there are, and which one a person reads. */
import { browserStorage } from './browser-storage.ts';
import { LazyPart } from './lazy-part.ts';
import { type CompiledMessages, createTexts, type Texts } from './texts.ts';

type File = () => Promise<{ readonly default: Partial<CompiledMessages> }>;

// The build makes two files of each language.
const firstFiles = import.meta.glob<Awaited<ReturnType<File>>>('../languages/*.ts', { query: '?first' });
const otherFiles = import.meta.glob<Awaited<ReturnType<File>>>('../languages/*.ts', { query: '?rest' });

const tagOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1, -'.ts'.length);

/** By its BCP 47 tag: the texts of each language, first with the sentences of the first screen alone. */
const parts = new Map(
  Object.entries(firstFiles).map(([path, load]) => [tagOf(path), partsOf(tagOf(path), load, otherFiles[path])]),
);

interface Parts {
  readonly first: LazyPart<Texts>;
  /** The same object, with all sentences. */
  readonly whole: LazyPart<Texts>;
}

function partsOf(language: string, loadFirst: File, loadOthers: File | undefined): Parts {
  const messages: Partial<CompiledMessages> = {};
  const texts = createTexts(language, messages);
  const first = new LazyPart(async () => {
    Object.assign(messages, (await loadFirst()).default);
    return texts;
  });
  const whole = new LazyPart(async () => {
    const files = await Promise.all([loadFirst(), loadOthers?.()]);
    for (const file of files) Object.assign(messages, file?.default);
    return texts;
  });
  return { first, whole };
}

/** BCP 47 tags, such as `en`. */
export const languages: readonly string[] = [...parts.keys()];

/** Where no other language fits. */
const DEFAULT = 'en';

/** Loads one of `languages`. Undefined where it can't be loaded; the next call tries again. */
export const loadTexts = (language: string): Promise<Texts | undefined> => partsFor(language).whole.load();

/** The same texts sooner: only the sentences of the first screen are here by then, and the others are empty until `loadTexts` resolves. */
export const loadFirstTexts = (language: string): Promise<Texts | undefined> => partsFor(language).first.load();

/** Whether all sentences are here. */
export const isWhole = ({ language }: Texts): boolean => partsFor(language).whole.part !== undefined;

function partsFor(language: string): Parts {
  const found = parts.get(language);
  if (!found) throw new RangeError(`There is no language ${language}`);
  return found;
}

/** The language's name in itself: `Deutsch`. */
export const languageName = (language: string): string =>
  new Intl.DisplayNames([language], { type: 'language' }).of(language) ?? language;

/** The one of `languages` that comes closest to a tag: `de` for `de-AT`. */
export function languageOf(tag: string | null | undefined): string | undefined {
  for (let rest = tag?.toLowerCase() ?? ''; rest; rest = rest.slice(0, Math.max(0, rest.lastIndexOf('-')))) {
    const known = languages.find((language) => language.toLowerCase() === rest);
    if (known) return known;
  }
  return undefined;
}

/**
 * The texts in the first of these languages that there is: their choice on this site, `inherited` (of the page around), one that
 * their browser asks for, English.
 */
export function preferredLanguage(inherited?: string): string {
  const tags = [browserStorage.language(), inherited, ...navigator.languages];
  return tags.map(languageOf).find((language) => language !== undefined) ?? DEFAULT;
}
