import type { Session } from '../../../server/session/session.ts';
import type { StoredImage } from '../../../server/session/session-images.ts';
import type { SessionMemory } from '../../../server/session/session-memory.ts';

/** What rules look at in a session: as the only server has it, or as the store has it that several servers share. */
export interface ObservedSession
  extends Pick<
    Session,
    'id' | 'state' | 'access' | 'record' | 'viewers' | 'snapshotFrame' | 'shownImages' | 'runningCandidates'
  > {
  readonly memory: Pick<SessionMemory, 'bytes' | 'freeableBytes' | 'spareBytes'>;
  image(imageId: string): StoredImage | undefined;
}
