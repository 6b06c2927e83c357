import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Effect, transition } from '../../server/session/machine.ts';
import type { State } from '../../server/session/state.ts';
import type { Command } from '../../shared/protocol.ts';
import { accepted, asks, discardedIds, imageIds, sha256Of } from '../support/machine.ts';
import { oftenEnough } from '../support/often-enough.ts';
import { type Moment, story } from '../support/machine-sequences.ts';

const RUNS = 400;
/** Far more than it takes, for machines that are busy with other things. */
const TIMEOUT_MS = 60_000;

/** `check` asserts the rule for one moment, and returns whether the rule had anything to say about it. */
function rule(title: string, check: (moment: Moment, earlier: readonly Moment[]) => boolean): void {
  test(
    title,
    () =>
      oftenEnough(() => {
        let hits = 0;
        const holds = (moments: readonly Moment[]) => {
          for (const [index, moment] of moments.entries()) if (check(moment, moments.slice(0, index))) hits += 1;
        };
        fc.assert(fc.property(story, holds), { numRuns: RUNS });
        return hits;
      }),
    TIMEOUT_MS,
  );
}

const accepts: Record<State['stage'], readonly Command['type'][]> = {
  initial_input: ['generate', 'restore'],
  generating: ['cancel'],
  user_feedback: ['regenerate', 'refine', 'approve', 'start_over', 'discard', 'restore'],
  final: ['start_over'],
};

const effectsOf = ({ result }: Moment): readonly Effect[] => (result.accepted ? result.effects : []);
const has = (moment: Moment, effect: Effect['effect']) => effectsOf(moment).some((one) => one.effect === effect);
const unfinishedOf = (state: State) => ('unfinished' in state ? state.unfinished : undefined);
const hasChanged = ({ before, after }: Moment) => after !== before;
const isRearranging = ({ event }: Moment) =>
  event.type === 'command' && (event.command.type === 'discard' || event.command.type === 'restore');
/** By an ask or a decision: to discard and to restore is neither. */
const changedByCommand = (moment: Moment) =>
  moment.event.type === 'command' && hasChanged(moment) && !isRearranging(moment);
const keptIds = (state: State) => [...imageIds(state), ...discardedIds(state)];
const numbersOf = (state: State) => [...state.attempts, ...state.discarded].map(({ number }) => number);
const isFromAnotherTurn = ({ before, event }: Moment) =>
  event.type === 'command' && event.command.turn !== undefined && event.command.turn !== before.turn;
/** `approve` of the image approved already, which is answered whatever its turn. */
const isApprovedAgain = ({ before, event }: Moment) =>
  before.stage === 'final' &&
  event.type === 'command' &&
  event.command.type === 'approve' &&
  event.command.imageId === before.approved.imageId;

describe('random stories of commands and results', () => {
  rule('M1 a command outside the table is wrong_stage, and one inside it never is', (moment) => {
    const { before, event, result } = moment;
    if (event.type !== 'command' || isFromAnotherTurn(moment) || isApprovedAgain(moment)) return false;
    const isWrongStage = !result.accepted && result.code === 'wrong_stage';
    expect(isWrongStage).toBe(!accepts[before.stage].includes(event.command.type));
    return isWrongStage;
  });

  rule('M1 a rejection carries neither a state nor an effect', ({ result }) => {
    if (result.accepted) return false;
    expect(Object.keys(result).toSorted()).toEqual(['accepted', 'code']);
    return true;
  });

  rule('M2 nothing starts while a generation runs', (moment) => {
    if (has(moment, 'start')) expect(moment.before.stage).not.toBe('generating');
    const { event, before } = moment;
    return before.stage === 'generating' && event.type === 'command' && event.command.type !== 'cancel';
  });

  rule(
    'M2 a generation is started exactly when the stage becomes generating, and it is the one in the state',
    (moment) => {
      const begins = moment.before.stage !== 'generating' && moment.after.stage === 'generating';
      expect(has(moment, 'start')).toBe(begins);
      if (!begins || moment.after.stage !== 'generating') return false;
      expect(effectsOf(moment)).toContainEqual({ effect: 'start', generation: moment.after.generation });
      return true;
    },
  );

  rule('M3 only an attempt of this session with that digest is approved, and the approval records both', (moment) => {
    const { before, event, after, rules } = moment;
    if (event.type !== 'command' || event.command.type !== 'approve') return false;
    if (!hasChanged(moment)) {
      expect(after.decisions).toBe(before.decisions);
      return false;
    }
    const { imageId, sha256 = sha256Of(imageId) } = event.command;
    expect(imageIds(before)).toContain(imageId);
    expect(sha256).toBe(sha256Of(imageId));
    expect(after).toMatchObject({ stage: 'final', approved: { imageId, sha256 } });
    const decision = expect.objectContaining({ decision: 'approved', imageId, sha256, by: event.by });
    expect(after.decisions).toEqual([...before.decisions, decision].slice(-rules.DECISIONS_PER_SESSION));
    return true;
  });

  rule('M3 an image that is not here, or has another digest, is image_not_found', (moment) => {
    const { before, event, result } = moment;
    if (before.stage !== 'user_feedback' || event.type !== 'command' || isFromAnotherTurn(moment)) return false;
    const { command } = event;
    if (!('imageId' in command) || command.imageId === undefined) return false;
    const places = command.type === 'restore' ? discardedIds(before) : imageIds(before);
    const isHere = places.includes(command.imageId);
    const isItself =
      !('sha256' in command) || command.sha256 === undefined || command.sha256 === sha256Of(command.imageId);
    expect(result.accepted ? 'accepted' : result.code).toBe(isHere && isItself ? 'accepted' : 'image_not_found');
    return !(isHere && isItself);
  });

  rule('M4 a result of a generation that is not the current one changes nothing', (moment) => {
    const { before, event, result } = moment;
    if (event.type !== 'generated' && event.type !== 'failed') return false;
    if (before.stage === 'generating' && before.generation.generationId === event.generationId) return false;
    expect(result).toEqual({ accepted: true, state: before, effects: [] });
    expect(hasChanged(moment)).toBe(false);
    return true;
  });

  rule('M4 each candidate is heard once', (moment, earlier) => {
    const { event } = moment;
    if (event.type !== 'generated' && event.type !== 'failed') return false;
    const isHeard = earlier.some(
      (one) =>
        (one.event.type === 'generated' || one.event.type === 'failed') &&
        hasChanged(one) &&
        one.event.generationId === event.generationId &&
        one.event.candidate === event.candidate,
    );
    if (isHeard) expect(hasChanged(moment)).toBe(false);
    return isHeard;
  });

  rule('M5 an accepted ask or decision clears the old error', (moment) => {
    if (!changedByCommand(moment)) return false;
    expect(unfinishedOf(moment.after)?.error).toBeUndefined();
    return unfinishedOf(moment.before)?.error !== undefined;
  });

  rule('M5 after a generation that wholly succeeded there is no error', (moment) => {
    const { before, event, after } = moment;
    const isEnd = before.stage === 'generating' && event.type === 'generated' && after.stage === 'user_feedback';
    if (!isEnd || before.error) return false;
    expect(unfinishedOf(after)).toBeUndefined();
    return true;
  });

  rule('M6 the revision grows by one with each change, and only then', (moment) => {
    const { before, after } = moment;
    expect(after.revision - before.revision).toBe(hasChanged(moment) ? 1 : 0);
    if (hasChanged(moment)) expect({ ...after, revision: 0 }).not.toEqual({ ...before, revision: 0 });
    return hasChanged(moment);
  });

  rule('M8 a failed or cancelled generation is kept, with the image on show', (moment) => {
    const { before, after } = moment;
    if (before.stage !== 'generating' || after.stage === 'generating') return false;
    const isCancelled = moment.event.type === 'command';
    const hasFailed = moment.event.type === 'failed' || before.error;
    if (!isCancelled && !hasFailed) return false;
    expect(unfinishedOf(after)?.generation).toMatchObject({
      ...before.generation,
      ...(moment.event.type === 'failed' && { failures: expect.anything() }),
    });
    expect(unfinishedOf(after)?.error !== undefined).toBe(!isCancelled);
    if (moment.event.type !== 'generated') expect(after.attempts).toEqual(before.attempts);
    return true;
  });

  rule('M8 … until an ask or a decision is accepted', (moment) => {
    const unfinished = unfinishedOf(moment.before);
    if (!unfinished || changedByCommand(moment)) return false;
    expect(unfinishedOf(moment.after)).toEqual(unfinished);
    return true;
  });

  rule('M9 an attempt knows its parent, prompt and feedback as they were asked for', (moment) => {
    const { before, event, after } = moment;
    if (event.type !== 'generated' || !hasChanged(moment) || before.stage !== 'generating') return false;
    const { prompt, parent, feedback, options, startedAt } = before.generation;
    const attempt = after.attempts.find(({ image }) => image.imageId === event.image.imageId);
    expect(attempt).toEqual({
      number: before.drawn + 1,
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

  rule('M9 attempts are a tree: a parent is older and kept, or known to be dropped', ({ after }) => {
    const all = [...after.attempts, ...after.discarded];
    for (const { number, parent, parentDropped } of all) {
      const older = all.find(({ image }) => image.imageId === parent);
      if (parent === undefined) expect(parentDropped).toBeUndefined();
      else expect(older !== undefined && older.number < number).toBe(parentDropped === undefined);
    }
    return all.some(({ parent }) => parent !== undefined);
  });

  rule('M9 any of the attempts can be approved, as long as they are reviewed', ({ before, event, result }) => {
    if (before.stage !== 'user_feedback' || event.type !== 'command' || event.command.type !== 'approve') return false;
    const { imageId, turn = before.turn, sha256 = sha256Of(imageId) } = event.command;
    if (turn !== before.turn || sha256 !== sha256Of(imageId) || !imageIds(before).includes(imageId)) return false;
    expect(result.accepted).toBe(true);
    return true;
  });

  rule('M10 the turn grows by one with each change of stage, and only then', ({ before, after }) => {
    expect(after.turn - before.turn).toBe(after.stage === before.stage ? 0 : 1);
    return after.stage !== before.stage;
  });

  rule('M10 a command from another turn is stale', (moment) => {
    if (!isFromAnotherTurn(moment) || isApprovedAgain(moment)) return false;
    expect(moment.result).toEqual({ accepted: false, code: 'stale' });
    return true;
  });

  rule('M10 an approval is never taken back but by Start over from its own turn', (moment) => {
    const { before, after, event } = moment;
    if (before.stage !== 'final') return false;
    expect(after.decisions).toBe(before.decisions);
    if (after.stage !== 'final') {
      expect(event.type === 'command' && event.command.type).toBe('start_over');
      expect(isFromAnotherTurn(moment)).toBe(false);
    }
    return true;
  });

  rule('what is kept and dropped is what the state shows', (moment, earlier) => {
    const kept = new Set<string>();
    for (const one of [...earlier, moment]) {
      for (const effect of effectsOf(one)) {
        if (effect.effect === 'keep') kept.add(effect.imageId);
        if (effect.effect === 'drop') for (const imageId of effect.imageIds) kept.delete(imageId);
      }
    }
    expect([...kept].toSorted()).toEqual(keptIds(moment.after).toSorted());
    return moment.after.discarded.length > 0;
  });

  rule('no more is kept than the limit says, and what was put aside goes first', (moment) => {
    const { before, after, rules } = moment;
    expect(keptIds(after).length).toBeLessThanOrEqual(rules.ATTEMPTS_PER_SESSION);
    const dropped = effectsOf(moment).flatMap((one) => (one.effect === 'drop' ? one.imageIds : []));
    if (moment.event.type !== 'generated' || dropped.length === 0 || before.discarded.length === 0) return false;
    expect(dropped).toEqual(discardedIds(before).slice(0, 1));
    return true;
  });

  rule('an image is in one place: an attempt, or put aside, and never twice', ({ after }) => {
    expect(new Set(keptIds(after)).size).toBe(keptIds(after).length);
    return after.discarded.length > 0;
  });

  rule('numbers grow by one with each image, are not given again, and stand in order', ({ before, event, after }) => {
    const numbers = after.attempts.map(({ number }) => number);
    expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
    expect(new Set(numbersOf(after)).size).toBe(numbersOf(after).length);
    const isDrawn = event.type === 'generated' && after !== before;
    if (after.lastAction !== before.lastAction && after.lastAction?.action === 'start_over') {
      expect(after.drawn).toBe(0);
    } else expect(after.drawn).toBe(before.drawn + (isDrawn ? 1 : 0));
    if (isDrawn) expect(Math.max(...numbersOf(after))).toBe(after.drawn);
    return isDrawn && numbers.length < after.drawn;
  });

  rule('M5 M8 to discard and to restore leave error, last generation, last action and decisions', (moment) => {
    if (!isRearranging(moment) || !hasChanged(moment)) return false;
    const { before, after } = moment;
    expect(unfinishedOf(after)).toEqual(unfinishedOf(before));
    expect(after.lastAction).toBe(before.lastAction);
    expect(after.decisions).toBe(before.decisions);
    expect(keptIds(after).toSorted()).toEqual(keptIds(before).toSorted());
    expect(effectsOf(moment)).toEqual([]);
    return unfinishedOf(before) !== undefined;
  });

  rule('restore undoes discard exactly, up to the revision and the turn', (moment) => {
    const { before, event, after, rules } = moment;
    if (event.type !== 'command' || event.command.type !== 'discard' || !hasChanged(moment)) return false;
    const undo = asks({ type: 'restore', imageId: event.command.imageId });
    const { state } = accepted(transition(after, undo, rules));
    const turn = before.turn + (after.stage === before.stage ? 0 : 2);
    expect(state).toEqual({ ...before, revision: before.revision + 2, turn });
    return true;
  });

  rule('M3 what is approved, refined or regenerated from is never put aside', ({ after }) => {
    if (after.stage === 'final') expect(discardedIds(after)).not.toContain(after.approved.imageId);
    if (after.stage === 'generating') expect(discardedIds(after)).not.toContain(after.generation.parent);
    return (after.stage === 'final' || after.stage === 'generating') && after.discarded.length > 0;
  });

  rule('a generation lists the candidates that failed, each once and in order, however it ends', (moment, earlier) => {
    const { after } = moment;
    const generation = after.stage === 'generating' ? after.generation : unfinishedOf(after)?.generation;
    if (!generation) return false;
    const heard = [...earlier, moment].flatMap((one) =>
      one.event.type === 'failed' && hasChanged(one) && one.event.generationId === generation.generationId
        ? [{ candidate: one.event.candidate, error: one.event.error }]
        : [],
    );
    const inOrder = heard.toSorted((one, other) => one.candidate - other.candidate);
    expect(generation.failures).toEqual(heard.length > 0 ? inOrder : undefined);
    return heard.length > 0;
  });

  rule('a cancel keeps its reason, unless that is blank', (moment) => {
    const { event, after } = moment;
    if (event.type !== 'command' || event.command.type !== 'cancel' || !hasChanged(moment)) return false;
    const { reason } = event.command;
    expect(unfinishedOf(after)?.generation.cancelReason).toBe(reason?.trim() ? reason : undefined);
    return reason !== undefined;
  });

  rule('what runs is aborted by a cancel, and by nothing else', (moment) => {
    const { event } = moment;
    const cancels = event.type === 'command' && event.command.type === 'cancel' && moment.result.accepted;
    expect(has(moment, 'abort')).toBe(cancels);
    return cancels;
  });
});
