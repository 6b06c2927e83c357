/** What the viewer shows: derived from the session's state and from this person's selection. */
import type { Attempt, Generation } from '../../shared/model.ts';
import type { Options } from '../../shared/options.ts';
import type { SnapshotMessage } from '../../shared/protocol.ts';
import {
  type PictureProblem,
  pictureProblem,
  type ReceivedImage,
  type SessionState,
} from '../session/session-state.ts';
import { attemptInView } from './attempt-in-view.ts';
import { attemptsOf } from './attempt-tree.ts';
import { attemptNumber, failureSentence, imageAlt, phaseLabel } from './sentences.ts';
import type { Texts } from './texts.ts';

/** One image whose bytes are here. */
export type ImageContent =
  | { readonly kind: 'partial'; readonly picture: ReceivedImage; readonly alt: string }
  | {
      /** `previous`: an earlier generation made it, while another one runs. */
      readonly kind: 'previous' | 'finished' | 'approved' | 'declined';
      readonly picture: ReceivedImage;
      readonly alt: string;
      /** The attempt's number. */
      readonly number: number;
    };

/** One image at most. */
export type SingleContent =
  /** No image was asked for yet. */
  | { readonly kind: 'empty' }
  /** An image will come. `ratio` is width by height, as far as it is known. `isComing`: it is finished, and its bytes are on their way. */
  | { readonly kind: 'placeholder'; readonly ratio: number; readonly isComing: boolean }
  /** A finished image that this person cannot see. */
  | { readonly kind: 'unviewable'; readonly ratio: number; readonly problem: PictureProblem }
  | ImageContent;

/** One of several candidates. */
export type CandidateContent = {
  /** Counts from 0, as in the generation. */
  readonly candidate: number;
  /** Width by height, as far as it is known. */
  readonly ratio: number;
  /** The attempt's number, what happens now, or why there is no image. */
  readonly label: string;
  /** Of the picture; empty where there is none. */
  readonly alt: string;
} & (
  | {
      readonly kind: 'placeholder';
      /** The candidate is finished, and its bytes are still to come. */
      readonly imageId?: string;
      readonly picture?: undefined;
    }
  | { readonly kind: 'partial'; readonly picture: ReceivedImage; readonly imageId?: undefined }
  | {
      readonly kind: 'finished';
      readonly picture: ReceivedImage;
      readonly imageId: string;
      /** The attempt's. */
      readonly number: number;
    }
  /** Finished, and this person cannot see it. */
  | {
      readonly kind: 'unviewable';
      readonly problem: PictureProblem;
      readonly imageId: string;
      readonly number: number;
      readonly picture?: undefined;
    }
  | {
      readonly kind: 'failed';
      /** Of the label: the server's own sentences are in English. */
      readonly language?: string;
      readonly picture?: undefined;
      readonly imageId?: undefined;
    }
);

export type ViewerContent =
  | SingleContent
  /** All candidates of one generation, side by side. */
  | { readonly kind: 'candidates'; readonly candidates: readonly CandidateContent[] };

/**
 * `selectedId` is the image id of the attempt that this person has selected; absent, the latest is shown. `held` is the one that they have
 * open where the session does not keep it any more.
 */
export function viewerContent(t: Texts, state: SessionState, selectedId?: string, held?: Attempt): ViewerContent {
  const { snapshot } = state;
  if (held) return attemptContent(t, state, held, 'finished');
  if (!snapshot || snapshot.stage === 'initial_input') return { kind: 'empty' };
  const attempt = attemptInView(state, selectedId);
  if (snapshot.stage === 'generating') {
    return attempt && selectedId !== undefined
      ? attemptContent(t, state, attempt, 'finished')
      : generationContent(t, state, snapshot.generation);
  }
  if (!attempt) return severalContent(t, state);
  return attemptContent(t, state, attempt, outcomeOf(snapshot, attempt));
}

/** What the end of the review says of that attempt. */
function outcomeOf(snapshot: SnapshotMessage, { image }: Attempt): 'finished' | 'approved' | 'declined' {
  if (snapshot.stage !== 'final') return 'finished';
  if (snapshot.approved) return image.imageId === snapshot.approved.imageId ? 'approved' : 'finished';
  return snapshot.outcome === 'declined' ? 'declined' : 'finished';
}

function attemptContent(
  t: Texts,
  state: SessionState,
  attempt: Attempt,
  kind: 'previous' | 'finished' | 'approved' | 'declined',
): SingleContent {
  const { image, prompt, number } = attempt;
  const problem = pictureProblem(state, image.imageId);
  if (problem && kind !== 'previous') return { kind: 'unviewable', ratio: image.width / image.height, problem };
  const { images, connection } = state;
  const picture = images.get(image.imageId);
  if (picture) return { kind, picture, alt: imageAlt(t, kind, prompt), number };
  const isComing = kind !== 'previous' && connection.status === 'online';
  return { kind: 'placeholder', ratio: image.width / image.height, isComing };
}

function generationContent(t: Texts, state: SessionState, generation: Generation): ViewerContent {
  const { candidates, prompt, options } = generation;
  if (candidates > 1) return { kind: 'candidates', candidates: candidatesOf(t, state, generation.generationId) };
  const last = state.snapshot?.attempts.at(-1);
  // It is whole, though the service has not said its last word.
  if (last?.image.generationId === generation.generationId) return attemptContent(t, state, last, 'finished');
  const partial = state.partials.get(0);
  if (partial) return { kind: 'partial', picture: partial, alt: imageAlt(t, 'partial', prompt) };
  return last
    ? attemptContent(t, state, last, 'previous')
    : { kind: 'placeholder', ratio: ratioOf(options), isComing: false };
}

function severalContent(t: Texts, state: SessionState): ViewerContent {
  const newest = state.snapshot?.attempts.at(-1);
  return newest
    ? { kind: 'candidates', candidates: candidatesOf(t, state, newest.image.generationId) }
    : { kind: 'empty' };
}

/**
 * By candidate, which is the order of their numbers, so that none changes its place when another one ends. While the generation runs, all of its
 * candidates; afterwards those that ended as an attempt or as a failure.
 */
function candidatesOf(t: Texts, state: SessionState, generationId: string): CandidateContent[] {
  const { snapshot } = state;
  const running = snapshot?.stage === 'generating' ? snapshot.generation : undefined;
  const generation = [running, snapshot?.lastGeneration].find((one) => one?.generationId === generationId);
  const isRunning = generation !== undefined && generation === running;
  const attempts = attemptsOf({ generationId }, snapshot?.attempts ?? []);
  const failures = generation?.failures ?? [];
  const numbers = new Set([
    ...attempts.map(({ image }) => image.candidate),
    ...failures.map(({ candidate }) => candidate),
    ...Array.from({ length: isRunning ? generation.candidates : 0 }, (_, candidate) => candidate),
  ]);
  const [partial] = isRunning ? state.partials.values() : [];
  const drawn = attempts[0]?.image ?? partial?.reference;
  const ratio = drawn ? drawn.width / drawn.height : ratioOf(generation?.options ?? {});
  return [...numbers]
    .toSorted((a, b) => a - b)
    .map((candidate): CandidateContent => {
      const attempt = attempts.find(({ image }) => image.candidate === candidate);
      if (attempt) return finishedCandidate(t, state, attempt);
      const failure = failures.find((one) => one.candidate === candidate);
      if (failure) {
        const { text: label, language } = failureSentence(t, failure.error);
        return { candidate, kind: 'failed', ratio, label, language, alt: '' };
      }
      const label = phaseLabel(t, state.progress.get(candidate));
      const picture = state.partials.get(candidate);
      if (!picture) return { candidate, kind: 'placeholder', ratio, label, alt: '' };
      return {
        candidate,
        kind: 'partial',
        ratio,
        label,
        picture,
        alt: imageAlt(t, 'partial', generation?.prompt ?? ''),
      };
    });
}

function finishedCandidate(t: Texts, state: SessionState, attempt: Attempt): CandidateContent {
  const { image, prompt } = attempt;
  const { candidate, imageId, width, height } = image;
  const base = { candidate, ratio: width / height, label: attemptNumber(t, attempt) };
  const problem = pictureProblem(state, imageId);
  if (problem) return { ...base, kind: 'unviewable', problem, imageId, number: attempt.number, alt: '' };
  const picture = state.images.get(imageId);
  return picture
    ? { ...base, kind: 'finished', imageId, number: attempt.number, picture, alt: imageAlt(t, 'finished', prompt) }
    : { ...base, kind: 'placeholder', imageId, alt: '' };
}

/** Width by height of a size such as `1536x1024`; 1 where the size is the generator's choice. */
function ratioOf({ size }: Options): number {
  const [width, height] = (size ?? '').split('x').map(Number);
  return width && height ? width / height : 1;
}
