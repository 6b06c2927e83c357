/** Requests image bytes that are missing, each once per connection (rule W2). */

import type { ImageReference } from '../../shared/model.ts';
import type { SnapshotMessage } from '../../shared/protocol.ts';
import type { Environment } from './environment.ts';
import { keptImages, shownImages } from './received-images.ts';
import type { ImageProblem } from './session-state.ts';

/** A `want` that was rejected as `rate_limited` is repeated after that time. */
const REPEAT_AFTER_MS = 1_000;

export class ImageRequests {
  readonly #environment: Pick<Environment, 'setTimer'>;
  readonly #isHere: (imageId: string) => boolean;
  readonly #send: (imageIds: readonly string[]) => void;
  /** On their way: requested by a `want`, due after the join, or being downloaded over HTTP. */
  readonly #coming = new Map<string, 'want' | 'join' | 'download'>();
  /** Needed by the view and not here yet: requested again over the next connection. */
  readonly #wanted = new Set<string>();
  /** Not to be had over this connection. */
  readonly #unavailable = new Set<string>();
  /** Came with wrong bytes once. */
  readonly #corrupt = new Set<string>();
  #problems: ReadonlyMap<string, ImageProblem> = new Map();
  #isJoined = false;
  #stopTimer: (() => void) | undefined;

  /**
   * @param isHere whether the bytes of a final image are here
   * @param send sends a `want` for at least one image over the joined connection
   */
  constructor(
    environment: Pick<Environment, 'setTimer'>,
    isHere: (imageId: string) => boolean,
    send: (imageIds: readonly string[]) => void,
  ) {
    this.#environment = environment;
    this.#isHere = isHere;
    this.#send = send;
  }

  /** Why images that were on their way are not here, by image id, until they are requested again. Replaced with each change. */
  get problems(): ReadonlyMap<string, ImageProblem> {
    return this.#problems;
  }

  /** The view needs these. Without a connection they are requested after the next join. */
  want(imageIds: readonly string[]): void {
    const missing = imageIds.filter((imageId) => !this.#isHere(imageId));
    for (const imageId of missing) {
      this.#wanted.add(imageId);
      this.#setProblem(imageId, undefined);
    }
    if (this.#isJoined) this.#request(missing);
  }

  /** Requests the images on show that are neither here nor coming. After a join the server sends those by itself (rule W1). */
  snapshotReceived(snapshot: SnapshotMessage): void {
    const missing = shownImages(snapshot).filter((imageId) => !this.#isHere(imageId));
    if (this.#isJoined) this.#request(missing.filter((imageId) => !this.#unavailable.has(imageId)));
    else this.#joined(missing, keptImages(snapshot));
  }

  /** The image's address has come; its bytes come over HTTP. */
  downloading(imageId: string): void {
    this.#coming.set(imageId, 'download');
    this.#setProblem(imageId, undefined);
  }

  received(imageId: string): void {
    this.#forget(imageId);
    this.#corrupt.delete(imageId);
    this.#setProblem(imageId, undefined);
  }

  /** An image came with other bytes than it should have. A final one is requested once more, but not a third time. */
  receivedCorrupt({ imageId, kind }: ImageReference): void {
    if (kind !== 'final') return;
    if (this.#corrupt.has(imageId)) {
      this.#corrupt.delete(imageId);
      return this.unavailable(imageId, 'damaged');
    }
    this.#corrupt.add(imageId);
    this.#coming.delete(imageId);
    this.#request([imageId]);
  }

  /**
   * The server does not have the image, or it is of no use here.
   * @param problem for the person who would like to see it
   */
  unavailable(imageId: string, problem?: ImageProblem): void {
    this.#forget(imageId);
    this.#unavailable.add(imageId);
    this.#setProblem(imageId, problem);
  }

  /** A `want` came too fast. The rejection does not say which one, so every request without an answer is repeated. */
  rateLimited(): void {
    this.#stopTimer ??= this.#environment.setTimer(() => {
      this.#stopTimer = undefined;
      this.#sendSome([...this.#coming].flatMap(([imageId, by]) => (by === 'want' ? [imageId] : [])));
    }, REPEAT_AFTER_MS);
  }

  disconnected(): void {
    this.#isJoined = false;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  #joined(shown: readonly string[], kept: readonly string[]): void {
    this.#isJoined = true;
    this.#coming.clear();
    this.#unavailable.clear();
    // The server may have these images by now.
    for (const imageId of this.#problems.keys()) this.#wanted.add(imageId);
    if (this.#problems.size > 0) this.#problems = new Map();
    for (const imageId of shown) this.#coming.set(imageId, 'join');
    this.#request([...this.#wanted].filter((imageId) => kept.includes(imageId)));
  }

  #request(imageIds: readonly string[]): void {
    const toSend = [...new Set(imageIds)].filter((imageId) => !this.#coming.has(imageId));
    for (const imageId of toSend) this.#coming.set(imageId, 'want');
    this.#sendSome(toSend);
  }

  #sendSome(imageIds: readonly string[]): void {
    if (imageIds.length > 0) this.#send(imageIds);
  }

  #setProblem(imageId: string, problem: ImageProblem | undefined): void {
    if (problem === this.#problems.get(imageId)) return;
    const problems = new Map(this.#problems);
    if (problem) problems.set(imageId, problem);
    else problems.delete(imageId);
    this.#problems = problems;
  }

  #forget(imageId: string): void {
    this.#coming.delete(imageId);
    this.#wanted.delete(imageId);
  }
}
