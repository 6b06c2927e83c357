/** The part of a session that a door may read, to show it. */
import type { RecordEntry } from '../../shared/model.ts';
import type { ProgressMessage } from '../../shared/protocol.ts';
import type { ShortSnapshot } from './long-prompts.ts';
import type { RecordFrame } from './session-frames.ts';
import type { StoredImage } from './session-images.ts';
import type { Viewers } from './subscribers.ts';

export interface SessionView {
  readonly id: string;
  /** The `snapshot` message, encoded once for all connections: it may be long, and they may be many. */
  readonly snapshotFrame: Buffer;
  /** The same for connections that get long prompts once. */
  readonly shortSnapshot: ShortSnapshot;
  /** The ids of the images that the snapshot shows as `image` and `approved`. */
  readonly shownImages: readonly string[];
  readonly viewers: Viewers;
  /** The `viewers` message, encoded once for all connections. */
  readonly viewersFrame: Buffer;
  /** The record of decisions, oldest first. It only grows. */
  readonly record: readonly RecordEntry[];
  /** A `record` message with entries from the one at `from` on, as many as one message takes, and the place of the next. */
  recordFrame(from: number): RecordFrame;
  /** Candidates that are being drawn or wait for it. */
  readonly runningCandidates: readonly number[];
  progress(candidate: number): ProgressMessage | undefined;
  /** The same as a message, which all connections that ask for it within a millisecond share. */
  progressFrame(candidate: number): Buffer | undefined;
  /** The candidate's last preview. */
  partial(candidate: number): StoredImage | undefined;
  /** The image of an attempt, kept or discarded. */
  image(imageId: string): StoredImage | undefined;
  /** Like `image`, and the previews on show; fetched from the store where another server had it made. Rejects with `StoreUnavailable`. */
  loadImage(imageId: string): Promise<StoredImage | undefined>;
  /** Whether it is the approved image. */
  isApproved(imageId: string): boolean;
  /** The name of the image's file when it is saved. */
  fileName(image: StoredImage): string;
}
