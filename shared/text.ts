/** What people can see of a text. */

/** Characters that take no ink although Unicode counts them as letters or symbols: Hangul fillers, a blank Braille pattern … */
const INVISIBLE = String.raw`\p{Default_Ignorable_Code_Point}\u{2800}\u{1D159}`;
/** Every character that nobody sees: controls, those of writing direction, and halves of surrogate pairs are among them. */
export const invisible = new RegExp(String.raw`[${INVISIBLE}\p{Cc}\p{Cf}\p{Cs}\p{Co}]`, 'gu');
const visible = new RegExp(String.raw`(?![${INVISIBLE}])[\p{L}\p{N}\p{P}\p{S}]`, 'u');

/** Whether there is nothing in the text that people see: no letter, number, punctuation mark, symbol or emoji. */
export const isBlank = (text: string): boolean => !visible.test(text);
