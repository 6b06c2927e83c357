/** What `<proof-room>` tells the page around it. */
import type { Stage } from '../../../shared/model.ts';
import type { EndReason } from '../../session/end-reason.ts';

export interface StageDetail {
  readonly stage: Stage;
  readonly turn: number;
  readonly revision: number;
}

export interface ApprovedDetail {
  /** The approved bytes, untouched, named from the prompt. */
  readonly file: File;
  /** Of the bytes, 64 lower-case hex digits. */
  readonly sha256: string;
}

export interface SessionDetail {
  readonly sessionId: string;
  /** Absent for who only watches. */
  readonly sessionKey: string | undefined;
}

export interface EndedDetail {
  readonly reason: EndReason;
}

export interface RoomEventMap {
  /** The stage is another one, or is known for the first time. */
  'proof-stage': CustomEvent<StageDetail>;
  /** An approval is here with its bytes: once for each, one made before this element joined included. */
  'proof-approved': CustomEvent<ApprovedDetail>;
  /** A session is joined: its own new one, or the one that was asked for. */
  'proof-session': CustomEvent<SessionDetail>;
  /** The connection is over for good; the person is offered a way on, and from there the stage is told anew. */
  'proof-ended': CustomEvent<EndedDetail>;
}

export function roomEvent<Name extends keyof RoomEventMap>(name: Name, detail: RoomEventMap[Name]['detail']): Event {
  return new CustomEvent(name, { detail, bubbles: true, composed: true });
}
