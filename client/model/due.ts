/** What a review waits for. */
import type { SessionState } from '../session/session-state.ts';
import { ownOpinion } from './decisions.ts';
import { permissionsOf } from './permissions.ts';

/**
 * What waits for this reviewer: a decision about the newest picture, or another prompt after a generation that brought no picture.
 * Undefined where nothing does, and always for somebody who watches.
 */
export function dueOf(
  state: Pick<SessionState, 'welcome' | 'connection' | 'snapshot'>,
): 'decision' | 'prompt' | undefined {
  const { snapshot } = state;
  if (!permissionsOf(state).decides) return undefined;
  if (snapshot?.stage === 'user_feedback') {
    // Once it stands, the review waits for other reviewers.
    return ownOpinion(snapshot, snapshot.image, state.welcome?.participantId) ? undefined : 'decision';
  }
  return snapshot?.stage === 'initial_input' && snapshot.lastGeneration ? 'prompt' : undefined;
}
