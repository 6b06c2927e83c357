/** The attempt that a person has opened for themselves, whatever the others look at: what takes its place, and the way back. */
import type { SnapshotMessage } from '../shared/protocol.ts';
import { attemptsOf, findAttempt } from './attempt-tree.ts';

/**
 * Whether what is new takes the place of what this person has opened: a decision, the end of what they looked at, or what they have
 * asked for themselves. What others ask for meanwhile does not.
 */
export function takesTheEye({ stage, lastAction }: SnapshotMessage, connectionId: string | undefined): boolean {
  const isOwn = lastAction !== undefined && lastAction.connectionId === connectionId;
  return (isOwn && stage === 'generating') || stage === 'final' || stage === 'initial_input';
}

/** Where the way back from the opened attempt leads; undefined where it is on show anyway. */
export function wayBackWords(snapshot: SnapshotMessage, openedId: string | undefined): string | undefined {
  const { attempts } = snapshot;
  const opened = findAttempt(attempts, openedId);
  if (!opened) return undefined;
  if (snapshot.stage === 'generating') return 'Show what is being drawn';
  if (snapshot.stage === 'final') {
    return openedId === snapshot.approved.imageId ? undefined : 'Show the approved picture';
  }
  const newest = attemptsOf(attempts.at(-1)?.image, attempts);
  if (newest.length > 1) return `Show all ${newest.length} pictures`;
  return newest.includes(opened) ? undefined : 'Show the newest picture';
}
