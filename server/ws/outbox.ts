/**
 * What goes out to one connection, and in which order. It holds no history: it notes what is due, and fetches the latest
 * when there is room for it, so that a slow connection collapses to the newest state by itself (rule R3).
 */
import type { DraftUpdateMessage, ServerMessage } from '../../shared/protocol.ts';
import type { StoredImage } from '../session/stored-image.ts';
import type { ImageFrames } from './image-frames.ts';
import type { Wire } from './socket-writer.ts';

/** What the outbox fetches from its session. */
export interface Source {
  readonly snapshotFrame: Buffer;
  readonly shownImages: readonly string[];
  readonly viewers: { readonly reviewers: number; readonly watchers: number };
  readonly runningCandidates: readonly number[];
  progress(candidate: number): ServerMessage | undefined;
  partial(candidate: number): StoredImage | undefined;
  image(imageId: string): StoredImage | undefined;
}

export interface Subscription {
  readonly source: Source;
  /** Image ids that the client already has. */
  readonly have: readonly string[];
  /** Absent: bytes go inline; else the path that stands in their place. */
  readonly urlOf?: (imageId: string) => string;
}

type Control = Exclude<ServerMessage, { type: 'snapshot' | 'image' | 'progress' | 'viewers' | 'draft' }>;

/** Enough for whatever a person does while one image is on its way. */
const MOST_ANSWERS_WAITING = 16;

export class Outbox {
  readonly #wire: Wire;
  readonly #frames: ImageFrames;
  readonly #onImageGone: (imageId: string) => void;
  readonly #control: Control[] = [];
  readonly #waiters: (() => void)[] = [];
  readonly #progressDue = new Set<number>();
  readonly #partialDue = new Set<number>();
  /** Asked for by `want`, in that order. */
  readonly #wanted = new Set<string>();
  /** Final images whose bytes have crossed, or were there before (rule W2). */
  readonly #known = new Set<string>();
  #subscription: Subscription | undefined;
  #snapshotDue = false;
  #hasSentSnapshot = false;
  #viewersDue = false;
  /** The last text of others. */
  #draftDue: DraftUpdateMessage | undefined;
  /** The last text of this connection's own, set before that of others. Its author waits for it: only a later one takes its place. */
  #echoDue: DraftUpdateMessage | undefined;
  /** The image on its way to the kernel. */
  #imageInFlight: string | undefined;

  /** `onImageGone` hears of a wanted image that is no longer there when its turn comes. */
  constructor(wire: Wire, frames: ImageFrames, onImageGone: (imageId: string) => void) {
    this.#wire = wire;
    this.#frames = frames;
    this.#onImageGone = onImageGone;
    wire.onRoom = () => this.#pump();
  }

  /**
   * Resolves when few answers wait to be sent: one that asks on without reading gets no more of them. An image that takes its time
   * on a thin line holds nobody up: what is asked meanwhile is done at once, and answered after it.
   */
  ready(): Promise<void> {
    return this.#isReady ? Promise.resolve() : new Promise((resolve) => this.#waiters.push(resolve));
  }

  get #isReady(): boolean {
    return this.#control.length < MOST_ANSWERS_WAITING;
  }

  send(message: Control): void {
    this.#control.push(message);
    this.#pump();
  }

  /** Writes the last message of all, which waits for no room; an image that is on its way in pieces leaves no place for it. */
  sendLast(message: Control): void {
    if (this.#wire.isBetweenMessages) this.#write(message);
  }

  /** From here on the session's state goes out: `welcome`, `snapshot` and what else stands in rule W1. */
  subscribe(welcome: Control, subscription: Subscription): void {
    this.#subscription = subscription;
    for (const imageId of subscription.have) this.#known.add(imageId);
    for (const candidate of subscription.source.runningCandidates) {
      this.#progressDue.add(candidate);
      this.#partialDue.add(candidate);
    }
    this.#snapshotDue = true;
    this.#viewersDue = true;
    this.send(welcome);
  }

  snapshotIsDue(): void {
    this.#snapshotDue = true;
    this.#pump();
  }

  viewersAreDue(): void {
    this.#viewersDue = true;
    this.#pump();
  }

  /** With a `draftId` it is this connection's own. */
  draftIsDue(text: string, by: string, draftId?: string): void {
    if (!this.#hasSentSnapshot) return; // The snapshot carries it.
    const isOwn = draftId !== undefined;
    this.#draftDue = isOwn ? undefined : { type: 'draft', text, by };
    if (isOwn) this.#echoDue = { type: 'draft', text, by, draftId };
    this.#pump();
  }

  progressIsDue(candidate: number): void {
    this.#progressDue.add(candidate);
    this.#pump();
  }

  /** Skipped while there is no room: what fills the wire is a sign of life itself. */
  heartbeatIsDue(): void {
    if (this.#wire.hasRoom) this.send({ type: 'heartbeat' });
  }

  partialIsDue(candidate: number): void {
    this.#partialDue.add(candidate);
    this.#pump();
  }

  /** One that is already queued, or on its way, is not queued twice. */
  want(imageIds: readonly string[]): void {
    for (const imageId of imageIds) if (imageId !== this.#imageInFlight) this.#wanted.add(imageId);
    this.#pump();
  }

  #pump(): void {
    while (this.#wire.hasRoom && this.#sendNext());
    if (this.#isReady) for (const resolve of this.#waiters.splice(0)) resolve();
  }

  /** Sends the most urgent thing that is due, if any. */
  #sendNext(): boolean {
    const source = this.#subscription?.source;
    // An ack follows the snapshot it caused, unless that one waits for an image (rule W6).
    const snapshotFirst = this.#control[0]?.type === 'ack' && this.#snapshotIsReady(source);
    const control = snapshotFirst ? undefined : this.#control.shift();
    if (control) return this.#write(control);
    if (!source) return false;
    return (
      this.#sendEcho() ||
      this.#sendSnapshot(source) ||
      this.#sendViewers(source) ||
      this.#sendDraft() ||
      this.#sendShownImage(source) ||
      this.#sendProgress(source) ||
      this.#sendPartial(source) ||
      this.#sendWanted(source)
    );
  }

  /** Once joined, an image crosses before the first snapshot that shows it (rule W3). */
  #snapshotIsReady(source: Source | undefined): source is Source {
    if (!source || !this.#snapshotDue) return false;
    return !this.#hasSentSnapshot || this.#missing(source) === undefined;
  }

  #missing({ shownImages }: Source): string | undefined {
    return shownImages.find((imageId) => !this.#known.has(imageId));
  }

  /** Before a snapshot, which carries what was set after it: so the last text that its author hears is the one that is set. */
  #sendEcho(): boolean {
    const echo = this.#echoDue;
    if (!echo) return false;
    this.#echoDue = undefined;
    return this.#write(echo);
  }

  /** A long one that is on its way holds up the next, which collapse to the latest meanwhile; not where an ack waits for it. */
  #sendSnapshot(source: Source): boolean {
    if (!this.#snapshotIsReady(source)) return false;
    if (!this.#wire.hasArrived && this.#control.length === 0) return false;
    this.#snapshotDue = false;
    this.#hasSentSnapshot = true;
    this.#draftDue = undefined; // The snapshot carries it.
    this.#wire.sendFollowed(source.snapshotFrame);
    return true;
  }

  #sendViewers({ viewers }: Source): boolean {
    if (!this.#viewersDue || !this.#hasSentSnapshot) return false;
    this.#viewersDue = false;
    return this.#write({ type: 'viewers', ...viewers });
  }

  #sendDraft(): boolean {
    const draft = this.#draftDue;
    if (!draft) return false;
    this.#draftDue = undefined;
    return this.#write(draft);
  }

  #sendShownImage(source: Source): boolean {
    const imageId = this.#missing(source);
    const image = imageId === undefined ? undefined : source.image(imageId);
    return image !== undefined && this.#sendImage(image);
  }

  #sendProgress(source: Source): boolean {
    // It may be of a generation that only the snapshot still to come tells of.
    if (this.#snapshotDue) return false;
    for (const candidate of this.#progressDue) {
      this.#progressDue.delete(candidate);
      const progress = source.progress(candidate);
      if (progress) return this.#write(progress);
    }
    return false;
  }

  #sendPartial(source: Source): boolean {
    if (this.#snapshotDue || this.#imageInFlight !== undefined) return false;
    for (const candidate of this.#partialDue) {
      this.#partialDue.delete(candidate);
      const partial = source.partial(candidate);
      if (partial) return this.#sendImage(partial);
    }
    return false;
  }

  #sendWanted(source: Source): boolean {
    const [imageId] = this.#wanted;
    if (imageId === undefined || this.#imageInFlight !== undefined) return false;
    const image = source.image(imageId);
    if (image) return this.#sendImage(image);
    this.#wanted.delete(imageId);
    this.#onImageGone(imageId);
    return true;
  }

  /** One image is in flight at a time. */
  #sendImage(image: StoredImage): boolean {
    if (this.#imageInFlight !== undefined) return false;
    const { imageId, kind } = image.reference;
    if (kind === 'final') this.#known.add(imageId);
    this.#wanted.delete(imageId);
    const url = this.#subscription?.urlOf?.(imageId);
    if (url !== undefined) return this.#write({ type: 'image', ...image.reference, url });
    this.#imageInFlight = imageId;
    const lease = this.#frames.lease(image);
    this.#wire.sendPieces(lease.pieces, lease.byteLength, () => {
      lease.release();
      this.#imageInFlight = undefined;
      this.#pump();
    });
    return true;
  }

  #write(message: ServerMessage): boolean {
    this.#wire.send(JSON.stringify(message));
    return true;
  }
}
