/** What a person can do in a session as it stands now. */
import type { SessionState } from '../session/session-state.ts';

export interface Permissions {
  /** They came by the watch link. */
  readonly watches: boolean;
  /** They may decide, and ask for pictures. */
  readonly decides: boolean;
  /** They may say what should change in a picture, as far as the server's generator goes. */
  readonly refines: boolean;
  /** Nothing can be sent just now. */
  readonly unavailable: boolean;
  /** The server ended the connection for good. */
  readonly hasEnded: boolean;
}

export function permissionsOf({ welcome, connection }: SessionState): Permissions {
  const hasEnded = connection.status === 'closed';
  return {
    watches: welcome?.role === 'watcher',
    decides: welcome?.role === 'reviewer' && !hasEnded,
    refines: welcome?.generator.supports?.refine !== false,
    unavailable: connection.status !== 'online',
    hasEnded,
  };
}
