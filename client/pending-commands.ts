/** The commands that wait for their answer, oldest first. */
import type { Command, RejectMessage } from '../shared/protocol.ts';
import type { LastAction } from '../shared/session.ts';
import { type EndReason, unanswered } from './session-end.ts';
import type { Notice } from './session-state.ts';

export type CommandResult =
  | { readonly accepted: true; readonly revision: number }
  | { readonly accepted: false; readonly notice: Notice };

type WithoutId<C> = C extends Command ? Omit<C, 'commandId' | 'turn'> : never;
/** What a person asks for. */
export type Ask = WithoutId<Command>;

interface Pending {
  readonly command: Command;
  /** The last action that the person who gave it knew of. */
  readonly seen: LastAction | undefined;
  readonly answer: Promise<CommandResult>;
  readonly resolve: (result: CommandResult) => void;
}

export class PendingCommands {
  readonly #byId = new Map<string, Pending>();
  readonly #now: () => number;

  /** @param now milliseconds since 1970 */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Another set after each change. */
  get types(): ReadonlySet<Command['type']> {
    return new Set(this.commands.map(({ type }) => type));
  }

  /** In the order in which they were given. */
  get commands(): Command[] {
    return Array.from(this.#byId.values(), ({ command }) => command);
  }

  /** The answer that the same already waits for: a second click. */
  answerTo(ask: Ask): Promise<CommandResult> | undefined {
    for (const { command, answer } of this.#byId.values()) if (isSameClick(ask, command)) return answer;
    return undefined;
  }

  /** @param seen the last action that the person who gives it knows of */
  add(command: Command, seen: LastAction | undefined): Promise<CommandResult> {
    const { promise, resolve } = Promise.withResolvers<CommandResult>();
    this.#byId.set(command.commandId, { command, seen, answer: promise, resolve });
    return promise;
  }

  /** The command that was accepted; undefined when none waits under this id. */
  accept(commandId: string, revision: number): Command | undefined {
    return this.#settle(commandId, { accepted: true, revision });
  }

  /** What to tell the person; undefined when no command waits under the refusal's id. */
  refuse({ commandId, code, message, lastAction }: RejectMessage): Notice | undefined {
    const pending = this.#byId.get(commandId ?? '');
    if (!pending) return undefined;
    const { command, seen } = pending;
    // What the person knew before explains nothing: then the session moved on by itself, as when a picture was finished.
    const news = lastAction && !isSame(lastAction, seen) && { lastAction };
    const notice: Notice = { command: command.type, code, message, ...news, at: this.#now() };
    this.#settle(command.commandId, { accepted: false, notice });
    return notice;
  }

  /** No answer will come any more: each gets that for one. What to tell the person, if any waited. */
  end(reason: EndReason | 'left'): Notice | undefined {
    let notice: Notice | undefined;
    for (const { commandId, type } of this.commands) {
      notice = unanswered(type, reason, this.#now());
      this.#settle(commandId, { accepted: false, notice });
    }
    return notice;
  }

  #settle(commandId: string, result: CommandResult): Command | undefined {
    const pending = this.#byId.get(commandId);
    this.#byId.delete(commandId);
    pending?.resolve(result);
    return pending?.command;
  }
}

/** Of one type; and where several may be asked for within a moment, about the same image. */
function isSameClick(ask: Ask, command: Command): boolean {
  if (ask.type === 'discard' || ask.type === 'restore') {
    return command.type === ask.type && command.imageId === ask.imageId;
  }
  return command.type === ask.type;
}

function isSame(one: LastAction, other: LastAction | undefined): boolean {
  return one.at === other?.at && one.action === other.action && one.connectionId === other.connectionId;
}
