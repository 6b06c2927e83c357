/** The images of a session, in memory alone (rule R12). */
import { createHash } from 'node:crypto';
import type { ImageReference } from '../../shared/model.ts';
import type { GeneratedImage } from '../generators/generator.ts';
import { allAttempts, imageIdOf, newestAttempt } from './attempts.ts';
import { ignoreUnavailable } from './availability.ts';
import type { Reservation } from './image-memory.ts';
import type { SessionContext } from './session-parts.ts';
import { approvedIn, type State } from './state.ts';

export interface StoredImage {
  readonly reference: ImageReference;
  /** As the generator returned them (rule W4). */
  readonly bytes: Uint8Array;
  /** The memory that the bytes take. */
  readonly reservation: Reservation;
}

/** Takes over the reservation, and shrinks it to what the bytes take. */
export function createStoredImage(
  { bytes, mediaType, width, height, sha256 = sha256Of(bytes) }: GeneratedImage,
  identity: Pick<ImageReference, 'imageId' | 'generationId' | 'candidate' | 'kind' | 'index'>,
  reservation: Reservation,
): StoredImage {
  reservation.resize(bytes.byteLength);
  return {
    reference: { ...identity, mediaType, byteLength: bytes.byteLength, sha256, width, height },
    bytes,
    reservation,
  };
}

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export interface SessionImagesContext extends Pick<SessionContext, 'stores' | 'reserveCopy'> {
  readonly sessionId: string;
}

/** The final images of a session's attempts, as far as this server has them. */
export class SessionImages {
  readonly #context: SessionImagesContext;
  /** By image id. */
  readonly #images = new Map<string, StoredImage>();
  #shown: { readonly of: State; readonly imageIds: readonly string[] } | undefined;
  #isClosed = false;

  constructor(context: SessionImagesContext) {
    this.#context = context;
  }

  get byteLength(): number {
    return this.#images.values().reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  }

  /** Bytes that would be free if these images were dropped now: in the store, where all servers share it, or else here. */
  freeableBytesOf(references: readonly ImageReference[]): number {
    const freeable = ({ imageId, byteLength }: ImageReference) =>
      this.#context.stores.sharing ? byteLength : (this.find(imageId)?.reservation.freeableBytes ?? 0);
    return references.reduce((sum, reference) => sum + freeable(reference), 0);
  }

  /** Images that are being sent as well: dropping them frees nothing yet. */
  get inUse(): readonly string[] {
    return [...this.#images]
      .filter(([, { reservation }]) => reservation.freeableBytes === 0)
      .map(([imageId]) => imageId);
  }

  find(imageId: string): StoredImage | undefined {
    return this.#images.get(imageId);
  }

  /** The ids of those that a snapshot shows. Every connection asks before each message, so they are computed once. */
  shownIn(state: State): readonly string[] {
    if (this.#shown?.of !== state) {
      // One that the store has lost is shown to nobody.
      this.#shown = { of: state, imageIds: shownImagesOf(state).filter((imageId) => this.find(imageId)) };
    }
    return this.#shown.imageIds;
  }

  /**
   * The image as it is here, or in the store; undefined when it is in neither, or there is no memory for a copy. Rejects with
   * `StoreUnavailable`.
   */
  async load(reference: ImageReference): Promise<StoredImage | undefined> {
    const { imageId } = reference;
    const here = this.find(imageId);
    if (here) return here;
    const { stores, sessionId, reserveCopy } = this.#context;
    const bytes = await stores.images.get(sessionId, imageId);
    const reservation = bytes && reserveCopy(bytes.byteLength);
    if (!reservation) return undefined;
    const meanwhile = this.find(imageId);
    if (meanwhile || this.#isClosed) {
      reservation.release();
      return meanwhile;
    }
    const image = { reference, bytes, reservation };
    this.#images.set(imageId, image);
    this.#shown = undefined;
    return image;
  }

  /**
   * Loads the images that a state shows, before anybody is told of it (rule W3). Rejects with `StoreUnavailable`.
   * @returns whether all of them are here
   */
  async loadShown(state: State, added: readonly StoredImage[] = []): Promise<boolean> {
    const here = new Set(added.map(({ reference }) => reference.imageId));
    const missing = new Set(shownImagesOf(state)).difference(here);
    const references = referencesIn(state).filter(({ imageId }) => missing.has(imageId));
    const images = await Promise.all(references.map((reference) => this.load(reference)));
    return images.every((image) => image !== undefined);
  }

  /**
   * The session has another state: keeps its images, of which some are new, and drops all others.
   * @param isOwn whether this server has made the step: then it drops them from the store, too
   */
  follow(state: State, before: State, added: readonly StoredImage[], isOwn: boolean): void {
    const byId = new Map(referencesIn(state).map((reference) => [reference.imageId, reference]));
    for (const image of added) {
      // The machine numbers the images that nobody asked for.
      const reference = byId.get(image.reference.imageId);
      if (reference) this.#images.set(reference.imageId, { ...image, reference });
    }
    this.retain((imageId) => byId.has(imageId));
    const dropped = allAttempts(before)
      .map(imageIdOf)
      .filter((imageId) => !byId.has(imageId));
    if (isOwn) this.#dropStored(dropped);
  }

  /** Drops all others. */
  retain(isKept: (imageId: string) => boolean): void {
    for (const [imageId, { reservation }] of this.#images) {
      if (isKept(imageId)) continue;
      reservation.release();
      this.#images.delete(imageId);
      this.#shown = undefined;
    }
  }

  /** Releases what has not become one of the session's images, and drops it from the store unless `isKept` there. */
  discard(images: readonly StoredImage[], isKept: (imageId: string) => boolean): void {
    const isOwn = ({ reference, reservation }: StoredImage) =>
      this.find(reference.imageId)?.reservation === reservation;
    const ignored = images.filter((image) => !isOwn(image));
    for (const { reservation } of ignored) reservation.release();
    this.#dropStored(ignored.map(({ reference }) => reference.imageId).filter((imageId) => !isKept(imageId)));
  }

  /** Drops all that is here. A snapshot of the last state that waits for one of them goes on waiting (rule W3). May be called twice. */
  close(last: State): void {
    const shown = { of: last, imageIds: this.shownIn(last) };
    this.#isClosed = true;
    this.retain(() => false);
    this.#shown = shown;
  }

  /** Drops images from the store. Those that it can't drop now expire with the session. */
  #dropStored(imageIds: readonly string[]): void {
    const { stores, sessionId } = this.#context;
    if (imageIds.length > 0) stores.images.drop(sessionId, imageIds).catch(ignoreUnavailable);
  }
}

const referencesIn = (state: State): ImageReference[] => allAttempts(state).map(({ image }) => image);

function shownImagesOf(state: State): readonly string[] {
  const newest = newestAttempt(state.attempts)?.image.imageId;
  const approved = approvedIn(state)?.imageId;
  return [...new Set([newest, approved])].filter((imageId) => imageId !== undefined);
}
