/** A connection whose other end is paper: what its outbox writes is read by a test, on a board that the test sets. */
import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import { ImageMemory } from '../../server/session/image-memory.ts';
import { type StoredImage, storedImage } from '../../server/session/stored-image.ts';
import { ImageFrames } from '../../server/ws/image-frames.ts';
import { Outbox, type Source } from '../../server/ws/outbox.ts';
import { Wire } from '../../server/ws/socket-writer.ts';
import type { ProgressMessage, WelcomeMessage } from '../../shared/protocol.ts';
import { FakeClock } from './fake-clock.ts';
import { PaperSocket } from './fake-web-socket.ts';
import { imageOf } from './scripted-generator.ts';

/** In bytes: a wire that holds more has no room. */
export const CAP = 20_000;

const welcome: WelcomeMessage = {
  type: 'welcome',
  protocol: 1,
  connectionId: 'c',
  sessionId: 's',
  role: 'reviewer',
  name: 'Ana',
  generator: { name: 'Scripted', model: 'scripted-1', demo: false },
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

export const picture = (imageId: string, kind: 'final' | 'partial' = 'final', index = 0): StoredImage =>
  storedImage(imageOf(imageId), { imageId, generationId: 'g', candidate: 0, kind, index });

/** What a session would say, set by the test. */
export class Board implements Source {
  revision = 0;
  /** Makes a snapshot long. */
  prompt = '';
  shownImages: string[] = [];
  viewers = { reviewers: 1, watchers: 0 };
  runningCandidates: number[] = [];
  readonly images = new Map<string, StoredImage>();
  readonly partials = new Map<number, StoredImage>();
  phase: ProgressMessage['phase'] = 'started';

  get snapshotFrame(): Buffer {
    return Buffer.from(
      JSON.stringify({
        type: 'snapshot',
        revision: this.revision,
        image: this.shownImages[0],
        ...(this.prompt && { prompt: this.prompt }),
      }),
    );
  }
  progress(candidate: number): ProgressMessage | undefined {
    if (!this.runningCandidates.includes(candidate)) return undefined;
    return { type: 'progress', generationId: 'g', candidate, phase: this.phase, try: 1, maxTries: 3, elapsedMs: 0 };
  }
  partial(candidate: number): StoredImage | undefined {
    return this.partials.get(candidate);
  }
  image(imageId: string): StoredImage | undefined {
    return this.images.get(imageId);
  }
  /** A new image, and the snapshot that shows it. */
  shows(imageId: string): void {
    this.images.set(imageId, picture(imageId));
    this.shownImages = [imageId];
    this.revision += 1;
  }
}

export function outboxOn(board: Board, frames = new ImageFrames(new ImageMemory(1_000_000)), have: string[] = []) {
  const socket = new PaperSocket();
  const gone: string[] = [];
  const wire = new Wire(socket as unknown as WebSocket, new FakeClock(), CAP, randomUUID);
  const outbox = new Outbox(wire, frames, (imageId) => gone.push(imageId));
  const join = (urlOf?: (imageId: string) => string) =>
    outbox.subscribe(welcome, { source: board, have, ...(urlOf && { urlOf }) });
  const types = () => socket.take().map(({ type }) => type);
  /** Everything, in the order in which it goes out when the kernel takes all of it. */
  const all = () => {
    socket.flush();
    return socket.take();
  };
  return { socket, outbox, gone, join, types, all };
}

/** A connection that has joined and read everything, on a board that the test then changes. */
export function joined(board = new Board(), frames?: ImageFrames) {
  const connection = outboxOn(board, frames);
  connection.join();
  connection.all();
  return { board, ...connection };
}

export type PaperConnection = ReturnType<typeof joined>;

/** Fills the wire above its cap. */
export function stall({ outbox, socket }: Pick<PaperConnection, 'outbox' | 'socket'>): void {
  outbox.send({ type: 'goodbye', reason: 'x'.repeat(CAP) });
  socket.take();
}
