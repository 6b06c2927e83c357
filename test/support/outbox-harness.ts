/** An outbox on a fake socket and a session that the test sets by hand. */
import { randomUUID } from 'node:crypto';
import { ImageMemory } from '../../server/session/image-memory.ts';
import { createStoredImage, type StoredImage } from '../../server/session/session-images.ts';
import { ImageFrames } from '../../server/ws/image-frames.ts';
import { Outbox, type OutboxSource } from '../../server/ws/outbox.ts';
import { SocketWriter } from '../../server/ws/socket-writer.ts';
import type { RecordEntry } from '../../shared/model.ts';
import type { ProgressMessage, WelcomeMessage } from '../../shared/protocol.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeWebSocket, type SentMessage } from './fake-web-socket.ts';
import { imageOf } from './scripted-generator.ts';

/** In bytes: a socket that holds more has no capacity. */
export const CAP = 20_000;
/** In bytes: so much of snapshots and drafts may go out at once, and a tenth of it a second. */
export const UPDATE_BURST = 10 * CAP;
const PLENTY_BYTES = 10_000_000;

const welcome: WelcomeMessage = {
  type: 'welcome',
  protocol: 1,
  connectionId: 'c1',
  participantId: 'p1',
  participantSecret: 'secret',
  sessionId: 's1',
  role: 'reviewer',
  name: 'Ana',
  generator: { name: 'Scripted', model: 'scripted-1', demo: false, supports: { refine: true } },
  limits: {
    INBOUND_MESSAGE_BYTES: 1,
    PROMPT_CHARACTERS: 1,
    FEEDBACK_CHARACTERS: 1,
    NAME_CHARACTERS: 1,
    HAVE_IDS: 1,
    WANT_IDS: 1,
    ATTEMPTS_PER_SESSION: 1,
    DRAFTS_PER_SECOND: 1,
  },
};

interface ImageOptions {
  readonly kind?: 'final' | 'partial';
  readonly index?: number;
  readonly byteLength?: number;
  /** Whose budget the image counts in; one of its own when absent. */
  readonly memory?: ImageMemory;
}

/** An image whose bytes follow from its id. */
export function storedImage(
  imageId: string,
  { kind = 'final', index = 0, byteLength = 3_000, memory = new ImageMemory(PLENTY_BYTES) }: ImageOptions = {},
): StoredImage {
  const reservation = memory.tryReserve(byteLength);
  if (!reservation) throw new Error(`no memory for ${imageId}`);
  const identity = { imageId, generationId: 'g1', candidate: 0, kind, index };
  return createStoredImage(imageOf(imageId, byteLength), identity, reservation);
}

/** What an outbox reads of its session. */
export class FakeSource implements OutboxSource {
  revision = 0;
  /** Makes the snapshot long. */
  prompt = '';
  shownImages: string[] = [];
  viewers = { reviewers: 1, watchers: 0 };
  record: RecordEntry[] = [];
  runningCandidates: number[] = [];
  readonly images = new Map<string, StoredImage>();
  readonly partials = new Map<number, StoredImage>();
  phase: ProgressMessage['phase'] = 'started';

  get snapshotFrame(): Buffer {
    const [image] = this.shownImages;
    return Buffer.from(JSON.stringify({ type: 'snapshot', revision: this.revision, image, prompt: this.prompt }));
  }

  /** By id: the long prompts of the session. */
  readonly prompts = new Map<string, string>();

  get shortSnapshot(): { frame: Buffer; prompts: ReadonlyMap<string, string> } {
    const named = [...this.prompts.keys()];
    return {
      frame: Buffer.from(JSON.stringify({ type: 'snapshot', revision: this.revision, named })),
      prompts: this.prompts,
    };
  }

  get viewersFrame(): Buffer {
    return Buffer.from(JSON.stringify({ type: 'viewers', ...this.viewers }));
  }

  /** One entry in each message. */
  recordFrame(from: number): { frame: Buffer; next: number } {
    const entries = this.record.slice(from, from + 1);
    return { frame: Buffer.from(JSON.stringify({ type: 'record', from, entries })), next: from + entries.length };
  }

  progressFrame(candidate: number): Buffer | undefined {
    const progress = this.progress(candidate);
    return progress && Buffer.from(JSON.stringify(progress));
  }

  progress(candidate: number): ProgressMessage | undefined {
    if (!this.runningCandidates.includes(candidate)) return undefined;
    return { type: 'progress', generationId: 'g1', candidate, phase: this.phase, try: 1, maxTries: 3, elapsedMs: 0 };
  }

  partial(candidate: number): StoredImage | undefined {
    return this.partials.get(candidate);
  }

  image(imageId: string): StoredImage | undefined {
    return this.images.get(imageId);
  }

  addImages(...imageIds: readonly string[]): void {
    for (const imageId of imageIds) this.images.set(imageId, storedImage(imageId));
  }

  /** A new image, and a state that shows it. */
  show(imageId: string): void {
    this.addImages(imageId);
    this.shownImages = [imageId];
    this.revision += 1;
  }
}

interface JoinOptions {
  readonly source?: FakeSource;
  readonly frames?: ImageFrames;
  readonly have?: readonly string[];
  readonly record?: number;
  readonly urlOf?: (imageId: string) => string;
  readonly promptsOnce?: boolean;
}

export class OutboxHarness {
  readonly source: FakeSource;
  readonly socket = new FakeWebSocket();
  readonly clock = new FakeClock();
  readonly outbox: Outbox;
  /** Wanted images that were gone when their turn came. */
  readonly gone: string[] = [];

  constructor({
    source = new FakeSource(),
    frames = new ImageFrames(new ImageMemory(PLENTY_BYTES)),
  }: JoinOptions = {}) {
    this.source = source;
    const writer = new SocketWriter(this.socket.asWebSocket, this.socket, this.clock, CAP, randomUUID);
    this.outbox = new Outbox(writer, frames, {
      clock: this.clock,
      limits: { OUTBOX_BYTES: UPDATE_BURST, UPDATE_BYTES_PER_SECOND: UPDATE_BURST / 10 },
      onImageGone: (imageId) => this.gone.push(imageId),
      onRemoved: () => {},
      onFault: (error) => {
        throw error;
      },
    });
  }

  /** As a connection joins: subscribing reports the viewers before. */
  join({ have = [], record = 0, urlOf, promptsOnce = false }: JoinOptions = {}): void {
    this.outbox.viewersChanged();
    this.outbox.join(welcome, { source: this.source, ...(urlOf && { urlOf }), promptsOnce }, { have, record });
  }

  /** Fills the socket above its cap. */
  readonly stall = (): void => {
    this.outbox.send({ type: 'goodbye', reason: 'x'.repeat(CAP) });
    this.socket.take();
  };

  /** The types of the messages written since the last look. */
  readonly types = (): string[] => this.socket.take().map(({ type }) => type);

  /** The messages since the last look, in the order in which they go out when the kernel takes everything. */
  readonly all = (): SentMessage[] => {
    this.socket.flush();
    return this.socket.take();
  };

  readonly allTypes = (): string[] => this.all().map(({ type }) => type);
}

/** An outbox that has joined, and whose peer has read everything so far. */
export function joinedOutbox(options: JoinOptions = {}): OutboxHarness {
  const harness = new OutboxHarness(options);
  harness.join(options);
  harness.all();
  return harness;
}
