/** How a session decides on the commands of reviewers: one after the other, and at most once for each command id (rule M7). */
import { type Command, isAccessCommand, type ReviewCommand } from '../../shared/protocol.ts';
import { isoTime } from '../platform/clock.ts';
import { NOT_CREATOR } from './access.ts';
import { whileAvailable } from './availability.ts';
import type { DraftThrottle } from './draft-throttle.ts';
import type { Caller } from './participants.ts';
import { isCreator } from './places.ts';
import { type Answer, reject } from './rejections.ts';
import type { SessionAccess } from './session-access.ts';
import type { SessionDocument } from './session-document.ts';
import type { SessionGeneration } from './session-generation.ts';
import type { SessionParts } from './session-parts.ts';
import type { Step } from './steps.ts';
import { textProblem, withCleanText } from './text-check.ts';

export interface SessionCommandsContext extends SessionParts {
  readonly access: SessionAccess;
  readonly typing: Pick<DraftThrottle, 'flush'>;
  readonly generation: Pick<SessionGeneration, 'start'>;
  /** Ends the session for everybody. */
  readonly end: (by: Caller) => Promise<void>;
}

export class SessionCommands {
  readonly #context: SessionCommandsContext;

  constructor(context: SessionCommandsContext) {
    this.#context = context;
  }

  async execute(caller: Caller, command: Command): Promise<Answer> {
    const { latest, access, touch } = this.#context;
    if (caller.role !== 'reviewer') return reject('not_allowed');
    touch();
    return latest.serially(async () => {
      // The caller may have been turned out while the command waited for its turn.
      const refusal = access.refusal(caller);
      if (refusal) return reject(refusal);
      const answer = await whileAvailable(() => this.#answer(caller, command));
      // Another server may have turned them out meanwhile: then its snapshot does not come before the `ack` (rule W6).
      const meanwhile = answer.accepted ? access.refusal(caller) : undefined;
      return meanwhile ? reject(meanwhile) : answer;
    });
  }

  async #answer(caller: Caller, command: Command): Promise<Answer> {
    const { latest, access, typing } = this.#context;
    typing.flush();
    if (command.type === 'end_session') return (await latest.answerTo(command)) ?? this.#endSession(caller);
    return latest.step((before) => {
      // Another server may have turned them out.
      const why = access.refusalIn(before, caller);
      if (why) return { answer: reject(why) };
      return isAccessCommand(command)
        ? access.commandStep(before, caller, command)
        : this.#reviewStep(before, caller, command);
    }, command);
  }

  async #endSession(caller: Caller): Promise<Answer> {
    const { latest, end } = this.#context;
    await end(caller);
    return { accepted: true, revision: latest.current.state.revision };
  }

  #reviewStep(before: SessionDocument, caller: Caller, given: ReviewCommand): Step | Promise<Step> {
    if (given.type === 'require_approvals' && !isCreator(caller)) return { answer: reject('not_allowed', NOT_CREATOR) };
    const { participant, connectionId, role, hasVote, address } = caller;
    const { limits, clock, newId, subscribers, generation, machineStep } = this.#context;
    const command = withCleanText(given);
    const problem = textProblem(command, limits);
    if (problem) return { answer: reject(problem) };
    const act = { by: participant.name, participantId: participant.id, connectionId, at: isoTime(clock) };
    const author = { role, hasVote };
    const lookedAt = subscribers.lookedAt(participant.id);
    const ids = { generationId: newId(), entryId: newId() };
    const step = machineStep(before, { type: 'command', command, act, author, lookedAt, ...ids });
    const state = step.document?.state;
    if (state?.stage !== 'generating' || state.generation.generationId !== ids.generationId) return step;
    return this.#unlessAnswered(given, () => generation.start(step, before, state.generation, address));
  }

  /** Places and money are set aside for a new command alone. */
  async #unlessAnswered(command: Command, start: () => Promise<Step>): Promise<Step> {
    const before = await this.#context.latest.answerTo(command);
    return before ? { answer: before } : start();
  }
}
