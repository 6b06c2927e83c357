/** What can be wrong with the text of a command, whatever the stage. */
import type { Command } from '../../shared/protocol.ts';
import type { Limits } from '../platform/limits.ts';

type TextLimits = Pick<Limits, 'PROMPT_CHARACTERS' | 'FEEDBACK_CHARACTERS'>;
type TextProblem = 'prompt_empty' | 'prompt_too_long';

export function textProblem(command: Command, limits: TextLimits): TextProblem | undefined {
  switch (command.type) {
    case 'generate':
      return problemOf(command.prompt, limits.PROMPT_CHARACTERS);
    case 'regenerate':
      return command.prompt === undefined ? undefined : problemOf(command.prompt, limits.PROMPT_CHARACTERS);
    case 'refine':
      return problemOf(command.feedback, limits.FEEDBACK_CHARACTERS);
    case 'cancel':
      return (command.reason ?? '').length > limits.FEEDBACK_CHARACTERS ? 'prompt_too_long' : undefined;
    case 'approve':
    case 'start_over':
    case 'discard':
    case 'restore':
      return undefined;
  }
}

/** Lengths count UTF-16 units. */
function problemOf(text: string, maxCharacters: number): TextProblem | undefined {
  if (text.trim() === '') return 'prompt_empty';
  return text.length > maxCharacters ? 'prompt_too_long' : undefined;
}
