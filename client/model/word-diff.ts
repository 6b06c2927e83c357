/** What changed from one text to another, word by word. */
// By its path: the entry of the package would bring all of its other algorithms into the bundle.
import { diffArrays } from 'diff/lib/diff/array.js';

export interface TextPart {
  readonly kind: 'kept' | 'removed' | 'added';
  readonly text: string;
}

/** A comparison with more changed words is unreadable, and takes long to compute. */
const MOST_CHANGES = 400;
/** If a smaller share of the longer text is kept, the two texts are shown one after the other. */
const LEAST_KEPT = 0.25;

/**
 * The parts in reading order. Kept and added parts make exactly the new text; kept and removed ones make the old text, except for its
 * white space. Words are found by the rules of their script, so that Japanese, say, is compared by words, too.
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

/** Words and punctuation marks, each with the white space after it, so that no space is matched on its own. */
function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: 'word' }).segment(text)) {
    const last = words.at(-1);
    if (last !== undefined && segment.trim() === '') words[words.length - 1] = last + segment;
    else words.push(segment);
  }
  return words;
}
