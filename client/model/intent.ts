/** What a person wants done: the only way in which components speak to `<proof-room>`. `intended-command.ts` sends it on. */
import type { ImageReference, Role } from '../../shared/model.ts';
import type { Options } from '../../shared/options.ts';
import type { InvitationInput } from './invitations.ts';
import type { AskIntent } from './make-room.ts';
import type { UnsentInput } from './unsent-input.ts';

/** An intent that one command carries out. */
export type CommandIntent =
  | { readonly type: 'generate'; readonly prompt: string; readonly options: Options }
  | { readonly type: 'regenerate'; readonly imageId: string; readonly prompt: string; readonly options: Options }
  | { readonly type: 'refine'; readonly imageId: string; readonly feedback: string; readonly options: Options }
  /** Repeats the generation that failed, or the part of it that did. */
  | { readonly type: 'retry' }
  | { readonly type: 'approve'; readonly image: ImageReference; readonly note?: string }
  | { readonly type: 'request_changes'; readonly image: ImageReference; readonly note: string }
  /** Ends the review without a picture. */
  | { readonly type: 'decline'; readonly image: ImageReference; readonly note: string }
  /** Takes a decision of this person back. */
  | { readonly type: 'withdraw'; readonly decisionId: string }
  | { readonly type: 'require_approvals'; readonly approvals: number }
  | { readonly type: 'cancel'; readonly reason?: string }
  | { readonly type: 'discard'; readonly imageId: string }
  | { readonly type: 'restore'; readonly imageId: string }
  | { readonly type: 'start_over' }
  | { readonly type: 'close_link'; readonly role: Role }
  | { readonly type: 'replace_link'; readonly role: Role }
  | ({ readonly type: 'invite' } & InvitationInput)
  | { readonly type: 'revoke'; readonly keyId: string }
  | { readonly type: 'revoke'; readonly participantId: string }
  | { readonly type: 'end_session' };

export type Intent =
  | CommandIntent
  | { readonly type: 'draft'; readonly text: string }
  /** The prompt field got the focus, or lost it. */
  | { readonly type: 'draft_focus'; readonly focused: boolean }
  /** The person has this picture open, or none, for the others to see. */
  | { readonly type: 'look'; readonly imageId: string | undefined }
  /** These images are about to be shown, so their bytes are needed. */
  | { readonly type: 'want'; readonly imageIds: readonly string[] }
  /** The options for the next picture, which this browser remembers. */
  | { readonly type: 'options'; readonly options: Options }
  /** Something was typed and not sent: this tab remembers it. */
  | {
      readonly type: 'unsent';
      readonly unsent: Partial<
        Pick<UnsentInput, 'feedback' | 'about' | 'otherFeedback' | 'reason' | 'notes' | 'readUpTo'>
      >;
    }
  /** These pictures go, and then the ask that found no room is sent again. */
  | { readonly type: 'make_room'; readonly imageIds: readonly string[]; readonly ask: AskIntent }
  | { readonly type: 'token'; readonly token: string }
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'language'; readonly language: string }
  /** Whether the page is to notify this person of their turn. */
  | { readonly type: 'notify'; readonly on: boolean }
  /** Whether keys do what controls do, which this browser remembers. */
  | { readonly type: 'shortcuts'; readonly on: boolean }
  | { readonly type: 'new_session'; readonly prompt: string }
  | { readonly type: 'reconnect' };

/** The decisions that go on record under the person's name. */
export type DecisionIntent = Extract<Intent, { readonly image: ImageReference }>;

export const isDecision = (intent: Intent): intent is DecisionIntent => 'image' in intent;

/** Crosses the shadow roots up to `<proof-room>`, which stops it before it reaches the host page. */
export class IntentEvent extends Event {
  static readonly type = 'proof-intent';
  readonly intent: Intent;

  constructor(intent: Intent) {
    super(IntentEvent.type, { bubbles: true, composed: true });
    this.intent = intent;
  }
}
