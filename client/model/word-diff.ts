/** What changed from one text to another, word by word. */
// Not from 'diff' itself, of which all the rest would come along.
import { diffArrays } from 'diff/lib/diff/array.js';

export interface TextPart {
  readonly kind: 'kept' | 'removed' | 'added';
  readonly text: string;
}

/** Beyond so many changed words nobody reads a comparison, and working one out takes its time. */
const MOST_CHANGES = 400;
/** Where less than this share of the longer text is kept, the two are better read one after the other. */
const LEAST_KEPT = 0.25;

/**
 * The parts in reading order. Those that are kept or added make exactly the new text; those kept or removed make the old one, but for
 * white space. Words are those of the text's own script, so that one written without spaces is compared by words, too.
 */
export function diffWords(before: string, after: string): TextPart[] {
  if (before === after) return parts([['kept', after]]);
  const changes = diffArrays(wordsOf(before), wordsOf(after), {
    comparator: (one, other) => one.trimEnd() === other.trimEnd(),
    maxEditLength: MOST_CHANGES,
  });
  const kept = changes?.filter(({ added, removed }) => !added && !removed).flatMap(({ value }) => value) ?? [];
  const longer = Math.max(before.length, after.length);
  if (!changes || kept.join('').length < longer * LEAST_KEPT) {
    return parts([
      ['removed', before],
      ['added', after],
    ]);
  }
  return parts(
    changes.map(({ added, removed, value }) => [added ? 'added' : removed ? 'removed' : 'kept', value.join('')]),
  );
}

const parts = (all: readonly (readonly [TextPart['kind'], string])[]): TextPart[] =>
  all.filter(([, text]) => text !== '').map(([kind, text]) => ({ kind, text }));

/** Words and marks, each with the white space after it: a space alone is nothing to find again elsewhere. */
function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: 'word' }).segment(text)) {
    const last = words.at(-1);
    if (last !== undefined && segment.trim() === '') words[words.length - 1] = last + segment;
    else words.push(segment);
  }
  return words;
}
