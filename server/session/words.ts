/** What can be wrong with the words of a command, before its stage is looked at. */
import type { Command, RejectCode } from '../../shared/protocol.ts';
import type { Limits } from '../limits.ts';

type WordLimits = Pick<Limits, 'PROMPT_CHARACTERS' | 'FEEDBACK_CHARACTERS'>;

export function problemWithWords(command: Command, limits: WordLimits): RejectCode | undefined {
  switch (command.type) {
    case 'generate':
      return problemWith(command.prompt, limits.PROMPT_CHARACTERS);
    case 'regenerate':
      return command.prompt === undefined ? undefined : problemWith(command.prompt, limits.PROMPT_CHARACTERS);
    case 'refine':
      return problemWith(command.feedback, limits.FEEDBACK_CHARACTERS);
    case 'approve':
    case 'cancel':
    case 'start_over':
      return undefined;
  }
}

function problemWith(text: string, mostCharacters: number): RejectCode | undefined {
  if (text.trim() === '') return 'prompt_empty';
  return text.length > mostCharacters ? 'prompt_too_long' : undefined;
}
