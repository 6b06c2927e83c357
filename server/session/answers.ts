/** What a session answered to its last commands, so that a command that is sent twice is done once (rule M7). */
import { createHash } from 'node:crypto';
import type { Command, RejectCode } from '../../shared/protocol.ts';
import { type Answer, reject } from './rejections.ts';

export interface RememberedAnswer {
  readonly commandId: string;
  /** A digest of the command, which may be as long as a message. */
  readonly digest: string;
  readonly answer: Answer;
}

/** Answers that the same command may get another one after. */
const notRemembered: ReadonlySet<RejectCode> = new Set([
  'rate_limited',
  'not_allowed',
  'revoked',
  'invitation_expired',
  'server_busy',
  'budget_exhausted',
  'internal_error',
]);

/** The part of an answer that is remembered; undefined when the same command may get another one. */
export function remembered(command: Command, answer: Answer): RememberedAnswer | undefined {
  if (!answer.accepted && notRemembered.has(answer.code)) return undefined;
  return { commandId: command.commandId, digest: digestOf(command), answer };
}

/** The first answer to this command; a rejection when its id was used for another command. */
export function firstAnswer(before: RememberedAnswer, command: Command): Answer {
  if (before.digest === digestOf(command)) return before.answer;
  return reject('invalid_message', 'This commandId was used before, for another command.');
}

/** Independent of the order of the fields. */
function digestOf(command: Command): string {
  const sorted = JSON.stringify(command, (_key, value: unknown) =>
    value instanceof Object && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).toSorted()) : value,
  );
  return createHash('sha256').update(sorted).digest('base64');
}
