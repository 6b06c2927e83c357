/** What a person asks of the session: each ask is a command, which waits for its answer and gets one, whatever becomes of the line. */

import type { LastAction } from '../../shared/model.ts';
import type { Command, RejectMessage, SnapshotMessage } from '../../shared/protocol.ts';
import { fits } from './client-messages.ts';
import { unanswered } from './end-reason.ts';
import type { Environment } from './environment.ts';
import type { CommandRejection, EndReason, SessionState } from './session-state.ts';

export type CommandResult =
  | { readonly accepted: true; readonly revision: number }
  | { readonly accepted: false; readonly rejection: CommandRejection };

type WithoutId<C> = C extends Command ? Omit<C, 'commandId' | 'turn'> : never;
/** What a person asks for. */
export type Ask = WithoutId<Command>;

/** How the session stands for the person who asks. */
interface Circumstances {
  /** What they look at. */
  readonly snapshot: SnapshotMessage | undefined;
  /** Why no server will answer any more; undefined where one may. */
  readonly over: EndReason | 'left' | undefined;
  /** The biggest message that the server takes. */
  readonly limitBytes: number;
}

interface Asked {
  readonly answer: Promise<CommandResult>;
  /** To be sent; absent where there is nothing to send. */
  readonly command?: Command;
}

interface Waiting {
  readonly command: Command;
  /** The last action that the person who gave it knew of. */
  readonly seen: LastAction | undefined;
  readonly answer: Promise<CommandResult>;
  readonly resolve: (result: CommandResult) => void;
}

export class Commands {
  readonly #environment: Pick<Environment, 'now' | 'randomId'>;
  readonly #waiting = new Map<string, Waiting>();
  #pending: SessionState['pending'] = [];
  #rejection: CommandRejection | undefined;

  constructor(environment: Pick<Environment, 'now' | 'randomId'>) {
    this.#environment = environment;
  }

  /** What the state shows of them. */
  get state(): Pick<SessionState, 'pending' | 'rejection'> {
    return { pending: this.#pending, ...(this.#rejection && { rejection: this.#rejection }) };
  }

  /** Those without an answer, in the order in which they were given. */
  get waiting(): Command[] {
    return Array.from(this.#waiting.values(), ({ command }) => command);
  }

  /**
   * Makes a command with the turn of the snapshot on show (rule M10). While the same waits for its answer, that one's answer is this
   * one's, so a second click does nothing twice.
   */
  ask(ask: Ask, { snapshot, over, limitBytes }: Circumstances): Asked {
    const earlier = this.#answerTo(ask);
    if (earlier !== undefined) return { answer: earlier };
    if (over !== undefined) return this.#refuseUnsent(unanswered(ask.type, over, this.#environment.now()));
    const turn = snapshot && { turn: snapshot.turn };
    const command: Command = { ...ask, commandId: this.#environment.randomId(), ...turn };
    if (!fits(command, limitBytes)) return this.#refuseUnsent(tooLong(ask.type, this.#environment.now()));
    return { command, answer: this.#add(command, snapshot?.lastAction) };
  }

  /** The command that was accepted; undefined when none waits under this id. */
  accepted(commandId: string, revision: number): Command | undefined {
    const command = this.#settle(commandId, { accepted: true, revision });
    if (command) this.#rejection = undefined;
    return command;
  }

  /** The command that was refused; undefined when none waits under the refusal's id. */
  refused({ commandId, code, message, lastAction }: RejectMessage): Command | undefined {
    const waiting = this.#waiting.get(commandId ?? '');
    if (!waiting) return undefined;
    const { command, seen } = waiting;
    // What the person knew before explains nothing: then the session moved on by itself, as when a picture was finished.
    const news = lastAction && !isSame(lastAction, seen) && { lastAction };
    this.#rejection = { command: command.type, code, message, ...news, at: this.#environment.now() };
    return this.#settle(command.commandId, { accepted: false, rejection: this.#rejection });
  }

  /** No answer will come any more: each gets that for one. */
  end(reason: EndReason | 'left'): void {
    for (const { commandId, type } of this.waiting) {
      this.#rejection = unanswered(type, reason, this.#environment.now());
      this.#settle(commandId, { accepted: false, rejection: this.#rejection });
    }
  }

  #answerTo(ask: Ask): Promise<CommandResult> | undefined {
    for (const { command, answer } of this.#waiting.values()) if (isSameClick(ask, command)) return answer;
    return undefined;
  }

  #refuseUnsent(rejection: CommandRejection): Asked {
    this.#rejection = rejection;
    return { answer: Promise.resolve({ accepted: false, rejection }) };
  }

  #add(command: Command, seen: LastAction | undefined): Promise<CommandResult> {
    const { promise: answer, resolve } = Promise.withResolvers<CommandResult>();
    this.#waiting.set(command.commandId, { command, seen, answer, resolve });
    this.#count();
    return answer;
  }

  #settle(commandId: string, result: CommandResult): Command | undefined {
    const waiting = this.#waiting.get(commandId);
    if (!waiting) return undefined;
    this.#waiting.delete(commandId);
    this.#count();
    waiting.resolve(result);
    return waiting.command;
  }

  #count(): void {
    this.#pending = this.waiting;
  }
}

/** Of one type; and where several may be asked for within a moment, about the same image. */
function isSameClick(ask: Ask, command: Command): boolean {
  if (ask.type === 'discard' || ask.type === 'restore') {
    return command.type === ask.type && command.imageId === ask.imageId;
  }
  return command.type === ask.type;
}

function tooLong(command: Command['type'], at: number): CommandRejection {
  return { command, code: 'prompt_too_long', message: 'This text is too long to be sent.', at };
}

function isSame(one: LastAction, other: LastAction | undefined): boolean {
  return one.at === other?.at && one.action === other.action && one.connectionId === other.connectionId;
}
