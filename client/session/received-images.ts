/** The images whose bytes are here. Each has an object URL for as long as it is kept. */

import type { ImageReference } from '../../shared/model.ts';
import type { SnapshotMessage } from '../../shared/protocol.ts';
import type { ImageTools } from './image-bytes.ts';
import type { ReceivedImage } from './session-state.ts';

type ImagesBy<Key> = ReadonlyMap<Key, ReceivedImage>;

/** The maps are replaced with each change, so that they may stand in a state. */
export class ReceivedImages {
  readonly #tools: Pick<ImageTools, 'revokeObjectUrl'>;
  #finals: ImagesBy<string> = new Map();
  #partials: ImagesBy<number> = new Map();
  #openId: string | undefined;

  constructor(tools: Pick<ImageTools, 'revokeObjectUrl'>) {
    this.#tools = tools;
  }

  /** By image id. */
  get finals(): ImagesBy<string> {
    return this.#finals;
  }

  /** The newest one by candidate. */
  get partials(): ImagesBy<number> {
    return this.#partials;
  }

  /** Whether a final image is here. */
  has(imageId: string): boolean {
    return this.#finals.has(imageId);
  }

  /**
   * Takes in a final image whatever is shown, because it comes before the snapshot that shows it (rule W3), and a partial if its generation
   * is the one that runs and its candidate's final image is not here yet (rule M4). Releases one that is not taken in.
   */
  add(image: ReceivedImage, snapshot: SnapshotMessage | undefined): void {
    const { imageId, kind, candidate } = image.reference;
    if (kind === 'final' && !this.#finals.has(imageId)) {
      this.#finals = new Map(this.#finals).set(imageId, image);
    } else if (kind === 'partial' && this.#isPartialOfUse(image.reference, snapshot)) {
      const previous = this.#partials.get(candidate);
      this.#partials = new Map(this.#partials).set(candidate, image);
      if (previous) this.#release(previous);
    } else {
      this.#release(image);
    }
  }

  #isPartialOfUse(reference: ImageReference, snapshot: SnapshotMessage | undefined): boolean {
    const { imageId, candidate, generationId } = reference;
    const isHere = this.#partials.get(candidate)?.reference.imageId === imageId;
    if (isHere || runningGenerationId(snapshot) !== generationId) return false;
    return ![...this.#finals.values()].some((final) => isSameCandidate(final.reference, reference));
  }

  /** The person has that final image open, or none: it is of use to them whatever the session keeps. */
  keep(imageId: string | undefined): void {
    this.#openId = imageId;
  }

  /** Releases what is of no use any more. */
  retain(snapshot: SnapshotMessage): void {
    const isOfUse = imagesOfUse(snapshot);
    const isOpen = ({ imageId }: ImageReference) => imageId === this.#openId;
    this.#finals = this.#filter(this.#finals, ({ reference }) => isOfUse(reference) || isOpen(reference));
    this.#partials = this.#filter(this.#partials, ({ reference }) => isOfUse(reference));
  }

  /** Ids of final images for the `have` of a `join`: the newest ones, at most `limit`. */
  newestIds(snapshot: SnapshotMessage | undefined, limit: number): string[] {
    const kept = snapshot ? keptImages(snapshot) : [];
    const others = [...this.#finals.keys()].filter((imageId) => !kept.includes(imageId));
    return [...kept.filter((imageId) => this.#finals.has(imageId)), ...others].slice(-limit);
  }

  clear(): void {
    this.#finals = this.#filter(this.#finals, () => false);
    this.#partials = this.#filter(this.#partials, () => false);
  }

  #release({ url }: ReceivedImage): void {
    this.#tools.revokeObjectUrl(url);
  }

  #filter<Key>(images: ImagesBy<Key>, isKept: (image: ReceivedImage) => boolean): ImagesBy<Key> {
    const kept = new Map<Key, ReceivedImage>();
    for (const [key, image] of images) {
      if (isKept(image)) kept.set(key, image);
      else this.#release(image);
    }
    return kept.size === images.size ? images : kept;
  }
}

/** Of use are finals that the snapshot names or the running generation may have made, and partials of candidates that still run. */
export function imagesOfUse(snapshot: SnapshotMessage): (reference: ImageReference) => boolean {
  const named = new Set([...keptImages(snapshot), ...shownImages(snapshot)]);
  const running = runningGenerationId(snapshot);
  const hasEnded = (reference: ImageReference) =>
    snapshot.attempts.some(({ image }) => isSameCandidate(image, reference));
  return (reference) => {
    if (reference.kind !== 'partial' && named.has(reference.imageId)) return true;
    return reference.generationId === running && !(reference.kind === 'partial' && hasEnded(reference));
  };
}

/** Ids of the images that a snapshot puts on show: the newest attempt's and the approved one. */
export function shownImages(snapshot: SnapshotMessage): string[] {
  const approved = snapshot.stage === 'final' ? snapshot.approved : undefined;
  return [...new Set([snapshot.image, approved].flatMap((image) => image?.imageId ?? []))];
}

/** Ids of the images that the session keeps: of the discarded attempts, then of the others, each oldest first. */
export function keptImages({ attempts, discarded = [] }: SnapshotMessage): string[] {
  return [...discarded, ...attempts].map(({ image }) => image.imageId);
}

export function runningGenerationId(snapshot: SnapshotMessage | undefined): string | undefined {
  return snapshot?.stage === 'generating' ? snapshot.generation.generationId : undefined;
}

function isSameCandidate(one: ImageReference, other: ImageReference): boolean {
  return one.generationId === other.generationId && one.candidate === other.candidate;
}
