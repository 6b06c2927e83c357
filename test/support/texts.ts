/** The texts of a language, for tests of what is made from them. */
import de from '../../client/languages/de.ts';
import en from '../../client/languages/en.ts';
import { type CompiledMessages, createTexts, type Texts } from '../../client/model/texts.ts';

export const english = createTexts('en', en);
export const german = createTexts('de', de);

/** English in brackets: a text without them does not come from the catalogue. */
export const bracketed = pseudo('en-XA', '«', '»');

/** English in the direction of Arabic, each sentence drawn from right to left, to see whether everything is mirrored. */
export const mirrored = pseudo('ar-XB', '\u202E', '\u202C');

function pseudo(language: string, begin: string, end: string): Texts {
  const marked = (message: CompiledMessages[keyof CompiledMessages]) =>
    typeof message === 'string' ? begin + message + end : [begin, ...message, end];
  const messages = Object.entries(en as CompiledMessages).map(([key, message]) => [key, marked(message)]);
  return createTexts(language, Object.fromEntries(messages));
}

/** Without the characters that isolate names in a sentence, which nobody sees. */
export const withoutIsolates = (text: string): string => text.replace(/[\u2068\u2069]/g, '');
