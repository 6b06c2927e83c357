/** What a person wants done: the only way in which components speak to `<proof-room>`, and the commands that it sends for them. */
import type { ImageReference, Role } from '../../shared/model.ts';
import type { Options } from '../../shared/options.ts';
import type { CommandResult } from '../session/session-client.ts';
import type { SessionState } from '../session/session-state.ts';
import { type InvitationInput, LIFETIMES, type Lifetime } from './invitations.ts';
import type { AskIntent } from './make-room.ts';
import { isApprovable } from './permissions.ts';
import type { SessionClientApi } from './session-controller.ts';
import type { UnsentInput } from './unsent-input.ts';

/** An intent that one command carries out. */
type CommandIntent =
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

/** Undefined where there is nothing to retry, or where the person cannot see what they would decide about. A rejection also shows up as `rejection` in the client's state. */
export function sendCommand(intent: CommandIntent, client: SessionClientApi): Promise<CommandResult> | undefined {
  switch (intent.type) {
    case 'generate':
      return client.generate(intent.prompt, intent.options);
    case 'regenerate': {
      const { imageId, prompt, options } = intent;
      return client.regenerate({ imageId, prompt, options });
    }
    case 'refine':
      return client.refine(intent.imageId, intent.feedback, intent.options);
    case 'retry':
      return retry(client);
    case 'approve':
    case 'request_changes':
    case 'decline':
      return isApprovable(client.state, intent.image.imageId) ? decide(intent, client) : undefined;
    case 'withdraw':
      return client.withdraw(intent.decisionId);
    case 'require_approvals':
      return client.requireApprovals(intent.approvals);
    case 'cancel':
      return client.cancel(intent.reason);
    case 'discard':
      return client.discard(intent.imageId);
    case 'restore':
      return client.restore(intent.imageId);
    case 'start_over':
      return client.startOver();
    case 'close_link':
      return client.closeLink(intent.role);
    case 'replace_link':
      return client.replaceLink(intent.role);
    case 'invite':
      return client.invite(intent.name, intent.role, intent.lifetime && expiry(intent.lifetime, client.state));
    case 'revoke':
      return client.revoke(intent);
    case 'end_session':
      return client.endSession();
  }
}

function decide(
  intent: Extract<CommandIntent, { type: 'approve' | 'request_changes' | 'decline' }>,
  client: SessionClientApi,
): Promise<CommandResult> {
  switch (intent.type) {
    case 'approve':
      return client.approve(intent.image, intent.note);
    case 'request_changes':
      return client.requestChanges(intent.image, intent.note);
    case 'decline':
      return client.decline(intent.image, intent.note);
  }
}

/** By the server's clock. */
const expiry = (lifetime: Lifetime, { serverAheadMs = 0 }: SessionState): string =>
  new Date(Date.now() + serverAheadMs + LIFETIMES[lifetime]).toISOString();

/** The same prompt, parent and options again; if only some of the candidates failed, as many as failed. */
function retry(client: SessionClientApi): Promise<CommandResult> | undefined {
  const { snapshot } = client.state;
  const last = snapshot?.lastGeneration;
  if (!last) return undefined;
  const { prompt, parent, feedback, failures = [] } = last;
  const isPart = failures.length > 0 && failures.length < last.candidates;
  const options = isPart ? { ...last.options, candidates: failures.length } : last.options;
  if (snapshot.stage === 'initial_input') return client.generate(prompt, options);
  if (parent && feedback) return client.refine(parent, feedback, options);
  return client.regenerate({ ...(parent && { imageId: parent }), prompt, options });
}
