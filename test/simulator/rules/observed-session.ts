import type { Session } from '../../../server/session/session.ts';
import type { StoredImage } from '../../../server/session/session-images.ts';

/** What rules look at in a session: as the only server has it, or as the store has it that several servers share. */
export interface ObservedSession
  extends Pick<
    Session,
    | 'id'
    | 'state'
    | 'access'
    | 'record'
    | 'viewers'
    | 'snapshotFrame'
    | 'shownImages'
    | 'imageBytes'
    | 'freeableBytes'
    | 'spareBytes'
    | 'runningCandidates'
  > {
  image(imageId: string): StoredImage | undefined;
}
