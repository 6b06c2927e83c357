/** The texts of a language, for tests of what is made from them. */
import de from '../../client/languages/de.ts';
import en from '../../client/languages/en.ts';
import { createTexts } from '../../client/model/texts.ts';

export const english = createTexts('en', en);
export const german = createTexts('de', de);

/** Without the characters that isolate names in a sentence, which nobody sees. */
export const withoutIsolates = (text: string): string => text.replace(/[\u2068\u2069]/g, '');
