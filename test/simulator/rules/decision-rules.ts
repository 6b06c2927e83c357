/** Rules of what is decided in a session: the record, the votes, and what is protected by them. */
import { isDeepStrictEqual } from 'node:util';
import { isDecision } from '../../../server/session/record.ts';
import { approvedIn, type State } from '../../../server/session/state.ts';
import type { RecordEntry } from '../../../shared/model.ts';
import type { Command, RejectMessage } from '../../../shared/protocol.ts';
import { approversOf, decidedImagesIn, isRevoked, opinionsIn } from '../../support/votes.ts';
import type { RuleChecks } from '../rule-checks.ts';
import { limits } from '../server-process.ts';

/** A command whose accepted answer may stand for no change at all. */
type RecordedCommand = Extract<
  Command,
  { type: 'approve' | 'request_changes' | 'decline' | 'withdraw' | 'require_approvals' }
>;

const kinds = { approve: 'approved', request_changes: 'changes_requested', decline: 'declined' } as const;

export const isRecordedCommand = (command: Command): command is RecordedCommand =>
  command.type in kinds || command.type === 'withdraw' || command.type === 'require_approvals';

export class DecisionRules {
  readonly #checks: RuleChecks;
  /** The participant who created the session. */
  #creatorId: string | undefined;
  /** The images that others had open when each removal reached the core, by command id. */
  readonly #openAtRemoval = new Map<string, readonly string[]>();

  constructor(checks: RuleChecks) {
    this.#checks = checks;
  }

  created(participantId: string): void {
    this.#creatorId = participantId;
  }

  /** `open`: what other participants have open. */
  removing(commandId: string, open: readonly string[]): void {
    if (!this.#openAtRemoval.has(commandId)) this.#openAtRemoval.set(commandId, open);
  }

  /** The session went from one state to the next. */
  check(before: State, state: State): void {
    const added = state.record.slice(before.record.length);
    const isLonger = isDeepStrictEqual(state.record.slice(0, before.record.length), before.record);
    this.#checks.check('M12', isLonger && added.length <= 1, () => 'the record did not just grow by one entry');
    const [entry] = added;
    if (entry) this.#checkEntry(entry, before, state);
    this.#checkDecided(before, state);
    this.#checkFinal(before, state, entry);
  }

  /** A command was accepted; `before` is the state one revision earlier. */
  acked(command: RecordedCommand, state: State, participantId: string): void {
    const { record, approvalsNeeded } = state;
    const name = `${command.type} of ${participantId}`;
    switch (command.type) {
      case 'require_approvals':
        return this.#checks.check('M11', approvalsNeeded === command.approvals, () => `${name} was not done`);
      case 'withdraw': {
        const isDone = record.some((entry) => entry.kind === 'withdrawn' && entry.decisionId === command.decisionId);
        return this.#checks.check('M12', isDone, () => `${name} is not on record`);
      }
      default: {
        const isFinal = approvedIn(state)?.imageId === command.imageId;
        const opinion = opinionsIn(state).find(
          (one) => one.participantId === participantId && one.imageId === command.imageId,
        );
        const isSame = opinion?.kind === kinds[command.type] && (!command.note || opinion.note === command.note);
        const isRecorded = isSame || (command.type === 'approve' && isFinal);
        this.#checks.check('M12', isRecorded, () => `${name} about ${command.imageId} is not on record`);
      }
    }
  }

  /** A removal was accepted, for the first time. */
  removed(
    { commandId, imageIds }: Extract<Command, { type: 'remove' }>,
    before: State | undefined,
    state: State,
  ): void {
    const left = [...state.attempts, ...state.discarded].filter(({ image }) => imageIds.includes(image.imageId));
    this.#checks.check('R13', left.length === 0, () => `remove left ${left.length} attempts`);
    const open = this.#openAtRemoval.get(commandId) ?? [];
    const isOpen = imageIds.some((imageId) => open.includes(imageId));
    this.#checks.check('R13', !isOpen, () => 'an attempt was removed that somebody else had open');
    if (!before) return;
    const count = ({ attempts, discarded }: State) => attempts.length + discarded.length;
    const isExact = count(before) - count(state) === new Set(imageIds).size;
    this.#checks.check('R13', isExact, () => 'remove took more than it named');
  }

  /** `states`: those that the session was in between the command's arrival and its answer, the first and the last of them. */
  rejected(command: Command, { code }: RejectMessage, states: readonly State[], participantId: string): void {
    const some = (holds: (state: State) => boolean) => states.some(holds);
    const name = `${command.type} was rejected as ${code}`;
    switch (code) {
      case 'attempts_full': {
        const isFull = some(
          ({ attempts, discarded }) => attempts.length + discarded.length + 4 > limits.ATTEMPTS_PER_SESSION,
        );
        return this.#checks.check('R13', isFull, () => name);
      }
      case 'record_full':
        return this.#checks.check(
          'M12',
          some(({ record }) => record.length >= limits.RECORD_ENTRIES),
          () => name,
        );
      case 'not_allowed': {
        if (command.type !== 'withdraw') return;
        const decision = states.at(-1)?.record.find(({ entryId }) => entryId === command.decisionId);
        if (!decision || !isDecision(decision)) return;
        const isOther = decision.participantId !== participantId;
        return this.#checks.check('M12', isOther, () => `${name} although it was their own`);
      }
      case 'decision_not_found': {
        if (command.type !== 'withdraw') return;
        const isThere = states.at(-1)?.record.some(({ entryId }) => entryId === command.decisionId);
        return this.#checks.check('M12', isThere === false, () => name);
      }
    }
  }

  #checkEntry(entry: RecordEntry, before: State, state: State): void {
    if (isDecision(entry)) {
      const isInvited = before.record.some(
        (one) =>
          one.kind === 'invited' &&
          one.invitee.participantId === entry.participantId &&
          one.invitee.role === 'reviewer',
      );
      const counts = entry.participantId === this.#creatorId || isInvited;
      const isRight = (entry.counts ?? false) === counts;
      this.#checks.check('M11', isRight, () => `the vote of ${entry.by} is recorded as counted: ${entry.counts}`);
      const attempt = before.attempts.find(({ image }) => image.imageId === entry.imageId);
      const isOurs = attempt?.image.sha256 === entry.sha256 && attempt.number === entry.number;
      this.#checks.check('M3', isOurs, () => 'a decision is about no attempt of the session');
      const mayDecide = !isRevoked(before, entry.participantId);
      this.#checks.check('W11', mayDecide, () => `${entry.by} decided after they had been turned out`);
      const known = state.record.flatMap((one) => (isDecision(one) ? (one.attempts ?? []) : []));
      const isDescribed = known.filter(({ image }) => image.imageId === entry.imageId).length === 1;
      this.#checks.check('M12', isDescribed, () => 'the record does not say what an image was made from');
    } else if (entry.kind === 'withdrawn') {
      const decision = before.record.find(({ entryId }) => entryId === entry.decisionId);
      const isOwn = decision && isDecision(decision) && decision.participantId === entry.participantId;
      this.#checks.check('M12', isOwn === true, () => `${entry.by} withdrew the decision of another`);
    } else if (entry.kind === 'invited' || entry.kind === 'revoked') {
      const isCreator = entry.participantId === this.#creatorId;
      this.#checks.check('W11', isCreator, () => `${entry.by} decided that somebody was ${entry.kind}`);
      const isAnother = entry.invitee.participantId !== this.#creatorId;
      this.#checks.check('W11', isAnother, () => `the creator was ${entry.kind}`);
    } else if (entry.kind === 'approvals_changed') {
      const isCreator = entry.participantId === this.#creatorId;
      this.#checks.check('M11', isCreator, () => `${entry.by} changed how many must agree`);
    }
  }

  /** An image that somebody has decided about stays until a start over. */
  #checkDecided(before: State, state: State): void {
    const decided = decidedImagesIn(before);
    if (decided.size === 0 || state.attemptCount === 0) return;
    const all = ({ attempts, discarded }: State) => [...attempts, ...discarded].map(({ image }) => image.imageId);
    const lost = all(before).filter((imageId) => decided.has(imageId) && !all(state).includes(imageId));
    this.#checks.check('R13', lost.length === 0, () => `${lost[0]} was dropped although somebody has decided about it`);
  }

  /** An image is final by an approval of it, and as long as enough approvals stand. */
  #checkFinal(before: State, state: State, entry: RecordEntry | undefined): void {
    const approved = approvedIn(state);
    if (approved) {
      const approvers = approversOf(state, approved.imageId);
      // A final image stays final when approvers are turned out, until one of those that are left withdraws.
      const hasLost = entry?.kind === 'withdrawn' && approvers.length < approversOf(before, approved.imageId).length;
      const isEnough = approvers.length >= state.approvalsNeeded || (approvedIn(before) !== undefined && !hasLost);
      this.#checks.check('M11', isEnough, () => `final by ${approvers.length} approvals of ${state.approvalsNeeded}`);
      if (approvedIn(before)) return;
      const isOwn = entry?.kind === 'approved' && approvers.includes(entry.participantId);
      this.#checks.check('M11', isOwn, () => 'an image became final without an approval that counts');
    } else if (entry?.kind === 'approved' && state.stage === 'user_feedback') {
      const approvers = approversOf(state, entry.imageId);
      const isEnough = approvers.includes(entry.participantId) && approvers.length >= state.approvalsNeeded;
      this.#checks.check('M11', !isEnough, () => `${approvers.length} approvals did not make an image final`);
    } else if (approvedIn(before) && state.stage === 'user_feedback') {
      const { imageId } = approvedIn(before) ?? { imageId: '' };
      const isTooFew = approversOf(state, imageId).length < state.approvalsNeeded;
      const isFewer = approversOf(state, imageId).length < approversOf(before, imageId).length;
      this.#checks.check(
        'M11',
        isTooFew && isFewer,
        () => `${entry?.kind} took up the review although enough approvals stand`,
      );
    }
  }
}
