/** The events that `<proof-room>` dispatches to the page around it. */
import { imageFileName } from '../../../shared/file-name.ts';
import type { SnapshotMessage } from '../../../shared/protocol.ts';
import { dueOf } from '../../model/permissions.ts';
import type { Texts } from '../../model/texts.ts';
import { promptOf } from '../../model/viewer-content.ts';
import type { EndReason, SessionState } from '../../session/session-state.ts';

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

/** Dispatches each event once, however often the same state is reported. */
export class RoomEvents {
  readonly #room: EventTarget;
  /** What was reported last. */
  #last: {
    sessionId?: string;
    sessionKey?: string | undefined;
    turn?: number | undefined;
    due?: TurnDetail['due'];
    approvedId?: string;
    ended?: EndReason | undefined;
  } = {};

  #texts: Texts | undefined;

  constructor(room: EventTarget) {
    this.#room = room;
  }

  /** Another session is opened: nothing of it was reported yet. */
  reset(): void {
    this.#last = {};
  }

  report(state: SessionState, texts: Texts | undefined): void {
    this.#reportLanguage(texts);
    this.#reportSession(state);
    this.#reportTurn(state);
    this.#reportStage(state);
    this.#reportEnd(state);
    this.#reportApproval(state);
  }

  #reportLanguage(texts: Texts | undefined): void {
    if (!texts || texts === this.#texts) return;
    this.#texts = texts;
    this.#room.dispatchEvent(roomEvent('proof-language', { language: texts.language }));
  }

  #reportSession({ welcome, sessionKey }: SessionState): void {
    if (!welcome) return;
    const { sessionId } = welcome;
    if (sessionId !== this.#last.sessionId) this.#last = { sessionId };
    else if (sessionKey === this.#last.sessionKey) return;
    this.#last.sessionKey = sessionKey;
    this.#room.dispatchEvent(roomEvent('proof-session', { sessionId, sessionKey }));
  }

  #reportTurn(state: SessionState): void {
    const due = dueOf(state);
    if (due === this.#last.due) return;
    this.#last.due = due;
    this.#room.dispatchEvent(roomEvent('proof-turn', { due }));
  }

  #reportStage({ snapshot }: SessionState): void {
    if (!snapshot || this.#last.ended || snapshot.turn === this.#last.turn) return;
    this.#last.turn = snapshot.turn;
    const { stage, turn, revision } = snapshot;
    const outcome = stage === 'final' && { outcome: snapshot.outcome };
    this.#room.dispatchEvent(roomEvent('proof-stage', { stage, turn, revision, ...outcome }));
  }

  #reportEnd({ connection }: SessionState): void {
    const reason = connection.status === 'closed' ? connection.reason : undefined;
    if (reason === this.#last.ended) return;
    this.#last = { ...this.#last, ended: reason, turn: undefined };
    if (reason) this.#room.dispatchEvent(roomEvent('proof-ended', { reason }));
  }

  #reportApproval(state: SessionState): void {
    const approved = state.snapshot?.stage === 'final' ? state.snapshot.approved : undefined;
    if (!approved) return;
    const { imageId, mediaType, sha256 } = approved;
    const received = state.images.get(imageId);
    if (!received || imageId === this.#last.approvedId) return;
    this.#last.approvedId = imageId;
    const name = imageFileName(promptOf(state, imageId), mediaType, true);
    const file = new File([received.blob], name, { type: mediaType });
    this.#room.dispatchEvent(roomEvent('proof-approved', { file, sha256 }));
  }
}
