/** The messages about a session that go to all of its connections, each encoded once: they may be long, and the connections many. */
import type { RecordEntry } from '../../shared/model.ts';
import type { ProgressMessage, RecordMessage, SnapshotMessage } from '../../shared/protocol.ts';
import type { Clock } from '../platform/clock.ts';
import type { Limits } from '../platform/limits.ts';
import { LongPrompts, type ShortSnapshot } from './long-prompts.ts';
import { snapshotOf } from './snapshot.ts';
import type { State } from './state.ts';

export interface RecordFrame {
  readonly frame: Buffer;
  readonly next: number;
}

export interface FramesSource {
  readonly state: State;
  /** The shared text of the prompt field. */
  readonly draftText: string;
  progress(candidate: number): ProgressMessage | undefined;
}

export class SessionFrames {
  readonly #source: FramesSource;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #limits: Pick<Limits, 'DECISIONS_PER_SNAPSHOT' | 'RECORD_MESSAGE_CHARACTERS'>;
  readonly #prompts = new LongPrompts();
  /** Encoded when the first connection asks for it. */
  #snapshot: { readonly whole: SnapshotMessage; frame?: Buffer; short?: ShortSnapshot } | undefined;
  readonly #progress = new Map<number, { readonly at: number; readonly frame: Buffer | undefined }>();
  /** By `from`, for one record. */
  #records: { readonly of: readonly RecordEntry[]; readonly frames: Map<number, RecordFrame> } | undefined;

  constructor(
    source: FramesSource,
    clock: Pick<Clock, 'monotonic'>,
    limits: Pick<Limits, 'DECISIONS_PER_SNAPSHOT' | 'RECORD_MESSAGE_CHARACTERS'>,
  ) {
    this.#source = source;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** The state or the draft has changed. */
  forgetSnapshot(): void {
    this.#snapshot = undefined;
  }

  forgetProgress(candidate?: number): void {
    if (candidate === undefined) this.#progress.clear();
    else this.#progress.delete(candidate);
  }

  get snapshot(): Buffer {
    const snapshot = this.#current;
    snapshot.frame ??= Buffer.from(JSON.stringify(snapshot.whole));
    return snapshot.frame;
  }

  get shortSnapshot(): ShortSnapshot {
    const snapshot = this.#current;
    snapshot.short ??= this.#prompts.shorten(snapshot.whole);
    return snapshot.short;
  }

  get #current() {
    const { state, draftText } = this.#source;
    this.#snapshot ??= { whole: snapshotOf(state, draftText, this.#limits.DECISIONS_PER_SNAPSHOT) };
    return this.#snapshot;
  }

  /** Entries from the one at `from` on, as many as one message takes. */
  record(from: number): RecordFrame {
    const { record } = this.#source.state;
    if (this.#records?.of !== record) this.#records = { of: record, frames: new Map() };
    const { frames } = this.#records;
    const known = frames.get(from);
    if (known) return known;
    const entries: RecordEntry[] = [];
    let characters = 0;
    for (const entry of record.slice(from)) {
      if (characters >= this.#limits.RECORD_MESSAGE_CHARACTERS) break;
      characters += JSON.stringify(entry).length;
      entries.push(entry);
    }
    const message: RecordMessage = { type: 'record', from, entries };
    const frame = { frame: Buffer.from(JSON.stringify(message)), next: from + entries.length };
    frames.set(from, frame);
    return frame;
  }

  /** Shared by all connections that ask for it within a millisecond. */
  progress(candidate: number): Buffer | undefined {
    const at = Math.floor(this.#clock.monotonic());
    const known = this.#progress.get(candidate);
    if (known?.at === at) return known.frame;
    const progress = this.#source.progress(candidate);
    const frame = progress && Buffer.from(JSON.stringify(progress));
    this.#progress.set(candidate, { at, frame });
    return frame;
  }
}
