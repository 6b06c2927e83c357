/** What people read, in their language. The sentences stand in `client/languages/`, one file for each language. */
import type { GetICUArgs } from '@schummar/icu-type-parser';
import type { CompiledMessage } from 'icu-minify/format';
import format from 'icu-minify/format';

type English = typeof import('../languages/en.ts').default;
export type MessageKey = keyof English;

/** A language's sentences, in ICU MessageFormat: https://unicode-org.github.io/icu/userguide/format_parse/messages/ */
export type Messages = Readonly<Record<MessageKey, string>>;

/** The parameters of a message: numbers for `{count, number}` and plurals, texts for the others. */
type Values<Key extends MessageKey> = GetICUArgs<
  English[Key],
  { ICUArgument: string; ICUNumberArgument: number; ICUDateArgument: Date }
>;

/** The names of the tags in a message: `link` in `See <link>this one</link>`. */
type Tags<Text> = Text extends `${string}</${infer Name}>${infer Rest}` ? Name | Tags<Rest> : never;
type TagHandlers<Key extends MessageKey> = {
  readonly [Name in Tags<English[Key]>]: (content: readonly unknown[]) => unknown;
};

type None = Record<never, never>;
type Arguments<Given> = None extends Given ? [] : [values: Given];

/** One language, ready for use. The same object for as long as the language is the same. */
export interface Texts {
  /** A whole sentence or label. Names and other people's words in it are isolated, so that their direction disturbs nothing around them. */
  <Key extends MessageKey>(key: Key, ...values: Arguments<Values<Key>>): string;
  /** The same for a message with tags: parts for a template, of which each tag is what its function makes of the tag's content. */
  rich<Key extends MessageKey>(key: Key, values: Values<Key> & TagHandlers<Key>): unknown;
  /** Of a key and values that the server sent. @throws where a value is missing */
  filled(key: MessageKey, values: Readonly<Record<string, string | number>>): string;
  /** A BCP 47 tag. */
  readonly language: string;
  readonly direction: 'ltr' | 'rtl';
}

/** As the build makes it of a file in `client/languages/`: a text without parameters stays as it is. */
export type CompiledMessages = Readonly<Record<MessageKey, CompiledMessage>>;

/** @param messages a sentence that is not among them is empty; they may be added later */
export function createTexts(language: string, messages: Readonly<Partial<CompiledMessages>>): Texts {
  const direction = directionOf(language);
  const formatted = (key: MessageKey, values: object = {}): unknown => {
    const message = messages[key] ?? '';
    const isolates = direction === 'rtl' || Object.values(values).some(mayTurn);
    if (isolates) return format<unknown>(message, language, { ...values }, { formatters });
    const handlers = Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'function' ? (content: unknown[]) => value(content.map(withoutIsolates)) : value,
    ]);
    const parts = format<unknown>(message, language, Object.fromEntries(handlers), { formatters });
    return Array.isArray(parts) ? parts.map(withoutIsolates) : withoutIsolates(parts);
  };
  const text = (key: MessageKey, values?: object) => String(formatted(key, values));
  return Object.assign(text, { rich: formatted, filled: text, language, direction });
}

/** Makes each once: it takes longer than to format with it. */
function once<Options extends unknown[], Made>(make: (...options: Options) => Made): (...options: Options) => Made {
  const made = new Map<string, Made>();
  return (...options) => {
    const key = JSON.stringify(options);
    const one = made.get(key) ?? make(...options);
    made.set(key, one);
    return one;
  };
}

const formatters = {
  getDateTimeFormat: once(
    (...options: ConstructorParameters<typeof Intl.DateTimeFormat>) => new Intl.DateTimeFormat(...options),
  ),
  getNumberFormat: once(
    (...options: ConstructorParameters<typeof Intl.NumberFormat>) => new Intl.NumberFormat(...options),
  ),
  getPluralRules: once(
    (...options: ConstructorParameters<typeof Intl.PluralRules>) => new Intl.PluralRules(...options),
  ),
};

/** Whether a value has characters that are read from right to left, or that set a direction. */
const mayTurn = (value: unknown): boolean =>
  typeof value === 'string' &&
  /[\u0590-\u08FF\u200E\u200F\u202A-\u202E\u2066-\u2069\uFB1D-\uFDFF\uFE70-\uFEFC\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u.test(
    value,
  );

/** The build isolates each text that is filled in. Where all is read from left to right, that changes nothing but what is copied. */
export const withoutIsolates = (part: unknown): unknown =>
  typeof part === 'string' ? part.replace(/[\u2068\u2069]/g, '') : part;

const rightToLeft = new Set(['arab', 'hebr', 'syrc', 'thaa', 'nkoo', 'adlm', 'rohg', 'mand', 'samr']);

/** By the language's usual script: Firefox has no `Intl.Locale.prototype.getTextInfo`. */
const directionOf = (language: string): 'ltr' | 'rtl' =>
  rightToLeft.has(new Intl.Locale(language).maximize().script?.toLowerCase() ?? '') ? 'rtl' : 'ltr';
