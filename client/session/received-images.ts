/** The images whose bytes are here. Each has an object URL for as long as it is kept. */

import type { ImageReference } from '../../shared/model.ts';
import type { SnapshotMessage } from '../../shared/protocol.ts';
import type { Environment } from './environment.ts';
import type { ReceivedImage } from './session-state.ts';

type Page = Pick<Environment, 'createObjectUrl' | 'revokeObjectUrl' | 'checkImage'>;
type ImagesBy<Key> = ReadonlyMap<Key, ReceivedImage>;

/** The maps are replaced with each change, so that they may stand in a state. */
export class ReceivedImages {
  readonly #page: Page;
  readonly #onChecked: () => void;
  #finals: ImagesBy<string> = new Map();
  #partials: ImagesBy<number> = new Map();
  #openId: string | undefined;

  /** @param onChecked called when the `display` of an image has become known */
  constructor(page: Page, onChecked: () => void) {
    this.#page = page;
    this.#onChecked = onChecked;
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

  /** Takes a final image in whatever is shown, because it comes before the snapshot that shows it (rule W3). */
  addFinal(reference: ImageReference, blob: Blob): void {
    const { imageId } = reference;
    if (!this.#finals.has(imageId)) this.#finals = new Map(this.#finals).set(imageId, this.#receive(reference, blob));
  }

  /** Takes a partial in if its generation is the one that runs and its candidate's final image is not here yet (rule M4). */
  addPartial(reference: ImageReference, blob: Blob, snapshot: SnapshotMessage | undefined): void {
    const { imageId, candidate, generationId } = reference;
    const previous = this.#partials.get(candidate);
    if (previous?.reference.imageId === imageId || runningGenerationId(snapshot) !== generationId) return;
    if ([...this.#finals.values()].some((final) => isSameCandidate(final.reference, reference))) return;
    this.#partials = new Map(this.#partials).set(candidate, this.#receive(reference, blob));
    if (previous) this.#page.revokeObjectUrl(previous.url);
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

  #receive(reference: ImageReference, blob: Blob): ReceivedImage {
    const image = { reference, blob, url: this.#page.createObjectUrl(blob) };
    void this.#check(image);
    return image;
  }

  async #check(image: ReceivedImage): Promise<void> {
    if (!this.#page.checkImage) return;
    const problem = await this.#page.checkImage(image.url, image.blob);
    const checked = { ...image, display: problem ?? 'possible' } as const;
    const [finals, partials] = [this.#finals, this.#partials];
    this.#finals = withReplaced(finals, image, checked);
    this.#partials = withReplaced(partials, image, checked);
    if (this.#finals !== finals || this.#partials !== partials) this.#onChecked();
  }

  #filter<Key>(images: ImagesBy<Key>, isKept: (image: ReceivedImage) => boolean): ImagesBy<Key> {
    const kept = new Map<Key, ReceivedImage>();
    for (const [key, image] of images) {
      if (isKept(image)) kept.set(key, image);
      else this.#page.revokeObjectUrl(image.url);
    }
    return kept.size === images.size ? images : kept;
  }
}

/** The same map where it does not hold `image`. */
function withReplaced<Key>(images: ImagesBy<Key>, image: ReceivedImage, by: ReceivedImage): ImagesBy<Key> {
  const [key] = [...images].find(([, one]) => one === image) ?? [];
  return key === undefined ? images : new Map(images).set(key, by);
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
