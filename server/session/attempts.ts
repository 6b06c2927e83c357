/** The attempts of a session, kept or discarded: how they are added, moved and dropped. Pure. */
import type {
  Attempt,
  Decision,
  DiscardedAttempt,
  EstimatedCost,
  Generation,
  ImageReference,
  Usage,
} from '../../shared/model.ts';

/** At least one, in the order of their numbers. */
export type NonEmptyAttempts = readonly [Attempt, ...Attempt[]];

/** All attempts whose bytes are in memory. */
export interface AttemptLists {
  /** In the order of their numbers. */
  readonly attempts: readonly Attempt[];
  /** In the order in which they were discarded. */
  readonly discarded: readonly DiscardedAttempt[];
}

/** A finished image and what the generator reported of it. */
export interface FinishedImage {
  readonly image: ImageReference;
  readonly revisedPrompt?: string;
  readonly usage?: Usage;
  readonly estimatedCost?: EstimatedCost;
  readonly at: string;
}

/** Who did something, and when: part of every record of it. */
export type Act = Pick<Decision, 'by' | 'participantId' | 'connectionId' | 'at'>;

export function createAttempt(generation: Generation, finished: FinishedImage, number: number): Attempt {
  const { prompt, feedback, parent, options, startedAt } = generation;
  const { image, revisedPrompt, usage, estimatedCost, at } = finished;
  return {
    number,
    image,
    ...(parent !== undefined && { parent }),
    prompt,
    ...(feedback !== undefined && { feedback }),
    options,
    ...(revisedPrompt !== undefined && { revisedPrompt }),
    ...(usage && { usage }),
    ...(estimatedCost && { estimatedCost }),
    startedAt,
    finishedAt: at,
  };
}

/** Undefined when no kept attempt has that image. */
export function discardAttempt(
  { attempts, discarded }: AttemptLists,
  imageId: string,
  act: Act,
): AttemptLists | undefined {
  const attempt = findAttempt(attempts, imageId);
  if (!attempt) return undefined;
  return {
    attempts: attempts.filter((one) => one !== attempt),
    discarded: [...discarded, { ...attempt, discarded: act }],
  };
}

/** The attempt returns to the place that its number gives it. Undefined when no discarded attempt has that image. */
export function restoreAttempt({ attempts, discarded }: AttemptLists, imageId: string): AttemptLists | undefined {
  const restored = findAttempt(discarded, imageId);
  if (!restored) return undefined;
  const { discarded: _act, ...attempt } = restored;
  return {
    attempts: inOrder([...attempts, attempt]),
    discarded: discarded.filter((one) => one !== restored),
  };
}

/** Without the attempts of those images. Their children keep the parent's id and are marked `parentDropped` (rule M9). */
export function dropAttempts({ attempts, discarded }: AttemptLists, dropped: ReadonlySet<string>): AttemptLists {
  return { attempts: remaining(attempts, dropped), discarded: remaining(discarded, dropped) };
}

function remaining<Any extends Attempt>(attempts: readonly Any[], dropped: ReadonlySet<string>): Any[] {
  return attempts
    .filter((attempt) => !dropped.has(imageIdOf(attempt)))
    .map((attempt) =>
      attempt.parent !== undefined && dropped.has(attempt.parent) ? { ...attempt, parentDropped: true } : attempt,
    );
}

export const inOrder = (attempts: readonly Attempt[]): Attempt[] =>
  attempts.toSorted((one, other) => one.number - other.number);

/** The one that was finished last: of a generation of several, not always the one with the highest number. */
export function newestAttempt(attempts: NonEmptyAttempts): Attempt;
export function newestAttempt(attempts: readonly Attempt[]): Attempt | undefined;
export function newestAttempt(attempts: readonly Attempt[]): Attempt | undefined {
  const [first, ...others] = attempts;
  return first && others.reduce((newest, one) => (one.finishedAt < newest.finishedAt ? newest : one), first);
}

/** Kept ones, and then discarded ones. */
export const allAttempts = ({ attempts, discarded }: AttemptLists): readonly Attempt[] => [...attempts, ...discarded];

export function findAttempt<Any extends Attempt>(attempts: readonly Any[], imageId: string): Any | undefined {
  return attempts.find((attempt) => imageIdOf(attempt) === imageId);
}

export const imageIdOf = ({ image }: Attempt): string => image.imageId;
export const isNonEmpty = (attempts: readonly Attempt[]): attempts is NonEmptyAttempts => attempts.length > 0;
