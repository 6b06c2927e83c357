/** The session's images: which are here, which are shown without being here, and asking for those. */

import type { ImageReference } from '../../shared/model.ts';
import type { SnapshotMessage } from '../../shared/protocol.ts';
import type { Environment } from './environment.ts';
import { MissingImages } from './missing-images.ts';
import { keptImages, ReceivedImages, shownImages } from './received-images.ts';
import type { SessionState } from './session-state.ts';

/** A `want` that came too fast is repeated after so long. */
const ASK_AGAIN_MS = 1_000;

export class SessionImages {
  readonly #environment: Environment;
  readonly #ask: (imageIds: readonly string[]) => void;
  readonly #received: ReceivedImages;
  readonly #missing = new MissingImages();
  #isJoined = false;
  #stopTimer: (() => void) | undefined;

  /** @param ask sends `want` over the open connection */
  constructor(environment: Environment, ask: (imageIds: readonly string[]) => void) {
    this.#environment = environment;
    this.#ask = ask;
    this.#received = new ReceivedImages(environment);
  }

  /** What the state shows of them. */
  get shown(): Pick<SessionState, 'images' | 'partials'> {
    return { images: this.#received.finals, partials: this.#received.partials };
  }

  /** The ids for a `join`'s `have`, at most `limit`. */
  have(snapshot: SnapshotMessage | undefined, limit: number): string[] {
    return this.#received.have(snapshot, limit);
  }

  /** The view needs the bytes of these; those that are here or on their way are left out (rule W2). */
  want(imageIds: readonly string[]): void {
    this.#ask(this.#missing.wish(this.#notHere(imageIds), this.#isJoined));
  }

  /** Lets go of what the snapshot has no place for, and asks for what it shows that is neither here nor coming. */
  heardSnapshot(snapshot: SnapshotMessage): void {
    this.#received.settle(snapshot);
    const missing = this.#notHere(shownImages(snapshot).map(({ imageId }) => imageId));
    if (this.#isJoined) {
      this.#ask(this.#missing.shown(missing));
      return;
    }
    this.#isJoined = true;
    const kept = new Set(keptImages(snapshot));
    this.#ask(this.#missing.joined(missing, (imageId) => kept.has(imageId)));
  }

  /** An image has come; without `blob` its bytes were wrong, and a final one is asked for once more. */
  arrived(reference: ImageReference, blob: Blob | undefined, snapshot: SnapshotMessage | undefined): void {
    const { imageId, kind } = reference;
    if (blob) {
      this.#missing.arrived(imageId);
      this.#received.add(reference, blob, snapshot);
      return;
    }
    this.#environment.warn(`The bytes of image ${imageId} are not those it names; they were dropped.`);
    if (kind === 'final' && this.#missing.mistrust(imageId)) this.#ask([imageId]);
  }

  /** The server does not have the image. */
  refused(imageId: string): void {
    this.#missing.refused(imageId);
  }

  /** A `want` came too fast; the server names none, so all that is unanswered is asked for again. */
  refusedForRate(): void {
    this.#stopTimer ??= this.#environment.setTimer(() => {
      this.#stopTimer = undefined;
      this.#ask(this.#missing.unanswered);
    }, ASK_AGAIN_MS);
  }

  /** The connection is gone. */
  left(): void {
    this.#isJoined = false;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  /** Releases every object URL. */
  clear(): void {
    this.#received.clear();
  }

  #notHere(imageIds: readonly string[]): string[] {
    return imageIds.filter((imageId) => !this.#received.finals.has(imageId));
  }
}
