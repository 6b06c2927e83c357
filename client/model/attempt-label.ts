/** What an attempt is called. */
import type { Attempt, DiscardedAttempt } from '../../shared/model.ts';
import { originOf } from './attempt-tree.ts';

const FIRST_WORDS = 48;

/** Such as `No. 3`. A server that doesn't number its attempts gets them counted as they stand. */
export function attemptNumber(attempt: Attempt, attempts: readonly Attempt[]): string {
  return `No. ${attempt.number ?? attempts.indexOf(attempt) + 1}`;
}

/** For screen readers: the number, what it shows, where it came from, and whether it is approved. */
export function attemptName(
  attempt: Attempt,
  attempts: readonly Attempt[],
  discarded: readonly DiscardedAttempt[],
  approved: boolean,
): string {
  const origin = originOf(attempt, attempts, discarded);
  const parts = [attemptNumber(attempt, attempts), firstWords(attempt.prompt)];
  if (origin?.parent) parts.push(`${origin.verb.toLowerCase()} from ${attemptNumber(origin.parent, attempts)}`);
  if (approved) parts.push('approved');
  return parts.join(', ');
}

/** The beginning of a text, ended at a word where there is one. */
export function firstWords(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  const characters = [...line];
  if (characters.length <= FIRST_WORDS) return line;
  const cut = characters.slice(0, FIRST_WORDS).join('');
  return `${cut.replace(/\s\S*$/, '').replace(/[\s,.;:]+$/, '')} …`;
}
