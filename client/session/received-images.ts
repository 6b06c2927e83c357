/** The images whose bytes are here, each with an object URL that lives exactly as long as the image does. */

import type { ImageReference } from '../../shared/model.ts';
import type { SnapshotMessage } from '../../shared/protocol.ts';
import type { Environment } from './environment.ts';
import type { ReceivedImage } from './session-state.ts';

type ObjectUrls = Pick<Environment, 'createObjectUrl' | 'revokeObjectUrl'>;

/** The maps are replaced with each change and never changed in place, so that they may stand in a state. */
export class ReceivedImages {
  readonly #urls: ObjectUrls;
  #finals: ReadonlyMap<string, ReceivedImage> = new Map();
  #partials: ReadonlyMap<number, ReceivedImage> = new Map();

  constructor(urls: ObjectUrls) {
    this.#urls = urls;
  }

  /** By image id. */
  get finals(): ReadonlyMap<string, ReceivedImage> {
    return this.#finals;
  }

  /** The last one by candidate. */
  get partials(): ReadonlyMap<number, ReceivedImage> {
    return this.#partials;
  }

  /**
   * Takes a checked image in. A partial counts only for the running generation, and only until its candidate's final is here; a
   * final is taken whatever runs, since it comes before the snapshot that shows it (rule W3).
   */
  add(reference: ImageReference, blob: Blob, snapshot: SnapshotMessage | undefined): void {
    if (reference.kind === 'final') {
      if (!this.#finals.has(reference.imageId)) {
        this.#finals = new Map(this.#finals).set(reference.imageId, this.#receive(reference, blob));
      }
      return;
    }
    const superseded = this.#partials.get(reference.candidate);
    if (superseded?.reference.imageId === reference.imageId || !this.#isAwaited(reference, snapshot)) return;
    this.#partials = new Map(this.#partials).set(reference.candidate, this.#receive(reference, blob));
    if (superseded) this.#urls.revokeObjectUrl(superseded.url);
  }

  /** Lets go of what a new snapshot has no place for: finals that the session no longer keeps, partials of what has settled. */
  settle(snapshot: SnapshotMessage): void {
    const listed = new Set(keptImages(snapshot));
    for (const image of shownImages(snapshot)) listed.add(image.imageId);
    const running = runningGeneration(snapshot);
    this.#finals = this.#keep(
      this.#finals,
      ({ reference }) => listed.has(reference.imageId) || reference.generationId === running,
    );
    this.#partials = this.#keep(
      this.#partials,
      ({ reference }) =>
        reference.generationId === running && !snapshot.attempts.some(({ image }) => isSameCandidate(image, reference)),
    );
  }

  /** Image ids, at most `limit`, the newest ones, oldest first: what a `join` has no need to be sent again. */
  have(snapshot: SnapshotMessage | undefined, limit: number): string[] {
    const listed = snapshot ? keptImages(snapshot) : [];
    const others = [...this.#finals.keys()].filter((imageId) => !listed.includes(imageId));
    return [...listed.filter((imageId) => this.#finals.has(imageId)), ...others].slice(-limit);
  }

  clear(): void {
    this.#finals = this.#keep(this.#finals, () => false);
    this.#partials = this.#keep(this.#partials, () => false);
  }

  #isAwaited(partial: ImageReference, snapshot: SnapshotMessage | undefined): boolean {
    if (!snapshot || runningGeneration(snapshot) !== partial.generationId) return false;
    return ![...this.#finals.values()].some(({ reference }) => isSameCandidate(reference, partial));
  }

  #receive(reference: ImageReference, blob: Blob): ReceivedImage {
    return { reference, blob, url: this.#urls.createObjectUrl(blob) };
  }

  #keep<Key>(
    images: ReadonlyMap<Key, ReceivedImage>,
    isKept: (image: ReceivedImage) => boolean,
  ): ReadonlyMap<Key, ReceivedImage> {
    const kept = new Map<Key, ReceivedImage>();
    for (const [key, image] of images) {
      if (isKept(image)) kept.set(key, image);
      else this.#urls.revokeObjectUrl(image.url);
    }
    return kept.size === images.size ? images : kept;
  }
}

/** The images that a snapshot puts on show: the newest attempt and the approved one, each once. */
export function shownImages(snapshot: SnapshotMessage): ImageReference[] {
  const approved = snapshot.stage === 'final' ? snapshot.approved : undefined;
  const shown = [snapshot.image, approved].filter((image) => image !== undefined);
  return shown.filter((image, at) => shown.findIndex(({ imageId }) => imageId === image.imageId) === at);
}

/** Image ids: what was put aside, then the attempts, oldest first. */
export function keptImages({ attempts, discarded = [] }: SnapshotMessage): string[] {
  return [...discarded, ...attempts].map(({ image }) => image.imageId);
}

export function runningGeneration(snapshot: SnapshotMessage): string | undefined {
  return snapshot.stage === 'generating' ? snapshot.generation.generationId : undefined;
}

function isSameCandidate(one: ImageReference, other: ImageReference): boolean {
  return one.generationId === other.generationId && one.candidate === other.candidate;
}
