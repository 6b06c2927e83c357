/** How the attempts of a session relate: which one was made from which, and which belong to one generation (rule M9). */
import type { Attempt, DiscardedAttempt, Generation } from '../../shared/model.ts';

type Verb = 'refined' | 'regenerated';

export type Origin =
  | { readonly verb: Verb; readonly parent: Attempt; readonly state: 'kept' | 'discarded' }
  /** The session no longer keeps the parent. */
  | { readonly verb: Verb; readonly parent?: undefined; readonly state: 'dropped' };

/** Undefined for an attempt that was made from its prompt alone. */
export function originOf(
  { parent: parentId, feedback }: Attempt,
  attempts: readonly Attempt[],
  discarded: readonly DiscardedAttempt[],
): Origin | undefined {
  if (parentId === undefined) return undefined;
  const verb = feedback === undefined ? 'regenerated' : 'refined';
  const kept = findAttempt(attempts, parentId);
  if (kept) return { verb, parent: kept, state: 'kept' };
  const parent = findAttempt(discarded, parentId);
  return parent ? { verb, parent, state: 'discarded' } : { verb, state: 'dropped' };
}

export function findAttempt<Any extends Attempt>(
  attempts: readonly Any[],
  imageId: string | undefined,
): Any | undefined {
  return attempts.find(({ image }) => image.imageId === imageId);
}

/** The attempts of one generation. */
export function attemptsOf<Any extends Attempt>(
  generation: Pick<Generation, 'generationId'> | undefined,
  attempts: readonly Any[],
): Any[] {
  return attempts.filter(({ image }) => image.generationId === generation?.generationId);
}

/** The attempts of the generation that brought the newest one. */
export const newestAttempts = (attempts: readonly Attempt[]): Attempt[] => attemptsOf(attempts.at(-1)?.image, attempts);

/** One group for each generation, in order. */
export function groupByGeneration(attempts: readonly Attempt[]): Attempt[][] {
  return [...Map.groupBy(attempts, ({ image }) => image.generationId).values()];
}

/** The ids of two attempts to compare, the older one first: the selected one and its parent, or else its neighbour. */
export function pairToCompare(
  attempts: readonly Attempt[],
  selectedId: string | undefined,
): [string, string] | undefined {
  const selected = findAttempt(attempts, selectedId) ?? attempts.at(-1);
  if (!selected) return undefined;
  const at = attempts.indexOf(selected);
  const other = findAttempt(attempts, selected.parent) ?? attempts[at - 1] ?? attempts[at + 1];
  if (!other) return undefined;
  const [older, newer] = attempts.indexOf(other) < at ? [other, selected] : [selected, other];
  return [older.image.imageId, newer.image.imageId];
}

/** Whether both lists hold the same images in the same order. */
export function isSameOrder(some: readonly Attempt[], others: readonly Attempt[]): boolean {
  return some.length === others.length && some.every(({ image }, at) => image.imageId === others[at]?.image.imageId);
}
