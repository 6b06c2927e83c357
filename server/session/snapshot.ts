/** A session's state in the words of the wire. */
import type { SnapshotMessage } from '../../shared/protocol.ts';
import type { State } from './state.ts';

export function snapshotOf(state: State, draft: string): SnapshotMessage {
  const { revision, turn, attempts, discarded, decisions, lastAction } = state;
  const common = {
    type: 'snapshot' as const,
    revision,
    turn,
    draft,
    attempts: [...attempts],
    ...(discarded.length > 0 && { discarded: [...discarded] }),
    decisions: [...decisions],
    ...(lastAction && { lastAction }),
  };
  switch (state.stage) {
    case 'initial_input':
      return { ...common, stage: state.stage, ...unfinishedOf(state) };
    case 'generating': {
      const image = attempts.at(-1)?.image;
      return { ...common, stage: state.stage, generation: state.generation, ...(image && { image }) };
    }
    case 'user_feedback':
      return { ...common, stage: state.stage, image: newestImage(state), ...unfinishedOf(state) };
    case 'final':
      return { ...common, stage: state.stage, image: newestImage(state), approved: state.approved };
  }
}

function unfinishedOf({ unfinished }: Extract<State, { stage: 'initial_input' | 'user_feedback' }>) {
  if (!unfinished) return {};
  const { generation, error } = unfinished;
  return { lastGeneration: generation, ...(error && { error }) };
}

function newestImage({ attempts }: Extract<State, { stage: 'user_feedback' | 'final' }>) {
  return (attempts.at(-1) ?? attempts[0]).image;
}
