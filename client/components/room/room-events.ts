/** The events that `<proof-room>` dispatches to the page around it. */
import type { SnapshotMessage } from '../../../shared/protocol.ts';
import type { EndReason } from '../../session/session-state.ts';

export interface StageDetail {
  /** `unknown`: a newer server has a stage that this version does not know. */
  readonly stage: SnapshotMessage['stage'];
  readonly turn: number;
  readonly revision: number;
  /** How the review ended; absent while it goes on. `unknown`: a newer server has an outcome that this version does not know. */
  readonly outcome?: 'approved' | 'declined' | 'unknown';
}

export interface TurnDetail {
  /** The act that the review waits for from this person; absent where it waits for none. */
  readonly due: 'decision' | 'prompt' | undefined;
}

export interface NotifyDetail {
  readonly on: boolean;
}

export interface ApprovedDetail {
  /** The approved bytes, untouched, named from the prompt. */
  readonly file: File;
  /** Of the bytes, 64 lower-case hex digits. */
  readonly sha256: string;
}

export interface SessionDetail {
  readonly sessionId: string;
  /** Absent for somebody who only watches. */
  readonly sessionKey: string | undefined;
}

export interface EndedDetail {
  readonly reason: EndReason;
}

export interface LanguageDetail {
  /** A BCP 47 tag. */
  readonly language: string;
}

export interface RoomEventMap {
  /** The stage has changed, or is known for the first time. */
  'proof-stage': CustomEvent<StageDetail>;
  /** It is the person's turn now, or no longer. Before `proof-stage`. */
  'proof-turn': CustomEvent<TurnDetail>;
  /** The person wants to be notified of their turn, or no longer. Only where the page has set `notifications`. */
  'proof-notify': CustomEvent<NotifyDetail>;
  /** An approved image is here with its bytes: once for each approval, one made before this element joined included. */
  'proof-approved': CustomEvent<ApprovedDetail>;
  /** A session is joined: a new one, or the one that was asked for. Dispatched again when its creator has replaced the key. */
  'proof-session': CustomEvent<SessionDetail>;
  /** The connection ended for good. If the person comes back to the session, `proof-stage` is dispatched again. */
  'proof-ended': CustomEvent<EndedDetail>;
  /** The element shows its texts in another language now, or in its first. */
  'proof-language': CustomEvent<LanguageDetail>;
}

export function roomEvent<Name extends keyof RoomEventMap>(name: Name, detail: RoomEventMap[Name]['detail']): Event {
  return new CustomEvent(name, { detail, bubbles: true, composed: true });
}
