/** What a session answered to its last commands, so that one sent twice is done once (rule M7). */
import { isDeepStrictEqual } from 'node:util';
import type { Command, RejectCode } from '../../shared/protocol.ts';
import type { LastAction } from '../../shared/session.ts';

export type Answer =
  | { readonly accepted: true; readonly revision: number }
  | { readonly accepted: false; readonly code: RejectCode; readonly lastAction?: LastAction };

interface Remembered {
  readonly command: Command;
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
    return isDeepStrictEqual(first.command, command) ? first.answer : { accepted: false, code: 'invalid_message' };
  }

  remember(command: Command, answer: Answer): void {
    this.#remembered.set(command.commandId, { command, answer });
    if (this.#remembered.size <= this.#limit) return;
    const [oldest] = this.#remembered.keys();
    if (oldest !== undefined) this.#remembered.delete(oldest);
  }
}
