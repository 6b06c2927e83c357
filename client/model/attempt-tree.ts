/** How attempts stand to one another: what one was made from, what was asked for together, what to compare (rule M9). */
import type { Attempt, DiscardedAttempt, Generation } from '../../shared/model.ts';

type Verb = 'Refined' | 'Regenerated';

export type Origin =
  | { readonly verb: Verb; readonly parent: Attempt; readonly state: 'kept' | 'discarded' }
  /** The session no longer keeps the parent. */
  | { readonly verb: Verb; readonly parent?: undefined; readonly state: 'dropped' };

/** Undefined for an attempt that began with nothing but its prompt. */
export function originOf(
  { parent: parentId, feedback }: Attempt,
  attempts: readonly Attempt[],
  discarded: readonly DiscardedAttempt[],
): Origin | undefined {
  if (parentId === undefined) return undefined;
  const verb = feedback === undefined ? 'Regenerated' : 'Refined';
  const kept = findAttempt(attempts, parentId);
  if (kept) return { verb, parent: kept, state: 'kept' };
  const aside = findAttempt(discarded, parentId);
  return aside ? { verb, parent: aside, state: 'discarded' } : { verb, state: 'dropped' };
}

/** Those that one generation brought. */
export function attemptsOf<Any extends Attempt>(
  generation: Pick<Generation, 'generationId'> | undefined,
  attempts: readonly Any[],
): Any[] {
  return attempts.filter(({ image }) => image.generationId === generation?.generationId);
}

/** Those of one ask together, in the order in which they came. */
export function asksOf(attempts: readonly Attempt[]): Attempt[][] {
  return [...Map.groupBy(attempts, ({ image }) => image.generationId).values()];
}

/** The ids of two to compare, the older one first: the opened one and what it was made from, else the one beside it. */
export function pairToCompare(
  attempts: readonly Attempt[],
  openedId: string | undefined,
): [string, string] | undefined {
  const opened = findAttempt(attempts, openedId) ?? attempts.at(-1);
  if (!opened) return undefined;
  const at = attempts.indexOf(opened);
  const other = findAttempt(attempts, opened.parent) ?? attempts[at - 1] ?? attempts[at + 1];
  if (!other) return undefined;
  const [older, newer] = attempts.indexOf(other) < at ? [other, opened] : [opened, other];
  return [older.image.imageId, newer.image.imageId];
}

export function findAttempt<Any extends Attempt>(
  attempts: readonly Any[],
  imageId: string | undefined,
): Any | undefined {
  return attempts.find(({ image }) => image.imageId === imageId);
}

/** Whether the same images stand in the same order. */
export function isSameRow(some: readonly Attempt[], others: readonly Attempt[]): boolean {
  return some.length === others.length && some.every(({ image }, at) => image.imageId === others[at]?.image.imageId);
}
