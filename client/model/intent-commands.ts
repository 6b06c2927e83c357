/** The commands that a person's intents stand for. */

import type { CommandResult } from '../session/session-client.ts';
import type { Intent } from './intent.ts';
import type { Session } from './session-controller.ts';

export type CommandIntent = Extract<
  Intent,
  { type: 'generate' | 'regenerate' | 'refine' | 'retry' | 'approve' | 'cancel' | 'start_over' | 'discard' | 'restore' }
>;

/** Sends a command; nothing where there is none to send. Its refusal, if any, comes back as the state's notice too. */
export function command(intent: CommandIntent, client: Session): Promise<CommandResult> | undefined {
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
      return client.approve(intent.image);
    case 'cancel':
      return client.cancel(intent.reason);
    case 'discard':
      return client.discard(intent.imageId);
    case 'restore':
      return client.restore(intent.imageId);
    case 'start_over':
      return client.startOver();
  }
}

/** Asks once more for what failed, with the words, the parent and the options it had; of several candidates for those alone. */
function retry(client: Session): Promise<CommandResult> | undefined {
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
