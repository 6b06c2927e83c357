/**
 * Long prompts, each under an id, so that a connection gets each of them once and not in every snapshot: 24 attempts with prompts of
 * 32,000 characters would make snapshots of 800 KB and more.
 */
import type { Attempt, Generation } from '../../shared/model.ts';
import type { SnapshotMessage } from '../../shared/protocol.ts';

/** In UTF-16 units; a shorter prompt stays where it is. */
const LONG = 1_000;

export interface ShortSnapshot {
  readonly frame: Buffer;
  /** The prompts that the snapshot names, by id. */
  readonly prompts: ReadonlyMap<string, string>;
}

type Prompted = Pick<Attempt | Generation, 'prompt' | 'promptId'>;

/** Of one session. */
export class LongPrompts {
  /** Those in the last snapshot. An id is never given to another text. */
  #ids: ReadonlyMap<string, string> = new Map();
  #count = 0;

  /** The `snapshot` message with ids in place of long prompts. */
  shorten(snapshot: SnapshotMessage): ShortSnapshot {
    const ids = new Map<string, string>();
    const short = <Any extends Prompted>(one: Any): Any => {
      if (one.prompt.length < LONG) return one;
      const promptId = ids.get(one.prompt) ?? this.#ids.get(one.prompt) ?? this.#newId();
      ids.set(one.prompt, promptId);
      return { ...one, prompt: '', promptId };
    };
    const { attempts, discarded, lastGeneration } = snapshot;
    const shortened = {
      ...snapshot,
      attempts: attempts.map(short),
      ...(discarded && { discarded: discarded.map(short) }),
      ...(lastGeneration && { lastGeneration: short(lastGeneration) }),
      ...(snapshot.stage === 'generating' && { generation: short(snapshot.generation) }),
    };
    this.#ids = ids;
    // A command has set the draft, and nobody has typed since.
    const draftPromptId = ids.get(snapshot.draft);
    const draft = draftPromptId !== undefined && { draft: '', draftPromptId };
    const prompts = new Map([...ids].map(([text, promptId]) => [promptId, text]));
    return { frame: Buffer.from(JSON.stringify({ ...shortened, ...draft })), prompts };
  }

  #newId(): string {
    this.#count += 1;
    return String(this.#count);
  }
}
