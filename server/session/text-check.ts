/** The text of a command as it is kept, and what can be wrong with it, whatever the stage. */
import type { ReviewCommand } from '../../shared/protocol.ts';
import type { Limits } from '../platform/limits.ts';

type TextLimits = Pick<Limits, 'PROMPT_CHARACTERS' | 'FEEDBACK_CHARACTERS'>;
type TextProblem = 'prompt_empty' | 'prompt_too_long';

/**
 * What people wrote, without what they can't have meant: control characters but for line breaks and tabs, and halves of characters.
 * Characters that scripts need, such as the zero width joiner, stay. In JSON and UTF-8 each UTF-16 unit of it takes 3 bytes or fewer, so
 * that a limit of units bounds what is sent on.
 */
export const cleanText = (text: string): string =>
  text
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{Cc}\n\t]/gu, '')
    .toWellFormed();

/** The command with its text as it is kept. */
export function withCleanText(command: ReviewCommand): ReviewCommand {
  switch (command.type) {
    case 'generate':
      return { ...command, prompt: cleanText(command.prompt) };
    case 'regenerate':
      return command.prompt === undefined ? command : { ...command, prompt: cleanText(command.prompt) };
    case 'refine':
      return { ...command, feedback: cleanText(command.feedback) };
    case 'cancel':
      return command.reason === undefined ? command : { ...command, reason: cleanText(command.reason) };
    case 'approve':
    case 'start_over':
    case 'discard':
    case 'restore':
      return command;
  }
}

/** Of a command with clean text. */
export function textProblem(command: ReviewCommand, limits: TextLimits): TextProblem | undefined {
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
