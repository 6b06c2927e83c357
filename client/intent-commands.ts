/** The commands that a person's intents stand for. */
import type { Intent } from './intent.ts';
import type { Session } from './session-controller.ts';

export type CommandIntent = Extract<
  Intent,
  { type: 'generate' | 'regenerate' | 'refine' | 'retry' | 'approve' | 'cancel' | 'start_over' | 'discard' | 'restore' }
>;

/** Sends a command. Its refusal, if any, comes back as the state's notice. */
export async function command(intent: CommandIntent, client: Session): Promise<void> {
  switch (intent.type) {
    case 'generate':
      return void (await client.generate(intent.prompt, intent.options));
    case 'regenerate': {
      const { imageId, prompt, options } = intent;
      return void (await client.regenerate({ imageId, prompt, options }));
    }
    case 'refine':
      return void (await client.refine(intent.imageId, intent.feedback, intent.options));
    case 'retry':
      return retry(client);
    case 'approve':
      return void (await client.approve(intent.image));
    case 'cancel':
      return void (await client.cancel(intent.reason));
    case 'discard':
      return void (await client.discard(intent.imageId));
    case 'restore':
      return void (await client.restore(intent.imageId));
    case 'start_over':
      return void (await client.startOver());
  }
}

/** Asks once more for what failed, with the words, the parent and the options it had; of several candidates for those alone. */
async function retry(client: Session): Promise<void> {
  const { snapshot } = client.state;
  const last = snapshot?.lastGeneration;
  if (!last) return;
  const { prompt, parent, feedback, failures = [] } = last;
  const isPart = failures.length > 0 && failures.length < last.candidates;
  const options = isPart ? { ...last.options, candidates: failures.length } : last.options;
  if (snapshot.stage === 'initial_input') await client.generate(prompt, options);
  else if (parent && feedback) await client.refine(parent, feedback, options);
  else await client.regenerate({ ...(parent && { imageId: parent }), prompt, options });
}
