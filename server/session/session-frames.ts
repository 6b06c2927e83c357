/** The messages about a session that go to all of its connections, each encoded once: they may be long, and the connections many. */
import type { RecordEntry } from '../../shared/model.ts';
import type { RecordMessage, SnapshotMessage } from '../../shared/protocol.ts';
import { LongPrompts, type ShortSnapshot } from './long-prompts.ts';
import type { SessionDraft } from './session-draft.ts';
import type { SessionGeneration } from './session-generation.ts';
import type { SessionParts } from './session-parts.ts';
import { snapshotOf } from './snapshot.ts';

export interface RecordFrame {
  readonly frame: Buffer;
  readonly next: number;
}

export interface SessionFramesContext extends SessionParts {
  readonly draft: SessionDraft;
  readonly generation: SessionGeneration;
}

export class SessionFrames {
  readonly #context: SessionFramesContext;
  readonly #prompts = new LongPrompts();
  /** Encoded when the first connection asks for it. */
  #snapshot: { readonly whole: SnapshotMessage; frame?: Buffer; short?: ShortSnapshot } | undefined;
  readonly #progress = new Map<number, { readonly at: number; readonly frame: Buffer | undefined }>();
  /** By `from`, for one record. */
  #records: { readonly of: readonly RecordEntry[]; readonly frames: Map<number, RecordFrame> } | undefined;

  constructor(context: SessionFramesContext) {
    this.#context = context;
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
    const { latest, draft, limits } = this.#context;
    this.#snapshot ??= { whole: snapshotOf(latest.current.state, draft.text, limits.DECISIONS_PER_SNAPSHOT) };
    return this.#snapshot;
  }

  /** Entries from the one at `from` on, as many as one message takes. */
  record(from: number): RecordFrame {
    const { latest, limits } = this.#context;
    const { record } = latest.current.state;
    if (this.#records?.of !== record) this.#records = { of: record, frames: new Map() };
    const { frames } = this.#records;
    const known = frames.get(from);
    if (known) return known;
    const entries: RecordEntry[] = [];
    let characters = 0;
    for (const entry of record.slice(from)) {
      if (characters >= limits.RECORD_MESSAGE_CHARACTERS) break;
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
    const { clock, generation } = this.#context;
    const at = Math.floor(clock.monotonic());
    const known = this.#progress.get(candidate);
    if (known?.at === at) return known.frame;
    const progress = generation.run?.progress(candidate);
    const frame = progress && Buffer.from(JSON.stringify(progress));
    this.#progress.set(candidate, { at, frame });
    return frame;
  }
}
