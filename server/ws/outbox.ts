/**
 * What goes out on one connection, and in which order. It keeps no history: it notes what is due, and fetches the latest from the
 * session when the socket has capacity, so that a slow connection skips to the newest state by itself (rule R3).
 */
import type { Invitation, Links, ServerMessage, WelcomeMessage } from '../../shared/protocol.ts';
import type { Clock } from '../platform/clock.ts';
import type { Limits } from '../platform/limits.ts';
import { TokenBucket } from '../platform/rate-limiter.ts';
import type { StoredImage } from '../session/session-images.ts';
import type { SessionView } from '../session/session-view.ts';
import type { DraftUpdate, Removal, Subscriber } from '../session/subscribers.ts';
import type { ImageFrames } from './image-frames.ts';
import type { SocketWriter } from './socket-writer.ts';

/** What the outbox fetches from its session. */
export type OutboxSource = Pick<
  SessionView,
  | 'snapshotFrame'
  | 'shortSnapshot'
  | 'shownImages'
  | 'viewersFrame'
  | 'record'
  | 'recordFrame'
  | 'runningCandidates'
  | 'progressFrame'
  | 'partial'
  | 'image'
>;

export interface OutboxOptions {
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'OUTBOX_BYTES' | 'UPDATE_BYTES_PER_SECOND'>;
  /** A wanted image is gone when its turn comes. */
  readonly onImageGone: (imageId: string) => void;
  readonly onRemoved: (why: Removal) => void;
  /** Writing failed: a socket calls back outside of any message that could answer for it (rule R8). */
  readonly onFault: (error: unknown) => void;
}

interface Joined {
  readonly source: OutboxSource;
  /** Absent: images go inline. */
  readonly urlOf?: (imageId: string) => string;
  /** Long prompts come in messages of their own. */
  readonly promptsOnce?: boolean;
}

/** What the client has. */
interface Held {
  /** Ids of images. */
  readonly have: readonly string[];
  /** How many entries of the record. */
  readonly record: number;
}

type Control = Exclude<
  ServerMessage,
  { type: 'snapshot' | 'image' | 'progress' | 'viewers' | 'draft' | 'links' | 'invitations' | 'record' | 'prompt' }
>;

/** A draft is encoded once for all connections, since the session gives all of them the same update. */
const draftFrames = new WeakMap<DraftUpdate, Buffer>();

/** Enough for what a person does while one image is on its way. */
const MAX_WAITING_ANSWERS = 16;

export class Outbox implements Subscriber {
  readonly #options: OutboxOptions;
  readonly #writer: SocketWriter;
  readonly #frames: ImageFrames;
  readonly #control: Control[] = [];
  readonly #readyWaiters: (() => void)[] = [];
  // Arrays, since they are short, and a Set takes memory for each idle connection.
  /** Candidates. */
  readonly #progressDue: number[] = [];
  /** Candidates. */
  readonly #partialsDue: number[] = [];
  /** Asked for by `want`, in that order. */
  readonly #wanted: string[] = [];
  /** Final images that the client has: sent before, or listed in its `have` (rule W2). */
  readonly #known = new Set<string>();
  #joined: Joined | undefined;
  #snapshotDue = false;
  #hasSentSnapshot = false;
  #viewersDue = false;
  #hasSentViewers = false;
  /** How many entries of the record the client has. */
  #recordSent = 0;
  /** Ids of the long prompts that the client has, of those that the last snapshot named. */
  #promptsSent = new Set<string>();
  #linksDue: Links | undefined;
  #invitationsDue: readonly Invitation[] | undefined;
  /** The last text of others. */
  #draftDue: DraftUpdate | undefined;
  /** The last text of this connection's own. Its author waits for it, so only a later one of theirs replaces it. */
  #ownDraftDue: DraftUpdate | undefined;
  /** The image that is being written. */
  #imageInFlight: string | undefined;
  /** In bytes. One short command may change a long state, which goes out to everybody. */
  readonly #updates: TokenBucket;
  /** Ends a pause of the updates. */
  #cancelPause: (() => void) | undefined;
  #isStopped = false;

  constructor(writer: SocketWriter, frames: ImageFrames, options: OutboxOptions) {
    const { limits, clock } = options;
    this.#options = options;
    this.#updates = new TokenBucket(limits.OUTBOX_BYTES, limits.UPDATE_BYTES_PER_SECOND, clock);
    this.#writer = writer;
    this.#frames = frames;
    writer.onCapacity = () => this.#pump();
  }

  /** An update that is due waits for the rate of updates. */
  get isPaused(): boolean {
    return this.#cancelPause !== undefined;
  }

  /** The connection is over. May be called twice. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelPause?.();
    this.#cancelPause = undefined;
  }

  /**
   * Resolves when few answers wait to be sent, so that a client that asks on without reading is read no further. A slow image delays
   * nobody: what a client asks for meanwhile is done at once and answered behind it.
   */
  ready(): Promise<void> {
    return this.#isReady ? Promise.resolve() : new Promise((resolve) => this.#readyWaiters.push(resolve));
  }

  get #isReady(): boolean {
    return this.#control.length < MAX_WAITING_ANSWERS;
  }

  send(message: Control): void {
    this.#control.push(message);
    this.#pump();
  }

  /** Writes the connection's last message, whatever the socket holds. Nothing is written in the middle of an image. */
  sendLast(message: Control): void {
    if (this.#writer.isBetweenMessages) this.#write(message);
  }

  /** Sends `welcome`, `snapshot` and the rest of rule W1. */
  join(welcome: WelcomeMessage, joined: Joined, { have, record }: Held): void {
    this.#joined = joined;
    this.#recordSent = record <= joined.source.record.length ? record : 0;
    for (const imageId of have) this.#known.add(imageId);
    for (const candidate of joined.source.runningCandidates) {
      addOnce(this.#progressDue, candidate);
      addOnce(this.#partialsDue, candidate);
    }
    this.#snapshotDue = true;
    this.send(welcome);
  }

  snapshotChanged(): void {
    this.#snapshotDue = true;
    this.#pump();
  }

  viewersChanged(): void {
    this.#viewersDue = true;
    this.#pump();
  }

  draftChanged(update: DraftUpdate): void {
    if (!this.#hasSentSnapshot) return; // The snapshot carries it.
    const isOwn = update.draftId !== undefined;
    this.#draftDue = isOwn ? undefined : update;
    if (isOwn) this.#ownDraftDue = update;
    this.#pump();
  }

  progressChanged(candidate: number): void {
    addOnce(this.#progressDue, candidate);
    this.#pump();
  }

  partialChanged(candidate: number): void {
    addOnce(this.#partialsDue, candidate);
    this.#pump();
  }

  linksChanged(links: Links): void {
    this.#linksDue = links;
    this.#pump();
  }

  invitationsChanged(invitations: readonly Invitation[]): void {
    this.#invitationsDue = invitations;
    this.#pump();
  }

  removed(why: Removal): void {
    this.#options.onRemoved(why);
  }

  /** Skipped while the socket is full: what fills it shows that the server is alive. */
  sendHeartbeat(): void {
    if (this.#writer.hasCapacity) this.send({ type: 'heartbeat' });
  }

  /** An image that is queued or being sent is not queued again. */
  want(imageIds: readonly string[]): void {
    for (const imageId of imageIds) if (imageId !== this.#imageInFlight) addOnce(this.#wanted, imageId);
    this.#pump();
  }

  #pump(): void {
    try {
      this.#writer.together(() => {
        while (this.#writer.hasCapacity && this.#sendNext());
      });
    } catch (error) {
      this.#options.onFault(error);
    }
    if (this.#isReady) for (const resolve of this.#readyWaiters.splice(0)) resolve();
  }

  /** Sends the most urgent message that is due; false when nothing is. */
  #sendNext(): boolean {
    const source = this.#joined?.source;
    if (this.#sendLinks() || this.#sendInvitations()) return true;
    // An ack follows the snapshot it caused, unless that one waits for an image (rule W6), and the entries of the record.
    const isUpdateFirst =
      this.#control[0]?.type === 'ack' && (this.#isSnapshotReady(source) || this.#isRecordDue(source));
    const control = isUpdateFirst ? undefined : this.#control.shift();
    if (control) return this.#write(control);
    if (!source) return false;
    return (
      this.#sendOwnDraft() ||
      this.#sendRecord(source) ||
      this.#sendSnapshot(source) ||
      this.#sendViewers(source) ||
      this.#sendDraft() ||
      this.#sendShownImage(source) ||
      this.#sendProgress(source) ||
      this.#sendPartial(source) ||
      this.#sendWanted(source)
    );
  }

  /** Once joined, an image goes out before the first snapshot that shows it (rule W3). */
  #isSnapshotReady(source: OutboxSource | undefined): source is OutboxSource {
    if (!source || !this.#snapshotDue) return false;
    return !this.#hasSentSnapshot || this.#missingImage(source) === undefined;
  }

  #missingImage({ shownImages }: OutboxSource): string | undefined {
    return shownImages.find((imageId) => !this.#known.has(imageId));
  }

  /** Before the answer to the command that changed them. */
  #sendLinks(): boolean {
    const links = this.#linksDue;
    if (!links || !this.#hasSentSnapshot) return false;
    this.#linksDue = undefined;
    return this.#write({ type: 'links', ...links });
  }

  #sendInvitations(): boolean {
    const invitations = this.#invitationsDue;
    if (!invitations || !this.#hasSentSnapshot) return false;
    this.#invitationsDue = undefined;
    return this.#write({ type: 'invitations', invitations: [...invitations] });
  }

  /** Before a snapshot, which carries what was set later: the last text that its author receives is the one that is set. */
  #sendOwnDraft(): boolean {
    const draft = this.#ownDraftDue;
    if (!draft) return false;
    this.#ownDraftDue = undefined;
    return this.#write({ type: 'draft', ...draft });
  }

  /** A long snapshot that the peer has not read yet holds up the next, and so does the rate of updates, unless an ack waits for it. */
  #sendSnapshot(source: OutboxSource): boolean {
    if (!this.#isSnapshotReady(source)) return false;
    if (this.#control.length === 0 && (!this.#writer.isConfirmed || !this.#mayUpdate())) return false;
    const { promptsOnce } = this.#joined ?? {};
    if (promptsOnce && this.#sendPrompt(source)) return true;
    const frame = promptsOnce ? source.shortSnapshot.frame : source.snapshotFrame;
    this.#updates.charge(frame.length);
    this.#snapshotDue = false;
    this.#hasSentSnapshot = true;
    this.#draftDue = undefined; // The snapshot carries it.
    this.#writer.sendAndConfirm(frame);
    return true;
  }

  /** Before the snapshot that names them. */
  #sendPrompt({ shortSnapshot: { prompts } }: OutboxSource): boolean {
    for (const [promptId, text] of prompts) {
      if (this.#promptsSent.has(promptId)) continue;
      this.#promptsSent.add(promptId);
      return this.#write({ type: 'prompt', promptId, text });
    }
    // The client keeps no others.
    this.#promptsSent = new Set(prompts.keys());
    return false;
  }

  #sendViewers(source: OutboxSource): boolean {
    if (!this.#viewersDue || !this.#hasSentSnapshot) return false;
    if (this.#hasSentViewers && !this.#mayUpdate()) return false;
    this.#viewersDue = false;
    this.#hasSentViewers = true;
    this.#updates.charge(source.viewersFrame.length);
    this.#writer.send(source.viewersFrame);
    return true;
  }

  /** Once joined, entries of the record go out before the snapshot that counts them (rule W10). */
  #isRecordDue(source: OutboxSource | undefined): source is OutboxSource {
    return source !== undefined && this.#hasSentSnapshot && this.#recordSent < source.record.length;
  }

  #sendRecord(source: OutboxSource): boolean {
    if (!this.#isRecordDue(source)) return false;
    const { frame, next } = source.recordFrame(this.#recordSent);
    this.#recordSent = next;
    this.#writer.send(frame);
    return true;
  }

  #sendDraft(): boolean {
    const draft = this.#draftDue;
    if (!draft || !this.#mayUpdate()) return false;
    this.#draftDue = undefined;
    const frame = draftFrames.get(draft) ?? Buffer.from(JSON.stringify({ type: 'draft', ...draft }));
    draftFrames.set(draft, frame);
    this.#updates.charge(frame.length);
    this.#writer.send(frame);
    return true;
  }

  /** Whether the rate allows another update now. If not, what is due by then goes out as soon as it does. */
  #mayUpdate(): boolean {
    const waitMs = this.#updates.waitMs(0);
    if (waitMs === 0) return true;
    if (this.#isStopped) return false;
    this.#cancelPause ??= this.#options.clock.after(waitMs, () => {
      this.#cancelPause = undefined;
      this.#pump();
    });
    return false;
  }

  #sendShownImage(source: OutboxSource): boolean {
    const imageId = this.#missingImage(source);
    const image = imageId === undefined ? undefined : source.image(imageId);
    return image !== undefined && this.#sendImage(image);
  }

  #sendProgress(source: OutboxSource): boolean {
    // It may be of a generation that only the next snapshot tells of.
    if (this.#snapshotDue) return false;
    for (let candidate = this.#progressDue.shift(); candidate !== undefined; candidate = this.#progressDue.shift()) {
      const frame = source.progressFrame(candidate);
      if (!frame) continue;
      this.#writer.send(frame);
      return true;
    }
    return false;
  }

  #sendPartial(source: OutboxSource): boolean {
    if (this.#snapshotDue || this.#imageInFlight !== undefined) return false;
    for (let candidate = this.#partialsDue.shift(); candidate !== undefined; candidate = this.#partialsDue.shift()) {
      const partial = source.partial(candidate);
      if (partial) return this.#sendImage(partial);
    }
    return false;
  }

  #sendWanted(source: OutboxSource): boolean {
    const [imageId] = this.#wanted;
    if (imageId === undefined || this.#imageInFlight !== undefined) return false;
    const image = source.image(imageId);
    if (image) return this.#sendImage(image);
    remove(this.#wanted, imageId);
    this.#options.onImageGone(imageId);
    return true;
  }

  /** One image at a time; false while another one is being written. */
  #sendImage(image: StoredImage): boolean {
    if (this.#imageInFlight !== undefined) return false;
    const { imageId, kind } = image.reference;
    if (kind === 'final') this.#known.add(imageId);
    remove(this.#wanted, imageId);
    const url = this.#joined?.urlOf?.(imageId);
    if (url !== undefined) return this.#write({ type: 'image', ...image.reference, url });
    this.#imageInFlight = imageId;
    const lease = this.#frames.lease(image);
    this.#writer.sendPieces(lease.pieces, lease.byteLength, () => {
      lease.release();
      this.#imageInFlight = undefined;
      this.#pump();
    });
    return true;
  }

  #write(message: ServerMessage): boolean {
    this.#writer.send(JSON.stringify(message));
    return true;
  }
}

function addOnce<Value>(values: Value[], value: Value): void {
  if (!values.includes(value)) values.push(value);
}

function remove<Value>(values: Value[], value: Value): void {
  const index = values.indexOf(value);
  if (index >= 0) values.splice(index, 1);
}
