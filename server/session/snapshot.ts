/** A session's state as the `snapshot` message of the protocol. */
import type { Decision } from '../../shared/model.ts';
import type { SnapshotMessage } from '../../shared/protocol.ts';
import { imageIdOf, newestAttempt } from './attempts.ts';
import { decisionsIn } from './record.ts';
import type { Idle, State } from './state.ts';

/** `decisions`: how many of them a snapshot carries at most. */
export function snapshotOf(state: State, draft: string, decisions: number): SnapshotMessage {
  const { revision, turn, draftRevision, approvalsNeeded, record, attempts, discarded, lastAction } = state;
  const common = {
    type: 'snapshot' as const,
    revision,
    turn,
    draft,
    draftRevision,
    attempts: [...attempts],
    ...(discarded.length > 0 && { discarded: [...discarded] }),
    decisions: lastDecisions(state, decisions),
    ...(approvalsNeeded > 1 && { approvalsNeeded }),
    ...(record.length > 0 && { recordLength: record.length }),
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
    case 'final': {
      const final = { ...common, stage: state.stage, image: newestAttempt(state.attempts).image };
      return state.outcome === 'approved'
        ? { ...final, outcome: state.outcome, approved: state.approved }
        : { ...final, outcome: state.outcome };
    }
  }
}

/** A note may be long, and the record has it: here it stands only where it still says something of an image of the session. */
function lastDecisions({ record, attempts, discarded }: State, count: number): Decision[] {
  const here = new Set([...attempts, ...discarded].map(imageIdOf));
  return decisionsIn(record)
    .slice(-count)
    .map(({ note, ...decision }) => {
      const isOfUse = note !== undefined && !decision.withdrawn && here.has(decision.imageId);
      return isOfUse ? { ...decision, note } : decision;
    });
}

function unfinishedOf({ unfinished }: Idle) {
  if (!unfinished) return {};
  const { generation, error } = unfinished;
  return { lastGeneration: generation, ...(error && { error }) };
}
