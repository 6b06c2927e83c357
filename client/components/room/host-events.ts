/** Tells the page around a room what has happened in it, each thing once. */
import { imageFileName } from '../../../shared/file-name.ts';
import { promptOf } from '../../model/viewer-content.ts';
import type { EndReason } from '../../session/end-reason.ts';
import type { SessionState } from '../../session/session-state.ts';
import { roomEvent } from './room-events.ts';

export class RoomNews {
  readonly #room: EventTarget;
  #told: { sessionId?: string; turn?: number | undefined; approvedId?: string; ended?: EndReason | undefined } = {};

  constructor(room: EventTarget) {
    this.#room = room;
  }

  /** Another session is opened, of which nothing is told yet. */
  leave(): void {
    this.#told = {};
  }

  tell(state: SessionState): void {
    this.#tellSession(state);
    this.#tellStage(state);
    this.#tellEnded(state);
    this.#tellApproved(state);
  }

  #tellSession({ welcome, sessionKey }: SessionState): void {
    if (!welcome || welcome.sessionId === this.#told.sessionId) return;
    this.#told = { sessionId: welcome.sessionId };
    this.#room.dispatchEvent(roomEvent('proof-session', { sessionId: welcome.sessionId, sessionKey }));
  }

  #tellStage({ snapshot }: SessionState): void {
    if (!snapshot || this.#told.ended || snapshot.turn === this.#told.turn) return;
    this.#told.turn = snapshot.turn;
    const { stage, turn, revision } = snapshot;
    this.#room.dispatchEvent(roomEvent('proof-stage', { stage, turn, revision }));
  }

  #tellEnded({ connection }: SessionState): void {
    const reason = connection.status === 'closed' ? connection.reason : undefined;
    if (reason === this.#told.ended) return;
    // Who comes back to the same session is told its stage anew.
    this.#told = { ...this.#told, ended: reason, turn: undefined };
    if (reason) this.#room.dispatchEvent(roomEvent('proof-ended', { reason }));
  }

  #tellApproved(state: SessionState): void {
    if (state.snapshot?.stage !== 'final') return;
    const { imageId, mediaType, sha256 } = state.snapshot.approved;
    const received = state.images.get(imageId);
    if (!received || imageId === this.#told.approvedId) return;
    this.#told.approvedId = imageId;
    const file = new File([received.blob], imageFileName(promptOf(state, imageId), mediaType, true), {
      type: mediaType,
    });
    this.#room.dispatchEvent(roomEvent('proof-approved', { file, sha256 }));
  }
}
