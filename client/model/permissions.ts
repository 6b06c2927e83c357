/** What a person can do in a session as it stands now. */
import type { SessionState } from '../session/session-state.ts';

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

/** Nobody approves what they cannot have seen: the image is here, and the browser can show it (rule S10). */
export const isApprovable = ({ images }: Pick<SessionState, 'images'>, imageId: string): boolean =>
  images.get(imageId)?.display === 'possible';

export function permissionsOf({ welcome, connection, snapshot }: SessionState): Permissions {
  const hasEnded = connection.status === 'closed';
  return {
    watches: welcome !== undefined && welcome.role !== 'reviewer',
    // In a stage that this page does not know, it does not know either what may be decided.
    decides: welcome?.role === 'reviewer' && !hasEnded && snapshot?.stage !== 'unknown',
    refines: welcome?.generator.supports.refine === true,
    unavailable: connection.status !== 'online',
    hasEnded,
  };
}
