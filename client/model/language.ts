/** Which languages there are, and which one a person reads. */
import { browserStorage } from './browser-storage.ts';
import { type CompiledMessages, createTexts, type Texts } from './texts.ts';

const files = import.meta.glob<{ readonly default: CompiledMessages }>('../languages/*.ts');

const loaders: ReadonlyMap<string, () => Promise<{ readonly default: CompiledMessages }>> = new Map(
  Object.entries(files).map(([path, load]) => [path.slice(path.lastIndexOf('/') + 1, -'.ts'.length), load]),
);

/** BCP 47 tags, such as `en`. */
export const languages: readonly string[] = [...loaders.keys()];

/** Where no other language fits. */
const DEFAULT = 'en';

const loaded = new Map<string, Promise<Texts>>();

/**
 * Loads the file of one of `languages`, once.
 * @throws when it can't be loaded; the next call tries again
 */
export function loadTexts(language: string): Promise<Texts> {
  const texts = loaded.get(language) ?? load(language);
  loaded.set(language, texts);
  texts.catch(() => loaded.delete(language));
  return texts;
}

async function load(language: string): Promise<Texts> {
  const file = loaders.get(language);
  if (!file) throw new RangeError(`There is no language ${language}`);
  return createTexts(language, (await file()).default);
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
