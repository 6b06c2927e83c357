import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { diffWords, type TextPart } from '../../../../client/model/word-diff.ts';

/** Such as `A [-misty -][+calm +]lake`. */
const marked = (parts: readonly TextPart[]): string =>
  parts.map(({ kind, text }) => (kind === 'kept' ? text : kind === 'added' ? `[+${text}+]` : `[-${text}-]`)).join('');

describe('diffWords', () => {
  test.each([
    ['the same', 'the same', 'the same'],
    ['A heron by a misty lake', 'A white heron by a calm lake', 'A [+white +]heron by a [-misty -][+calm +]lake'],
    ['one, two, three', 'one, three', 'one, [-two, -]three'],
    ['a bird at noon', 'a bird at noon, in rain', 'a bird at noon[+, in rain+]'],
    ['a  bird\nat noon', 'a bird at noon', 'a bird at noon'],
    ["don't stop the rain", "don't stop the snow", "don't stop the [-rain-][+snow+]"],
    ['湖のほとりの青鷺、朝の光', '湖のほとりの白鷺、夕方の光', '湖のほとりの[-青鷺-][+白鷺+]、[-朝-][+夕方+]の光'],
    ['مالك الحزين على حافة بحيرة', 'مالك الحزين الأبيض على حافة بحيرة', 'مالك الحزين [+الأبيض +]على حافة بحيرة'],
    ['', 'new', '[+new+]'],
    ['A fox in the snow', 'Three boats off a winter coast', '[-A fox in the snow-][+Three boats off a winter coast+]'],
  ])('compares %j with %j by words', (before, after, expected) => {
    expect(marked(diffWords(before, after))).toBe(expected);
  });

  const word = fc.constantFrom(
    ...['a ', 'fox ', 'fox', ' ', '\n', '\r\n', '\u3000', '湖', 'の', '、', '👩‍👩‍👧', '\u200d', '\ud83d', '.'],
  );
  const text = fc.array(word, { maxLength: 12 }).map((words) => words.join(''));

  test('kept and added parts make the new text, kept and removed ones the words of the old text', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const parts = diffWords(before, after);
        const without = (kind: TextPart['kind']) =>
          parts
            .filter((part) => part.kind !== kind)
            .map((part) => part.text)
            .join('');
        expect(without('removed')).toBe(after);
        expect(without('added').replace(/\s/g, '')).toBe(before.replace(/\s/g, ''));
      }),
    );
  });

  test('gives up on two long texts that have nothing in common, and shows one after the other', () => {
    const before = Array.from({ length: 2000 }, (_, at) => `a${at}`).join(' ');
    const after = Array.from({ length: 2000 }, (_, at) => `b${at}`).join(' ');
    expect(diffWords(before, after).map(({ kind }) => kind)).toEqual(['removed', 'added']);
  });
});
