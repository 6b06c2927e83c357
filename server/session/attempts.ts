/** The attempts that a session keeps, on show or put aside: how they come in, change places, and make room. Pure. */
import type {
  Attempt,
  DiscardedAttempt,
  EstimatedCost,
  Generation,
  ImageReference,
  Usage,
} from '../../shared/model.ts';

interface Numbered {
  /** Counts the attempts since the last Start over from 1. */
  readonly number: number;
}
export type KeptAttempt = Attempt & Numbered;
export type PutAside = DiscardedAttempt & Numbered;

/** In the order of their numbers; there is a newest one. */
export type Attempts = readonly [KeptAttempt, ...KeptAttempt[]];

/** Everything whose bytes are kept. */
export interface Kept {
  /** In the order of their numbers. */
  readonly attempts: readonly KeptAttempt[];
  /** Longest put aside first. */
  readonly discarded: readonly PutAside[];
}

/** A finished image, and what the generator said of it. */
export interface Drawn {
  readonly image: ImageReference;
  readonly revisedPrompt?: string;
  readonly usage?: Usage;
  readonly estimatedCost?: EstimatedCost;
  readonly at: string;
}

export function attemptOf(generation: Generation, drawn: Drawn, number: number): KeptAttempt {
  const { prompt, feedback, parent, options, startedAt } = generation;
  const { image, revisedPrompt, usage, estimatedCost, at } = drawn;
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

/** Puts one attempt aside; undefined where it is none. */
export function putAside({ attempts, discarded }: Kept, imageId: string, who: PutAside['discarded']): Kept | undefined {
  const { by, connectionId, at } = who;
  const attempt = find(attempts, imageId);
  if (!attempt) return undefined;
  return {
    attempts: attempts.filter((one) => one !== attempt),
    discarded: [...discarded, { ...attempt, discarded: { by, connectionId, at } }],
  };
}

/** Takes one attempt back to the place that its number gives it; undefined where it was not put aside. */
export function takeBack({ attempts, discarded }: Kept, imageId: string): Kept | undefined {
  const aside = find(discarded, imageId);
  if (!aside) return undefined;
  const { discarded: _by, ...attempt } = aside;
  return {
    attempts: [...attempts, attempt].toSorted((one, other) => one.number - other.number),
    discarded: discarded.filter((one) => one !== aside),
  };
}

/** What is too much: first what was put aside, then the oldest attempts that are neither shown nor the running generation's parent. */
export function surplus({ attempts, discarded }: Kept, { parent }: Generation, limit: number): Set<string> {
  const droppable = [...discarded, ...attempts.slice(0, -1)].map(imageIdOf).filter((imageId) => imageId !== parent);
  return new Set(droppable.slice(0, Math.max(0, attempts.length + discarded.length - limit)));
}

/** What is left; children keep their parent, and know that it is gone (rule M9). */
export function without({ attempts, discarded }: Kept, dropped: ReadonlySet<string>): Kept {
  return { attempts: remaining(attempts, dropped), discarded: remaining(discarded, dropped) };
}

function remaining<Any extends KeptAttempt>(attempts: readonly Any[], dropped: ReadonlySet<string>): Any[] {
  return attempts
    .filter((attempt) => !dropped.has(imageIdOf(attempt)))
    .map((attempt) =>
      attempt.parent !== undefined && dropped.has(attempt.parent) ? { ...attempt, parentDropped: true } : attempt,
    );
}

export function newest(attempts: Attempts): KeptAttempt;
export function newest(attempts: readonly KeptAttempt[]): KeptAttempt | undefined;
export function newest(attempts: readonly KeptAttempt[]): KeptAttempt | undefined {
  return attempts.at(-1);
}

export function find<Any extends KeptAttempt>(attempts: readonly Any[], imageId: string): Any | undefined {
  return attempts.find((attempt) => imageIdOf(attempt) === imageId);
}

export const imageIdOf = ({ image }: KeptAttempt): string => image.imageId;
export const isNonEmpty = (attempts: readonly KeptAttempt[]): attempts is Attempts => attempts.length > 0;
