/** What a session answered to its last commands, so that one sent twice is done once (rule M7). */
import { createHash } from 'node:crypto';
import type { LastAction } from '../../shared/model.ts';
import type { Command, RejectCode } from '../../shared/protocol.ts';

export type Answer =
  | { readonly accepted: true; readonly revision: number }
  | { readonly accepted: false; readonly code: RejectCode; readonly lastAction?: LastAction };

interface Remembered {
  /** Of what was said: a command may be as long as a message, and many are remembered. */
  readonly digest: string;
  readonly answer: Answer;
}

export class Answers {
  readonly #remembered = new Map<string, Remembered>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The first answer to a command of this id; `invalid_message` if that one said something else. */
  find(command: Command): Answer | undefined {
    const first = this.#remembered.get(command.commandId);
    if (!first) return undefined;
    return first.digest === digestOf(command) ? first.answer : { accepted: false, code: 'invalid_message' };
  }

  remember(command: Command, answer: Answer): void {
    this.#remembered.set(command.commandId, { digest: digestOf(command), answer });
    if (this.#remembered.size <= this.#limit) return;
    const [oldest] = this.#remembered.keys();
    if (oldest !== undefined) this.#remembered.delete(oldest);
  }
}

/** Whatever the order of the fields. */
function digestOf(command: Command): string {
  const sorted = JSON.stringify(command, (_key, value: unknown) =>
    value instanceof Object && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).toSorted()) : value,
  );
  return createHash('sha256').update(sorted).digest('base64');
}
