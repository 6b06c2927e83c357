import { expect, test } from 'vitest';
import { isBlank } from '../../../shared/text.ts';

test.each([
  ['nothing', ''],
  ['white space', ' \t\n\u00a0\u2003\u3000'],
  ['zero-width characters', '\u200b\u200c\u200d\u2060\ufeff'],
  ['bidirectional controls', '\u202e\u2066\u2069\u200f\u061c'],
  ['control characters', '\u0000\u0007\u001b\u0085'],
  ['soft hyphens and joiners of graphemes', '\u00ad\u034f'],
  ['Hangul fillers', '\u115f\u1160\u3164\uffa0'],
  ['a blank Braille pattern, and a blank note', '\u2800\u{1D159}'],
  ['tags and variation selectors', '\u{e0061}\u{e007f}\ufe0f\u{e0100}'],
  ['marks without a letter', '\u0301\u20e3'],
  ['half of a surrogate pair', '\ud83e'],
])('a text of %s is blank', (_of, text) => {
  expect(isBlank(text)).toBe(true);
});

test.each(['a', '0', '!', '“', '+', '🦊', '1️⃣', '👩‍🎨', 'م', '狐', 'ก', '\u200b.\u200b'])('%s is not blank', (text) => {
  expect(isBlank(text)).toBe(false);
});
