import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { transition } from '../../../../server/session/machine.ts';
import { isDecision } from '../../../../server/session/record.ts';
import { approvedIn, type State } from '../../../../server/session/state.ts';
import type { Event, GeneratedEvent } from '../../../../server/session/transition.ts';
import type { Attempt, RecordEntry } from '../../../../shared/model.ts';
import type { Command } from '../../../../shared/protocol.ts';
import { accepted, commandEvent, discardedIds, imageIds, sha256Of } from '../../../support/machine.ts';
import { decisionSequence, type Moment, sequence } from '../../../support/machine-sequences.ts';
import { approversOf, decidedImagesIn } from '../../../support/votes.ts';

/** A fixed seed: the same sequences each time, so that no test depends on luck. */
const SEED = 1;
const RUNS = 300;
/** A rule that has something to say about fewer moments is not tested by these sequences. */
const MIN_HITS = 20;

/** `check` asserts the rule for one moment, and returns whether the rule says anything about it. */
function rule(
  title: string,
  check: (moment: Moment, earlier: readonly Moment[]) => boolean,
  sequences: fc.Arbitrary<readonly Moment[]> = sequence,
): void {
  test(title, () => {
    let hits = 0;
    const property = fc.property(sequences, (moments) => {
      for (const [index, moment] of moments.entries()) if (check(moment, moments.slice(0, index))) hits += 1;
    });
    fc.assert(property, { seed: SEED, numRuns: RUNS });
    expect(hits).toBeGreaterThanOrEqual(MIN_HITS);
  });
}

const commandsOf: Record<State['stage'], readonly Command['type'][]> = {
  initial_input: ['generate', 'restore', 'remove', 'withdraw', 'require_approvals'],
  generating: ['cancel', 'withdraw', 'require_approvals'],
  user_feedback: [
    ...(['regenerate', 'refine', 'approve', 'request_changes', 'decline', 'withdraw', 'require_approvals'] as const),
    ...(['start_over', 'discard', 'restore', 'remove'] as const),
  ],
  final: ['start_over', 'withdraw'],
};

const setsDraft = ({ result }: Moment) => result.accepted && result.draft !== undefined;
const droppedBy = ({ before, after }: Moment) => allIds(before).filter((imageId) => !allIds(after).includes(imageId));
const unfinishedOf = (state: State) => ('unfinished' in state ? state.unfinished : undefined);
const hasChanged = ({ before, after }: Moment) => after !== before;
const isRearranging = ({ event }: Moment) =>
  event.type === 'command' && ['discard', 'restore', 'remove'].includes(event.command.type);
const decideTypes = ['approve', 'request_changes', 'decline'] as const;
/** A command that has led to another stage, but for those that only rearrange. */
const isNextTurn = (moment: Moment) =>
  moment.event.type === 'command' && moment.after.turn !== moment.before.turn && !isRearranging(moment);
/** By a command that `lastAction` names: another stage, or a decision. */
const isChangedByAction = (moment: Moment) =>
  isNextTurn(moment) || (hasChanged(moment) && decideTypes.some((type) => isCommand(moment, type)));
const isCommand = ({ event }: Moment, type: Command['type']) => event.type === 'command' && event.command.type === type;
const allIds = (state: State) => [...imageIds(state), ...discardedIds(state)];
const numbersOf = (state: State) => [...state.attempts, ...state.discarded].map(({ number }) => number);
const isFromAnotherTurn = ({ before, event }: Moment) =>
  event.type === 'command' && event.command.turn !== undefined && event.command.turn !== before.turn;
/** `approve` of the approved image, which is answered whatever its turn. */
const isApprovedAgain = ({ before, event }: Moment) =>
  before.stage === 'final' &&
  event.type === 'command' &&
  event.command.type === 'approve' &&
  event.command.imageId === approvedIn(before)?.imageId;

function decisionRule(title: string, check: (moment: Moment) => boolean): void {
  rule(title, check, decisionSequence);
}

const isOfCandidate = (event: Event) =>
  event.type === 'generated' || event.type === 'reported' || event.type === 'failed';
/** Its candidate goes on. */
const isShowing = (event: Event) => event.type === 'generated' && event.isProvisional === true;
const isOf = ({ generationId, candidate }: Pick<GeneratedEvent, 'generationId' | 'candidate'>, { image }: Attempt) =>
  image.generationId === generationId && image.candidate === candidate;

describe('over random sequences of commands and results', () => {
  rule('M1: a command is wrong_stage exactly when its stage does not allow it', (moment) => {
    const { before, event, result } = moment;
    if (event.type !== 'command' || isFromAnotherTurn(moment) || isApprovedAgain(moment)) return false;
    const isWrongStage = !result.accepted && result.code === 'wrong_stage';
    expect(isWrongStage).toBe(!commandsOf[before.stage].includes(event.command.type));
    return isWrongStage;
  });

  rule('M1: a rejection carries neither a state nor a draft', ({ result }) => {
    if (result.accepted) return false;
    expect(Object.keys(result).toSorted()).toEqual(['accepted', 'code']);
    return true;
  });

  rule('M2: a generation starts by a command, and only where none runs', ({ before, event, after }) => {
    if (after.stage !== 'generating') return false;
    const { generationId } = after.generation;
    if (before.stage === 'generating') {
      expect(generationId).toBe(before.generation.generationId);
      return false;
    }
    expect(event).toMatchObject({ type: 'command', generationId });
    return true;
  });

  rule('M2: lastAction names the last accepted command, with who sent it and when', (moment) => {
    const { before, event, after } = moment;
    if (event.type !== 'command' || !isChangedByAction(moment)) {
      expect(after.lastAction).toBe(before.lastAction);
      return false;
    }
    const { lastAction } = after;
    expect(lastAction).toMatchObject({ action: event.command.type, ...event.act });
    const entry = after.record.at(-1);
    const subject = entry && 'imageId' in entry ? { imageId: entry.imageId, number: entry.number } : {};
    const isAbout = decideTypes.some((type) => isCommand(moment, type)) || isCommand(moment, 'withdraw');
    expect([lastAction?.imageId, lastAction?.number]).toEqual(
      isAbout ? [subject.imageId, subject.number] : [undefined, undefined],
    );
    return isAbout;
  });

  rule('M3: only an attempt of this session with that digest is approved, and the approval records both', (moment) => {
    const { before, event, after } = moment;
    if (event.type !== 'command' || event.command.type !== 'approve') return false;
    if (!hasChanged(moment)) return false;
    const { imageId, sha256 = sha256Of(imageId) } = event.command;
    expect(imageIds(before)).toContain(imageId);
    expect(sha256).toBe(sha256Of(imageId));
    if (after.stage === 'final') expect(after).toMatchObject({ approved: { imageId, sha256 } });
    expect(after.record.at(-1)).toMatchObject({ kind: 'approved', imageId, sha256, ...event.act });
    return true;
  });

  rule('M3: an image that is not there, or has another digest, is image_not_found', (moment) => {
    const { before, event, result } = moment;
    if (before.stage !== 'user_feedback' || event.type !== 'command' || isFromAnotherTurn(moment)) return false;
    const { command } = event;
    if (!('imageId' in command) || command.imageId === undefined) return false;
    if (!result.accepted && ['record_full', 'attempts_full', 'not_allowed'].includes(result.code)) return false;
    const candidates = command.type === 'restore' ? discardedIds(before) : imageIds(before);
    const digest = 'sha256' in command ? command.sha256 : undefined;
    const isFound = candidates.includes(command.imageId) && [undefined, sha256Of(command.imageId)].includes(digest);
    expect(result.accepted ? 'accepted' : result.code).toBe(isFound ? 'accepted' : 'image_not_found');
    return !isFound;
  });

  rule('M3: the approved image and the parent of the running generation are never discarded', ({ after }) => {
    expect(discardedIds(after)).not.toContain(approvedIn(after)?.imageId);
    if (after.stage === 'generating') expect(discardedIds(after)).not.toContain(after.generation.parent);
    return (after.stage === 'final' || after.stage === 'generating') && after.discarded.length > 0;
  });

  rule('M4: a result of a generation that is not the current one changes nothing', (moment) => {
    const { before, event, result } = moment;
    if (!isOfCandidate(event)) return false;
    if (before.stage === 'generating' && before.generation.generationId === event.generationId) return false;
    expect(result).toEqual({ accepted: true, state: before });
    expect(hasChanged(moment)).toBe(false);
    return true;
  });

  rule('M4: each candidate ends once', (moment, earlier) => {
    const { event } = moment;
    if (!isOfCandidate(event)) return false;
    const hasEnded = earlier.some(
      (one) =>
        isOfCandidate(one.event) &&
        !isShowing(one.event) &&
        hasChanged(one) &&
        one.event.generationId === event.generationId &&
        one.event.candidate === event.candidate,
    );
    if (hasEnded) expect(hasChanged(moment)).toBe(false);
    return hasEnded;
  });

  rule('M5: a command that leads to another stage clears the old error', (moment) => {
    if (!isNextTurn(moment)) return false;
    expect(unfinishedOf(moment.after)?.error).toBeUndefined();
    return unfinishedOf(moment.before)?.error !== undefined;
  });

  rule('M5: there is no error after a generation that succeeded with all candidates', (moment) => {
    const { before, event, after } = moment;
    const isSuccess = event.type === 'generated' || event.type === 'reported';
    const isEnd = before.stage === 'generating' && isSuccess && after.stage === 'user_feedback';
    if (!isEnd || before.error) return false;
    expect(unfinishedOf(after)).toBeUndefined();
    return true;
  });

  rule(
    'M5 M8: discard, restore and remove keep the error, the last generation, the record and other images',
    (moment) => {
      if (!isRearranging(moment) || !hasChanged(moment)) return false;
      const { before, after, event } = moment;
      expect(unfinishedOf(after)).toEqual(unfinishedOf(before));
      expect(after.record).toBe(before.record);
      const isRemove = event.type === 'command' && event.command.type === 'remove';
      const removed = isRemove && event.command.type === 'remove' ? event.command.imageIds : [];
      expect(allIds(after).toSorted()).toEqual(
        allIds(before)
          .filter((imageId) => !removed.includes(imageId))
          .toSorted(),
      );
      return unfinishedOf(before) !== undefined;
    },
  );

  rule('M6: the revision grows by one with each change, and only then', (moment) => {
    const { before, after } = moment;
    expect(after.revision - before.revision).toBe(hasChanged(moment) ? 1 : 0);
    if (hasChanged(moment)) expect({ ...after, revision: 0 }).not.toEqual({ ...before, revision: 0 });
    return hasChanged(moment);
  });

  rule('W8: draftRevision grows by one when a command sets the draft, and only then', (moment) => {
    const { before, after } = moment;
    expect(after.draftRevision - before.draftRevision).toBe(setsDraft(moment) ? 1 : 0);
    if (setsDraft(moment)) expect(isChangedByAction(moment)).toBe(true);
    return setsDraft(moment);
  });

  rule('M8: a failed or cancelled generation is kept, and the image on show too', (moment) => {
    const { before, event, after } = moment;
    if (before.stage !== 'generating' || after.stage === 'generating') return false;
    const isCancelled = event.type === 'command';
    if (!isCancelled && event.type !== 'failed' && !before.error) return false;
    expect(unfinishedOf(after)?.generation).toMatchObject({
      ...before.generation,
      ...(event.type === 'failed' && { failures: expect.anything() }),
    });
    expect(unfinishedOf(after)?.error !== undefined).toBe(!isCancelled);
    if (isCancelled) expect(after.attempts).toEqual(before.attempts);
    return true;
  });

  rule('R10: a failure takes the image back that its candidate has shown, and no other', (moment) => {
    const { before, event, after } = moment;
    if (event.type !== 'failed' || !hasChanged(moment)) return false;
    const others = before.attempts.filter((attempt) => !isOf(event, attempt));
    expect(imageIds(after)).toEqual(others.map(({ image }) => image.imageId));
    return others.length < before.attempts.length;
  });

  rule('R10: an image that is shown can’t be approved before its candidate has ended', (moment) => {
    if (!isShowing(moment.event) || !hasChanged(moment)) return false;
    expect(moment.after).toMatchObject({ stage: 'generating', turn: moment.before.turn });
    return true;
  });

  rule('what the service reports at last is added to the image that is shown', (moment) => {
    const { before, event, after } = moment;
    if (event.type !== 'reported' || !hasChanged(moment)) return false;
    const { usage } = event;
    expect(after.attempts).toEqual(
      before.attempts.map((one) => (one.image.imageId === event.imageId ? { ...one, usage } : one)),
    );
    return true;
  });

  rule('M8: it is kept until a command leads to another stage', (moment) => {
    const unfinished = unfinishedOf(moment.before);
    if (!unfinished || isNextTurn(moment)) return false;
    expect(unfinishedOf(moment.after)).toEqual(unfinished);
    return true;
  });

  rule('M8: a generation lists each failed candidate once and in order, however it ends', (moment, earlier) => {
    const { after } = moment;
    const generation = after.stage === 'generating' ? after.generation : unfinishedOf(after)?.generation;
    if (!generation) return false;
    const failures = [...earlier, moment].flatMap((one) =>
      one.event.type === 'failed' && hasChanged(one) && one.event.generationId === generation.generationId
        ? [{ candidate: one.event.candidate, error: one.event.error }]
        : [],
    );
    const inOrder = failures.toSorted((one, other) => one.candidate - other.candidate);
    expect(generation.failures).toEqual(failures.length > 0 ? inOrder : undefined);
    return failures.length > 0;
  });

  rule('M8: a cancel keeps its reason, unless that is blank', (moment) => {
    const { event, after } = moment;
    if (event.type !== 'command' || event.command.type !== 'cancel' || !hasChanged(moment)) return false;
    const { reason } = event.command;
    expect(unfinishedOf(after)?.generation.cancelReason).toBe(reason?.trim() ? reason : undefined);
    return reason !== undefined;
  });

  rule('M9: an attempt has the parent, prompt and feedback of its generation', (moment) => {
    const { before, event, after } = moment;
    if (event.type !== 'generated' || !hasChanged(moment) || before.stage !== 'generating') return false;
    const { prompt, parent, feedback, options, startedAt } = before.generation;
    const attempt = after.attempts.find(({ image }) => image.imageId === event.image.imageId);
    expect(attempt).toEqual({
      number: before.countBefore + 1 + event.candidate,
      image: event.image,
      prompt,
      options,
      startedAt,
      finishedAt: event.at,
      ...(parent !== undefined && { parent }),
      ...(feedback !== undefined && { feedback }),
    });
    return parent !== undefined;
  });

  rule('M9: attempts are a tree: a parent is older and still there, or marked as dropped', ({ after }) => {
    const all = [...after.attempts, ...after.discarded];
    for (const { number, parent, parentDropped } of all) {
      const older = all.find(({ image }) => image.imageId === parent);
      if (parent === undefined) expect(parentDropped).toBeUndefined();
      else expect(older !== undefined && older.number < number).toBe(parentDropped === undefined);
    }
    return all.some(({ parent }) => parent !== undefined);
  });

  rule('M9: any attempt under review can be approved', ({ before, event, result, limits }) => {
    if (before.stage !== 'user_feedback' || event.type !== 'command' || event.command.type !== 'approve') return false;
    const { imageId, turn = before.turn, sha256 = sha256Of(imageId) } = event.command;
    if (turn !== before.turn || sha256 !== sha256Of(imageId) || !imageIds(before).includes(imageId)) return false;
    if (before.record.length >= limits.RECORD_ENTRIES) return false;
    expect(result.accepted).toBe(true);
    return true;
  });

  rule('M10: the turn grows by one with each change of stage, and only then', ({ before, after }) => {
    expect(after.turn - before.turn).toBe(after.stage === before.stage ? 0 : 1);
    return after.stage !== before.stage;
  });

  rule('M10: a command from another turn is stale', (moment) => {
    if (!isFromAnotherTurn(moment) || isApprovedAgain(moment)) return false;
    expect(moment.result).toEqual({ accepted: false, code: 'stale' });
    return true;
  });

  decisionRule('M10: only a start over or a withdrawal from its own turn leaves final', (moment) => {
    const { before, after, event } = moment;
    if (before.stage !== 'final' || after.stage === 'final') return false;
    expect(['start_over', 'withdraw']).toContain(event.type === 'command' && event.command.type);
    expect(isFromAnotherTurn(moment)).toBe(false);
    return true;
  });

  decisionRule(
    'M11: an image becomes final by an approval of it, with as many others as are needed, each counted once',
    (moment) => {
      const { before, after, event } = moment;
      const approved = approvedIn(after);
      if (!approved || approvedIn(before)) return false;
      expect(isCommand(moment, 'approve')).toBe(true);
      const own = event.type === 'command' ? event.act.participantId : '';
      const all = approversOf(after, approved.imageId);
      expect(all).toContain(own);
      expect(new Set(all).size).toBe(all.length);
      expect(all.length).toBeGreaterThanOrEqual(after.approvalsNeeded);
      return after.approvalsNeeded > 1;
    },
  );

  decisionRule('M11: an image with enough approvals after an approval is final', (moment) => {
    const { before, after, event } = moment;
    if (before.stage !== 'user_feedback' || !isCommand(moment, 'approve') || !hasChanged(moment)) return false;
    const entry = after.record.at(-1);
    if (event.type !== 'command' || entry?.kind !== 'approved') return false;
    const all = approversOf(after, entry.imageId);
    const isEnough = all.includes(event.act.participantId) && all.length >= after.approvalsNeeded;
    expect(after.stage).toBe(isEnough ? 'final' : 'user_feedback');
    return !isEnough;
  });

  decisionRule('M11: an approved image that loses an approval and has too few left is not final any more', (moment) => {
    const { before, after } = moment;
    const approved = approvedIn(before);
    if (!approved || !isCommand(moment, 'withdraw') || !hasChanged(moment)) return false;
    const [had, left] = [before, after].map((state) => approversOf(state, approved.imageId).length);
    const isUpheld = left === had || (left ?? 0) >= before.approvalsNeeded;
    expect(after.stage).toBe(isUpheld ? 'final' : 'user_feedback');
    expect(imageIds(after)).toEqual(imageIds(before));
    return true;
  });

  decisionRule(
    'M11: how many must agree changes by its command alone, never in final, and makes nothing final',
    (moment) => {
      const { before, after } = moment;
      if (after.approvalsNeeded === before.approvalsNeeded) return false;
      expect(isCommand(moment, 'require_approvals')).toBe(true);
      expect(before.stage).not.toBe('final');
      expect(after.stage).toBe(before.stage);
      return true;
    },
  );

  decisionRule('M12: the record only grows: by one entry, with the decision, its author, and the time', (moment) => {
    const { before, after, event } = moment;
    expect(after.record.slice(0, before.record.length)).toEqual(before.record);
    const added = after.record.slice(before.record.length);
    if (added.length === 0) return false;
    expect(added).toHaveLength(1);
    expect(hasChanged(moment)).toBe(true);
    if (event.type !== 'command') expect(['forgotten', 'revoked']).toContain(added[0]?.kind);
    else expect(added[0]).toMatchObject({ entryId: event.entryId, ...event.act, role: 'reviewer' });
    return true;
  });

  decisionRule('M12: only its author withdraws a decision, and once', (moment) => {
    const { after, before, event } = moment;
    const entry = after.record.at(-1);
    if (after.record === before.record || entry?.kind !== 'withdrawn' || event.type !== 'command') return false;
    const decision = before.record.find(({ entryId }) => entryId === entry.decisionId);
    expect(decision).toMatchObject({ participantId: event.act.participantId, imageId: entry.imageId });
    const isSame = (one: RecordEntry) => one.kind === 'withdrawn' && one.decisionId === entry.decisionId;
    expect(before.record.some(isSame)).toBe(false);
    return true;
  });

  decisionRule(
    'M12: an entry about an image says what it was made from, with its ancestors that are here, each once',
    ({ after }) => {
      const attempts = after.record.flatMap((entry) => (isDecision(entry) ? (entry.attempts ?? []) : []));
      const recorded = attempts.map(({ image }) => image.imageId);
      expect(new Set(recorded).size).toBe(recorded.length);
      for (const entry of after.record.filter(isDecision)) expect(recorded).toContain(entry.imageId);
      for (const { parent, parentDropped, number } of attempts) {
        if (parent !== undefined && !parentDropped) expect(recorded, `the parent of No. ${number}`).toContain(parent);
      }
      return attempts.some(({ parent }) => parent !== undefined);
    },
  );

  decisionRule(
    'M12: beyond its limit no decision is recorded, but withdrawals and what goes for memory are',
    (moment) => {
      const { before, event, result, limits } = moment;
      if (before.record.length < limits.RECORD_ENTRIES) return false;
      if (!result.accepted || !hasChanged(moment) || moment.after.record === before.record) return !result.accepted;
      const added = moment.after.record.at(-1);
      expect(['withdrawn', 'forgotten', 'revoked'], event.type).toContain(added?.kind);
      return true;
    },
  );

  rule('R2: a generation ends by a cancel, or with its last candidate, and by no other event', (moment) => {
    const { before, event, after } = moment;
    if (before.stage !== 'generating' || after.stage === 'generating') return false;
    expect(isCommand(moment, 'cancel') || isOfCandidate(event)).toBe(true);
    return isCommand(moment, 'cancel');
  });

  rule(
    'R7 R13: forget drops neither the newest, the approved or decided, the parent of the running one, nor an image in use',
    (moment) => {
      const { before, event, after } = moment;
      if (event.type !== 'forget') return false;
      const needed = [
        imageIds(before).at(-1),
        approvedIn(before)?.imageId,
        ...decidedImagesIn(before),
        before.stage === 'generating' ? before.generation.parent : undefined,
        ...event.keep,
      ];
      expect(allIds(after).toSorted()).toEqual(
        allIds(before)
          .filter((id) => needed.includes(id))
          .toSorted(),
      );
      return hasChanged(moment);
    },
  );

  rule(
    'R13: an attempt goes by a remove, a start over, a forget or a failure that takes it back, and by nothing else',
    (moment) => {
      const { before, event } = moment;
      const dropped = droppedBy(moment);
      if (dropped.length === 0) return false;
      const by = event.type === 'command' ? event.command.type : event.type;
      expect(['remove', 'start_over', 'forget', 'failed']).toContain(by);
      if (by === 'forget') expect(moment.after.record.at(-1)).toMatchObject({ kind: 'forgotten' });
      if (event.type !== 'command' || event.command.type !== 'remove') return false;
      for (const imageId of dropped) expect([...decidedImagesIn(before), ...event.lookedAt]).not.toContain(imageId);
      return true;
    },
  );

  rule('R13: the limit of attempts holds, since a generation that would exceed it does not start', (moment) => {
    const { before, result, after, limits } = moment;
    expect(allIds(after).length).toBeLessThanOrEqual(limits.ATTEMPTS_PER_SESSION);
    if (result.accepted || result.code !== 'attempts_full') return false;
    expect(['initial_input', 'user_feedback']).toContain(before.stage);
    return true;
  });

  rule('an image stands in one place: an attempt or a discarded one', ({ after }) => {
    expect(new Set(allIds(after)).size).toBe(allIds(after).length);
    return after.discarded.length > 0;
  });

  rule('attempt numbers follow the candidates, are never given again, and stand in order', (moment) => {
    const { before, event, after } = moment;
    const numbers = after.attempts.map(({ number }) => number);
    expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
    expect(new Set(numbersOf(after)).size).toBe(numbersOf(after).length);
    const isAdded = event.type === 'generated' && hasChanged(moment);
    const isReset = after.lastAction !== before.lastAction && after.lastAction?.action === 'start_over';
    const added = isAdded && before.stage === 'generating' ? before.countBefore + 1 + event.candidate : 0;
    expect(numbersOf(before)).not.toContain(added);
    expect(after.attemptCount).toBe(isReset ? 0 : Math.max(before.attemptCount, added));
    return isAdded && numbers.length < after.attemptCount;
  });

  rule('restore undoes discard but for the revision and the turn', (moment) => {
    const { before, event, after, limits } = moment;
    if (event.type !== 'command' || event.command.type !== 'discard' || !hasChanged(moment)) return false;
    const undo = commandEvent({ type: 'restore', imageId: event.command.imageId });
    const { state } = accepted(transition(after, undo, limits));
    const turn = before.turn + (after.stage === before.stage ? 0 : 2);
    expect(state).toEqual({ ...before, revision: before.revision + 2, turn });
    return true;
  });
});
