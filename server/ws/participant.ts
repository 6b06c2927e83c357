/** A connection in the session that it has joined: what it asks for there is checked, handed on and answered. */
import type { ClientMessage, Command, DraftMessage, JoinMessage, WantMessage } from '../../shared/protocol.ts';
import type { Generator } from '../generators/generator.ts';
import type { Clock } from '../platform/clock.ts';
import type { Limits } from '../platform/limits.ts';
import { TokenBucket } from '../platform/token-bucket.ts';
import type { Admitted } from '../session/admission.ts';
import { offerOf, problemWithAsk } from '../session/capabilities.ts';
import { DraftThrottle } from '../session/draft-throttle.ts';
import type { Refuse } from '../session/rejections.ts';
import type { Actor } from '../session/session.ts';
import type { Watcher } from '../session/subscribers.ts';
import type { Outbox } from './outbox.ts';
import { idInUse, problemWithWant } from './problems.ts';

export interface ParticipantContext {
  readonly generator: Generator;
  readonly limits: Limits;
  readonly clock: Clock;
}

/** How it is spoken to. */
export interface ParticipantLine {
  readonly outbox: Outbox;
  readonly refuse: Refuse;
  /** The session is gone, and nothing is left to take part in. */
  sessionClosed(): void;
}

export class Participant {
  readonly #actor: Actor;
  readonly #admitted: Admitted;
  readonly #context: ParticipantContext;
  readonly #line: ParticipantLine;
  readonly #commands: TokenBucket;
  readonly #drafts: DraftThrottle;
  readonly #detach: () => void;

  constructor(admitted: Admitted, actor: Actor, context: ParticipantContext, line: ParticipantLine) {
    const { limits, clock } = context;
    const { session } = admitted;
    this.#admitted = admitted;
    this.#actor = actor;
    this.#context = context;
    this.#line = line;
    this.#commands = new TokenBucket(limits.COMMAND_BURST, limits.COMMANDS_PER_SECOND, clock);
    this.#drafts = new DraftThrottle(limits.DRAFTS_PER_SECOND, clock, (text, draftId) =>
      session.setDraft(text, actor, draftId),
    );
    this.#detach = session.attach(this.#watcher());
  }

  async receive(message: Exclude<ClientMessage, JoinMessage>): Promise<void> {
    switch (message.type) {
      case 'want':
        return this.#want(message);
      case 'draft':
        return this.#draft(message);
      default:
        return this.#command(message);
    }
  }

  /** What was typed and still waits is published first. May be called twice. */
  leave(): void {
    this.#drafts.flush();
    this.#detach();
  }

  #want(message: WantMessage): void {
    const { outbox, refuse } = this.#line;
    const { session } = this.#admitted;
    const problem = problemWithWant(message, this.#context.limits);
    if (problem !== undefined) return refuse('invalid_message', { message: problem });
    if (!this.#commands.take()) return refuse('rate_limited');
    const { imageIds } = message;
    for (const imageId of imageIds) {
      if (!session.image(imageId)) refuse('image_not_found', { imageId });
    }
    outbox.want(imageIds.filter((imageId) => session.image(imageId)));
  }

  #draft({ text, draftId }: DraftMessage): void {
    const { refuse } = this.#line;
    if (this.#admitted.role !== 'reviewer') return refuse('not_allowed');
    if (text.length > this.#context.limits.PROMPT_CHARACTERS) return refuse('prompt_too_long');
    this.#drafts.push(text, draftId);
  }

  async #command(command: Command): Promise<void> {
    const { commandId } = command;
    const { generator, limits } = this.#context;
    const { outbox, refuse } = this.#line;
    const { session, role } = this.#admitted;
    const problem = problemWithAsk(command, offerOf(generator, limits), limits);
    if (problem !== undefined) return refuse('invalid_message', { commandId, message: problem });
    if (!this.#commands.take()) return refuse('rate_limited', { commandId });
    if (role !== 'reviewer') return refuse('not_allowed', { commandId });
    this.#drafts.flush();
    const answer = await session.decide(command, this.#actor);
    if (answer.accepted) return outbox.send({ type: 'ack', commandId, revision: answer.revision });
    const { code, lastAction } = answer;
    // Nothing else is wrong with a command that has come as far as its session.
    const message = code === 'invalid_message' ? { message: idInUse } : {};
    refuse(code, { commandId, lastAction, ...message });
  }

  #watcher(): Watcher {
    const { outbox } = this.#line;
    return {
      connectionId: this.#actor.connectionId,
      role: this.#admitted.role,
      flushDraft: () => this.#drafts.flush(),
      snapshotChanged: () => outbox.snapshotIsDue(),
      draftChanged: (text, by, draftId) => outbox.draftIsDue(text, by, draftId),
      viewersChanged: () => outbox.viewersAreDue(),
      progressed: (candidate) => outbox.progressIsDue(candidate),
      previewed: (candidate) => outbox.partialIsDue(candidate),
      sessionClosed: () => this.#line.sessionClosed(),
    };
  }
}
