/** The commands that carry out what a person wants done. */
import type { CommandResult } from '../session/session-client.ts';
import type { SessionState } from '../session/session-state.ts';
import type { CommandIntent } from './intent.ts';
import { LIFETIMES, type Lifetime } from './invitations.ts';
import { isApprovable } from './permissions.ts';
import type { SessionClientApi } from './session-controller.ts';

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
