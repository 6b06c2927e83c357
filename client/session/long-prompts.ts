/** Long prompts, which the server sends once and then names in snapshots. */
import type { Attempt, Generation } from '../../shared/model.ts';
import type { PromptMessage, SnapshotMessage } from '../../shared/protocol.ts';

type Prompted = Pick<Attempt | Generation, 'prompt' | 'promptId'>;

export class LongPrompts {
  #texts: ReadonlyMap<string, string> = new Map();

  receive({ promptId, text }: PromptMessage): void {
    this.#texts = new Map(this.#texts).set(promptId, text);
  }

  /** The snapshot with all prompts in their places. Those that it does not name are forgotten, as the server expects. */
  restore({ draftPromptId, ...snapshot }: SnapshotMessage): SnapshotMessage {
    const named = new Map<string, string>();
    const textOf = (promptId: string | undefined): string | undefined => {
      const text = promptId === undefined ? undefined : this.#texts.get(promptId);
      if (promptId !== undefined && text !== undefined) named.set(promptId, text);
      return text;
    };
    const whole = <Any extends Prompted>(one: Any): Any => {
      const { promptId, ...rest } = one;
      const prompt = textOf(promptId);
      return prompt === undefined ? one : ({ ...rest, prompt } as Any);
    };
    const draft = textOf(draftPromptId);
    const { attempts, discarded, lastGeneration } = snapshot;
    const restored = {
      ...snapshot,
      ...(draft === undefined ? draftPromptId !== undefined && { draftPromptId } : { draft }),
      attempts: attempts.map(whole),
      ...(discarded && { discarded: discarded.map(whole) }),
      ...(lastGeneration && { lastGeneration: whole(lastGeneration) }),
    };
    const all = restored.stage === 'generating' ? { ...restored, generation: whole(restored.generation) } : restored;
    this.#texts = named;
    return all;
  }
}
