/** Tells the page around `<proof-room>` what happens in its session. */
import { imageFileName } from '../../../shared/file-name.ts';
import { promptOf } from '../../model/attempt-in-view.ts';
import { dueOf } from '../../model/due.ts';
import type { EndReason, SessionState } from '../../session/session-state.ts';
import { roomEvent, type TurnDetail } from './room-events.ts';

/** Dispatches each event once, however often the same state is reported. */
export class RoomReports {
  readonly #room: EventTarget;
  /** What was reported last. */
  #last: {
    sessionId?: string;
    sessionKey?: string | undefined;
    turn?: number | undefined;
    due?: TurnDetail['due'];
    approvedId?: string | undefined;
    ended?: EndReason | undefined;
  } = {};

  constructor(room: EventTarget) {
    this.#room = room;
  }

  /** Another session is opened: nothing of it was reported yet. */
  reset(): void {
    this.#last = {};
  }

  report(state: SessionState): void {
    this.#reportSession(state);
    this.#reportTurn(state);
    this.#reportStage(state);
    this.#reportEnd(state);
    this.#reportApproval(state);
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

  /** When an approval was withdrawn, the same picture can be approved again, and that is reported again. */
  #reportApproval(state: SessionState): void {
    const { snapshot } = state;
    const approved = snapshot?.stage === 'final' ? snapshot.approved : undefined;
    if (snapshot && !approved) this.#last.approvedId = undefined;
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
