/** What lies on the mat: told from the session's state, and from the attempt that this person has opened, if any. */
import type { Attempt, Generation, Options } from '../../shared/model.ts';
import type { ReceivedImage, SessionState } from '../session/session-state.ts';
import { attemptNumber } from './attempt-label.ts';
import { attemptsOf, findAttempt } from './attempt-tree.ts';
import { phaseWords } from './sentences.ts';

/** One of several pictures that were asked for at once. */
export interface Candidate {
  readonly candidate: number;
  readonly kind: 'blank' | 'partial' | 'finished' | 'failed';
  /** Width by height, as far as it is known. */
  readonly ratio: number;
  readonly picture?: ReceivedImage;
  /** Of the finished picture, whether or not its bytes are here. */
  readonly imageId?: string;
  /** The attempt's, once it is one. */
  readonly number?: number;
  /** What happens to it now, or why there is none. */
  readonly words: string;
  readonly alt: string;
}

/** One picture, whose bytes are here. */
export type PictureShown =
  | { readonly kind: 'partial'; readonly picture: ReceivedImage; readonly alt: string }
  | {
      /** `previous`: an earlier generation made it, while another is drawn. */
      readonly kind: 'previous' | 'finished' | 'approved';
      readonly picture: ReceivedImage;
      readonly alt: string;
      /** Such as `No. 3`. */
      readonly name: string;
    };

/** One picture, or none. */
export type PictureShowing =
  /** Nothing was asked for yet. */
  | { readonly kind: 'nothing' }
  /** Something will come; `ratio` is width by height, as far as it is known. `isComing`: it is finished, and on its way here. */
  | { readonly kind: 'blank'; readonly ratio: number; readonly isComing?: boolean }
  | PictureShown;

export type Showing =
  | PictureShowing
  /** Several of one ask, to be looked at together. */
  | { readonly kind: 'candidates'; readonly candidates: readonly Candidate[] };

export function showing(state: SessionState, openedId?: string): Showing {
  const { snapshot } = state;
  if (!snapshot || snapshot.stage === 'initial_input') return { kind: 'nothing' };
  const lookedAt = attemptLookedAt(state, openedId);
  if (snapshot.stage === 'generating') {
    return openedId !== undefined && lookedAt
      ? showAttempt(state, lookedAt, 'finished')
      : showDrawing(state, snapshot.generation);
  }
  if (!lookedAt) return { kind: 'candidates', candidates: candidatesOf(state, snapshot.image.generationId) };
  const isApproved = snapshot.stage === 'final' && lookedAt.image.imageId === snapshot.approved.imageId;
  return showAttempt(state, lookedAt, isApproved ? 'approved' : 'finished');
}

/**
 * The attempt that a person's decision is about: the opened one, else the approved or the newest. Nothing while the newest is one of
 * several that were asked for together and none of them is opened: then there is something to choose first.
 */
export function attemptLookedAt({ snapshot }: SessionState, openedId?: string): Attempt | undefined {
  if (!snapshot) return undefined;
  const { attempts } = snapshot;
  const opened = findAttempt(attempts, openedId);
  if (opened) return opened;
  if (snapshot.stage === 'final') return findAttempt(attempts, snapshot.approved.imageId);
  const newest = attempts.at(-1);
  return attemptsOf(newest?.image, attempts).length > 1 ? undefined : newest;
}

function showAttempt(state: SessionState, attempt: Attempt, kind: 'previous' | 'finished' | 'approved'): Showing {
  const { image, prompt } = attempt;
  const picture = state.images.get(image.imageId);
  if (!picture) {
    const isComing = kind !== 'previous' && state.connection.status === 'online';
    return { kind: 'blank', ratio: image.width / image.height, isComing };
  }
  const name = attemptNumber(attempt, state.snapshot?.attempts ?? []);
  return { kind, picture, alt: `${kind === 'previous' ? 'Previous' : 'Generated'} image: ${prompt}`, name };
}

function showDrawing(state: SessionState, { generationId, candidates, prompt, options }: Generation): Showing {
  if (candidates > 1) return { kind: 'candidates', candidates: candidatesOf(state, generationId) };
  const partial = state.partials.get(0);
  if (partial) return { kind: 'partial', picture: partial, alt: `Preview, still being drawn: ${prompt}` };
  const last = state.snapshot?.attempts.at(-1);
  return last ? showAttempt(state, last, 'previous') : { kind: 'blank', ratio: ratioOf(options) };
}

/**
 * In the order of the ask from first to last, so that none changes places under somebody's hand when others come; of a generation
 * that has ended those that it has brought, and those that failed.
 */
function candidatesOf(state: SessionState, generationId: string): Candidate[] {
  const { snapshot } = state;
  const generation = [
    snapshot?.stage === 'generating' ? snapshot.generation : undefined,
    snapshot?.lastGeneration,
  ].find((one) => one?.generationId === generationId);
  const attempts = attemptsOf({ generationId }, snapshot?.attempts ?? []);
  const running = snapshot?.stage === 'generating' ? (generation?.candidates ?? 0) : 0;
  const places = new Set([
    ...attempts.map(({ image }) => image.candidate),
    ...(generation?.failures ?? []).map(({ candidate }) => candidate),
    ...Array.from({ length: running }, (_, candidate) => candidate),
  ]);
  const [partial] = running > 0 ? state.partials.values() : [];
  const drawn = attempts[0]?.image ?? partial?.reference;
  const ratio = drawn ? drawn.width / drawn.height : ratioOf(generation?.options ?? {});
  return [...places]
    .toSorted((a, b) => a - b)
    .map((candidate) => {
      const attempt = attempts.find(({ image }) => image.candidate === candidate);
      if (attempt) return finishedCandidate(state, attempt);
      const failure = generation?.failures?.find((one) => one.candidate === candidate);
      if (failure) return { candidate, kind: 'failed', ratio, words: failure.error.message, alt: '' };
      const picture = state.partials.get(candidate);
      const words = phaseWords(state.progress.get(candidate));
      if (!picture) return { candidate, kind: 'blank', ratio, words, alt: '' };
      return {
        candidate,
        kind: 'partial',
        ratio,
        picture,
        words,
        alt: `Preview, still being drawn: ${generation?.prompt ?? ''}`,
      };
    });
}

function finishedCandidate({ images }: SessionState, { image, number, prompt }: Attempt): Candidate {
  const picture = images.get(image.imageId);
  return {
    candidate: image.candidate,
    imageId: image.imageId,
    kind: picture ? 'finished' : 'blank',
    ratio: image.width / image.height,
    ...(picture && { picture }),
    ...(number !== undefined && { number }),
    words: number === undefined ? 'Done' : `No. ${number}`,
    alt: `Generated image: ${prompt}`,
  };
}

/** The prompt that an image was drawn from, or the draft where the attempt is no longer kept. */
export function promptOf(state: SessionState, imageId: string): string {
  return findAttempt(state.snapshot?.attempts ?? [], imageId)?.prompt ?? state.draft;
}

/** Width by height of a size such as `1536x1024`; 1 where the size is the generator's choice. */
export function ratioOf(options: Options): number {
  const [width, height] = (options.size ?? '').split('x').map(Number);
  return width && height ? width / height : 1;
}
