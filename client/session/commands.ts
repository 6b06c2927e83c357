/** Commands from the moment they are given until the server has answered, over as many connections as that takes. */

import type { LastAction } from '../../shared/model.ts';
import { type Command, isAccessCommand, type RejectMessage, type SnapshotMessage } from '../../shared/protocol.ts';
import type { Environment } from './environment.ts';
import type { CommandRejection, EndReason, SessionState } from './session-state.ts';

export type CommandResult =
  | { readonly accepted: true; readonly revision: number }
  | { readonly accepted: false; readonly rejection: CommandRejection };

type InputOf<AnyCommand> = AnyCommand extends Command ? Omit<AnyCommand, 'commandId' | 'turn'> : never;
/** A command without what the client adds to it. */
export type CommandInput = InputOf<Command>;

interface CommandContext {
  /** What the person is looking at. */
  readonly snapshot: SnapshotMessage | undefined;
  /** Why no answer would come; undefined while one may. */
  readonly endReason: EndReason | 'left' | undefined;
  /** The biggest message that the server takes, in bytes. */
  readonly limitBytes: number;
}

interface PendingCommand {
  readonly command: Command;
  /** The last action in the snapshot that the person was looking at. */
  readonly seenAction: LastAction | undefined;
  readonly about: CommandRejection['about'];
  readonly result: Promise<CommandResult>;
  readonly resolve: (result: CommandResult) => void;
}

export class Commands {
  readonly #environment: Pick<Environment, 'now' | 'randomId'>;
  readonly #send: (command: Command) => void;
  readonly #byId = new Map<string, PendingCommand>();
  #pending: readonly Command[] = [];
  #rejection: CommandRejection | undefined;

  /** @param send sends a command, if a connection has joined; all that are pending are sent again after the next join */
  constructor(environment: Pick<Environment, 'now' | 'randomId'>, send: (command: Command) => void) {
    this.#environment = environment;
    this.#send = send;
  }

  get state(): Pick<SessionState, 'pending' | 'rejection'> {
    return { pending: this.#pending, ...(this.#rejection && { rejection: this.#rejection }) };
  }

  /**
   * Sends a command, about the pictures with the turn of the snapshot on show (rule M10). A second click, with the same content in the
   * same turn while the first one waits, sends nothing and gets the first one's result.
   */
  submit(input: CommandInput, { snapshot, endReason, limitBytes }: CommandContext): Promise<CommandResult> {
    const content = isAccessCommand(input) ? input : { ...input, ...(snapshot && { turn: snapshot.turn }) };
    const first = this.#sameClick(content);
    if (first) return first.result;
    if (endReason !== undefined) return this.#rejectUnsent({ command: input.type, ...endRejections[endReason] });
    const command: Command = { ...content, commandId: this.#environment.randomId() };
    if (byteLength(command) > limitBytes) {
      return this.#rejectUnsent({
        command: input.type,
        code: 'prompt_too_long',
        message: 'This text is too long to be sent.',
      });
    }
    const { promise: result, resolve } = Promise.withResolvers<CommandResult>();
    const about = subjectOf(command, snapshot);
    this.#byId.set(command.commandId, { command, seenAction: snapshot?.lastAction, about, result, resolve });
    this.#updatePending();
    this.#send(command);
    return result;
  }

  /** The server has accepted a command; returns it, or undefined when none is pending under that id. */
  accepted(commandId: string, revision: number): Command | undefined {
    const command = this.#settle(commandId, { accepted: true, revision });
    if (command) this.#rejection = undefined;
    return command;
  }

  /** The server has rejected a command; returns it, or undefined when none is pending under that id. */
  rejected({ commandId = '', code, message, detail, params, lastAction }: RejectMessage): Command | undefined {
    const pending = this.#byId.get(commandId);
    if (!pending) return undefined;
    // An action that the person had seen does not explain the rejection: the stage changed by itself, by a finished image, say.
    const unseen = lastAction && !isSameAction(lastAction, pending.seenAction) && { lastAction };
    const rejection = this.#setRejection({
      command: pending.command.type,
      code,
      message,
      ...(detail && { detail, ...(params && { params }) }),
      ...(pending.about && { about: pending.about }),
      ...unseen,
    });
    return this.#settle(commandId, { accepted: false, rejection });
  }

  /** No answer will come any more: rejects all that is pending. */
  end(reason: EndReason | 'left'): void {
    for (const { commandId, type } of this.#pending) {
      const rejection = this.#setRejection({ command: type, ...endRejections[reason] });
      this.#settle(commandId, { accepted: false, rejection });
    }
  }

  #sameClick(content: Omit<Command, 'commandId'>): PendingCommand | undefined {
    const text = canonicalJson(content);
    for (const pending of this.#byId.values()) {
      const { commandId: _id, ...pendingContent } = pending.command;
      if (canonicalJson(pendingContent) === text) return pending;
    }
    return undefined;
  }

  #rejectUnsent(rejection: Omit<CommandRejection, 'at'>): Promise<CommandResult> {
    return Promise.resolve({ accepted: false, rejection: this.#setRejection(rejection) });
  }

  #setRejection(rejection: Omit<CommandRejection, 'at'>): CommandRejection {
    this.#rejection = { ...rejection, at: this.#environment.now() };
    return this.#rejection;
  }

  #settle(commandId: string, result: CommandResult): Command | undefined {
    const pending = this.#byId.get(commandId);
    if (!pending) return undefined;
    this.#byId.delete(commandId);
    this.#updatePending();
    pending.resolve(result);
    return pending.command;
  }

  #updatePending(): void {
    this.#pending = Array.from(this.#byId.values(), ({ command }) => command);
  }
}

/** The rejections of commands whose answer will not come. */
const endRejections = {
  session_gone: { code: 'session_not_found', message: 'The session is gone from the server.' },
  not_allowed: { code: 'not_allowed', message: 'This link does not let you in.' },
  link_closed: { code: 'link_closed', message: 'The watch link was closed.' },
  revoked: { code: 'revoked', message: 'You may not take part in this session any more.' },
  invitation_expired: { code: 'invitation_expired', message: 'This invitation has expired.' },
  session_ended: { code: 'session_not_found', message: 'A reviewer has ended the session.' },
  misuse: { code: 'closed', message: 'The server ended the connection before it answered.' },
  too_big: { code: 'closed', message: 'A message was too big for something between this page and the server.' },
  blocked: { code: 'closed', message: 'A connection to the server is not allowed here.' },
  blocked_by_policy: { code: 'closed', message: 'A connection to the server is not allowed here.' },
  left: { code: 'closed', message: 'The connection was closed before the server answered.' },
} as const satisfies Record<EndReason | 'left', Pick<CommandRejection, 'code' | 'message'>>;

const byteLength = (command: Command): number => new TextEncoder().encode(JSON.stringify(command)).byteLength;

function subjectOf(command: Command, snapshot: SnapshotMessage | undefined): CommandRejection['about'] {
  if (!('imageId' in command) || command.imageId === undefined) return undefined;
  const { imageId } = command;
  const attempt = snapshot?.attempts.find(({ image }) => image.imageId === imageId);
  return attempt && { imageId, number: attempt.number };
}

/** The same text for the same content: with sorted keys. */
function canonicalJson(content: object): string {
  return JSON.stringify(content, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : value,
  );
}

function isSameAction(one: LastAction, other: LastAction | undefined): boolean {
  return one.at === other?.at && one.action === other.action && one.participantId === other.participantId;
}
