/** What can be wrong with the words of a command, before its stage is looked at. */
import type { Command, RejectCode } from '../../shared/protocol.ts';
import type { Limits } from '../platform/limits.ts';

type WordLimits = Pick<Limits, 'PROMPT_CHARACTERS' | 'FEEDBACK_CHARACTERS'>;

export function problemWithWords(command: Command, limits: WordLimits): RejectCode | undefined {
  switch (command.type) {
    case 'generate':
      return problemWith(command.prompt, limits.PROMPT_CHARACTERS);
    case 'regenerate':
      return command.prompt === undefined ? undefined : problemWith(command.prompt, limits.PROMPT_CHARACTERS);
    case 'refine':
      return problemWith(command.feedback, limits.FEEDBACK_CHARACTERS);
    case 'cancel':
      return isTooLong(command.reason ?? '', limits.FEEDBACK_CHARACTERS) ? 'prompt_too_long' : undefined;
    case 'approve':
    case 'start_over':
    case 'discard':
    case 'restore':
      return undefined;
  }
}

function problemWith(text: string, mostCharacters: number): RejectCode | undefined {
  if (text.trim() === '') return 'prompt_empty';
  return isTooLong(text, mostCharacters) ? 'prompt_too_long' : undefined;
}

const isTooLong = (text: string, mostCharacters: number) => text.length > mostCharacters;
