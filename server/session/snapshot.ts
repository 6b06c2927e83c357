/** A session's state as the `snapshot` message of the protocol. */
import type { SnapshotMessage } from '../../shared/protocol.ts';
import { newestAttempt } from './attempts.ts';
import type { Idle, State } from './state.ts';

export function snapshotOf(state: State, draft: string): SnapshotMessage {
  const { revision, turn, draftRevision, attempts, discarded, decisions, lastAction } = state;
  const common = {
    type: 'snapshot' as const,
    revision,
    turn,
    draft,
    draftRevision,
    attempts: [...attempts],
    ...(discarded.length > 0 && { discarded: [...discarded] }),
    decisions: [...decisions],
    ...(lastAction && { lastAction }),
  };
  switch (state.stage) {
    case 'initial_input':
      return { ...common, stage: state.stage, ...unfinishedOf(state) };
    case 'generating': {
      const image = newestAttempt(attempts)?.image;
      return { ...common, stage: state.stage, generation: state.generation, ...(image && { image }) };
    }
    case 'user_feedback':
      return { ...common, stage: state.stage, image: newestAttempt(state.attempts).image, ...unfinishedOf(state) };
    case 'final':
      return { ...common, stage: state.stage, image: newestAttempt(state.attempts).image, approved: state.approved };
  }
}

function unfinishedOf({ unfinished }: Idle) {
  if (!unfinished) return {};
  const { generation, error } = unfinished;
  return { lastGeneration: generation, ...(error && { error }) };
}
