/** What a person can do in a session as it stands now. */
import type { ImageReference } from '../../shared/model.ts';
import type { SessionState } from '../session/session-state.ts';
import { findAttempt } from './attempt-tree.ts';

export interface Permissions {
  /** They may only look: a watcher, or somebody with a role that this page does not know. */
  readonly watches: boolean;
  /** They may decide and ask for pictures. */
  readonly decides: boolean;
  /** The server's generator can refine a picture. */
  readonly refines: boolean;
  /** Nothing can be sent just now. */
  readonly unavailable: boolean;
  /** The server ended the connection for good. */
  readonly hasEnded: boolean;
}

/** A person may approve an image only if its bytes are here and the browser can show it: otherwise they have not seen it (rule S10). */
export const isApprovable = ({ images }: Pick<SessionState, 'images'>, imageId: string): boolean =>
  images.get(imageId)?.display === 'possible';

export function permissionsOf({
  welcome,
  connection,
  snapshot,
}: Pick<SessionState, 'welcome' | 'connection' | 'snapshot'>): Permissions {
  const hasEnded = connection.status === 'closed';
  return {
    watches: welcome !== undefined && welcome.role !== 'reviewer',
    // In a stage that this page does not know, it does not know either what may be decided. Before the server has said who this is, only a
    // session that is still to be created has a snapshot.
    decides: (welcome?.role ?? (snapshot && 'reviewer')) === 'reviewer' && !hasEnded && snapshot?.stage !== 'unknown',
    refines: welcome?.generator.supports.refine === true,
    unavailable: connection.status !== 'online',
    hasEnded,
  };
}

/** Whether a decision that was made in `turn` is still about the picture that its person saw then (rule S10). */
export function isStillDue(
  { connection, snapshot }: Pick<SessionState, 'connection' | 'snapshot'>,
  turn: number,
  { imageId, sha256 }: ImageReference,
): boolean {
  if (connection.status === 'closed' || snapshot?.turn !== turn) return false;
  return findAttempt(snapshot.attempts, imageId)?.image.sha256 === sha256;
}

/** Whether this person is offered to save the image: an approved one, unless the server leaves it to everybody. */
export function isSavable({ welcome, snapshot }: Pick<SessionState, 'welcome' | 'snapshot'>, imageId: string): boolean {
  const isApproved = snapshot?.stage === 'final' && snapshot.approved?.imageId === imageId;
  return isApproved || savesAnything(welcome);
}

export const savesAnything = (welcome: SessionState['welcome']): boolean =>
  (welcome?.download ?? 'always') === 'always';
