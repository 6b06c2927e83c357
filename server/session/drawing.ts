/** What a session draws now, if anything: it has its room before it starts, and its results come home as events. */

import type { Generation } from '../../shared/model.ts';
import type { ProgressMessage } from '../../shared/protocol.ts';
import type { SessionContext } from './context.ts';
import { GenerationRooms } from './generation-rooms.ts';
import { GenerationRun, type RunListener } from './generation-run.ts';
import type { KeptImages } from './kept-images.ts';
import type { Event } from './machine.ts';
import type { StoredImage } from './stored-image.ts';
import type { Audience } from './subscribers.ts';

export interface DrawingSession {
  readonly id: string;
  readonly images: KeptImages;
  readonly audience: Audience;
  /** What came of it. Whether it still counts is the machine's to say (rule M4). */
  apply(event: Event, image?: StoredImage): Promise<unknown>;
  /** Nothing is drawn any more. */
  ended(): void;
}

export class Drawing {
  readonly #context: SessionContext;
  readonly #session: DrawingSession;
  #run: GenerationRun | undefined;
  /** While it asks for room, its session is not among the resting ones that give it. */
  #needsRoom = false;
  #asks = 0;

  constructor(context: SessionContext, session: DrawingSession) {
    this.#context = context;
    this.#session = session;
  }

  /** Something is drawn, or about to be. */
  get isBusy(): boolean {
    return this.#run !== undefined || this.#needsRoom;
  }

  /** The candidates that are being drawn or wait for it. */
  get candidates(): readonly number[] {
    return this.#run?.candidates ?? [];
  }

  progress(candidate: number): ProgressMessage | undefined {
    return this.#run?.progress(candidate);
  }

  partial(candidate: number): StoredImage | undefined {
    return this.#run?.partial(candidate);
  }

  /** Room for each image that is drawn at once, taken before any money is spent; those that wait take theirs at their turn (rule R7). */
  reserve({ candidates }: Generation): GenerationRooms | undefined {
    const { queue, memory, limits } = this.#context;
    if (!queue.hasRoom(candidates)) return undefined;
    this.#needsRoom = true;
    const rooms = GenerationRooms.reserve(memory, limits.UPSTREAM_IMAGE_BYTES, queue.startingAtOnce(candidates));
    this.#needsRoom = false;
    return rooms;
  }

  start(generation: Generation, rooms: GenerationRooms): void {
    const { prompt, feedback, parent, options } = generation;
    const source = feedback === undefined || parent === undefined ? undefined : this.#session.images.find(parent);
    const request = {
      prompt,
      options,
      attempt: this.#asks,
      ...(feedback !== undefined && { feedback }),
      ...(source && { parent: { bytes: source.bytes, mediaType: source.reference.mediaType } }),
    };
    this.#asks += generation.candidates;
    const listener = this.#listener(generation, rooms);
    const run = new GenerationRun(this.#session.id, generation, request, this.#context, listener);
    this.#run = run;
    run.start();
  }

  /** Ends what runs or waits; all that it has taken is free at once. */
  abort(): void {
    this.#run?.abort();
  }

  /** Like `abort`, for a session that is gone and is told nothing more. May be called twice. */
  close(): void {
    const run = this.#run;
    this.#run = undefined;
    run?.abort();
  }

  #listener(generation: Generation, rooms: GenerationRooms): RunListener {
    const { generationId } = generation;
    const { audience } = this.#session;
    return {
      reserve: (candidate) => rooms.take(candidate),
      progressed: (candidate) => audience.tell((one) => one.progressed(candidate)),
      previewed: (candidate) => audience.tell((one) => one.previewed(candidate)),
      generated: (candidate, image, { revisedPrompt, usage, estimatedCost }) => {
        const told = {
          ...(revisedPrompt !== undefined && { revisedPrompt }),
          ...(usage && { usage }),
          ...(estimatedCost && { estimatedCost }),
        };
        const at = new Date(this.#context.clock.now()).toISOString();
        const event = { type: 'generated', generationId, candidate, image: image.reference, at, ...told } as const;
        const room = rooms.of(candidate);
        void this.#bringHome(event, { ...image, ...(room && { room }) }).finally(() => room?.release());
      },
      failed: (candidate, error) => {
        rooms.of(candidate)?.release();
        void this.#bringHome({ type: 'failed', generationId, candidate, error });
      },
      ended: () => {
        rooms.releaseAll();
        if (this.#run?.generation !== generation) return;
        this.#run = undefined;
        this.#session.ended();
      },
    };
  }

  /** Nobody waits for this one, so nobody else would hear of its failure. */
  async #bringHome(event: Event, image?: StoredImage): Promise<void> {
    try {
      await this.#session.apply(event, image);
    } catch (error) {
      this.#context.journal.fault(error, 'a result could not be applied');
    }
  }
}
