import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GenerationFailed } from '../../../../server/generators/generator.ts';
import { type ActionName, type Stage, stages } from '../../../../shared/model.ts';
import { settled, TestCore, type TestMember } from '../../../support/core.ts';
import type { CommandInput } from '../../../support/machine.ts';
import { imageOf, ScriptedGenerator } from '../../../support/scripted-generator.ts';

/** A session with one candidate as PROTOCOL.md describes it, reduced to counts and numbers. */
interface Model {
  stage: Stage;
  revision: number;
  turn: number;
  draftRevision: number;
  /** The numbers of the attempts, in order. */
  attempts: number[];
  /** The numbers of the discarded attempts, the first discarded first. */
  discarded: number[];
  /** The number of the newest attempt since the last start over. */
  attemptCount: number;
  decisions: number;
  hasError: boolean;
  lastAction: ActionName | undefined;
  /** The number of the approved attempt. */
  approved: number | undefined;
}

const initialModel: Model = {
  stage: 'initial_input',
  revision: 0,
  turn: 0,
  draftRevision: 0,
  attempts: [],
  discarded: [],
  attemptCount: 0,
  decisions: 0,
  hasError: false,
  lastAction: undefined,
  approved: undefined,
};

type Step = fc.AsyncCommand<Model, TestMember>;

const visited = new Set<Stage>();

/** The session shows what the model says, and has the bytes of every attempt. */
async function expectAgreement(model: Readonly<Model>, member: TestMember): Promise<void> {
  await settled();
  visited.add(model.stage);
  const { snapshot, state, session } = member;
  const { attempts, discarded = [], decisions, error, lastAction } = snapshot;
  const approved = snapshot.stage === 'final' ? snapshot.approved?.imageId : undefined;
  expect({
    stage: snapshot.stage,
    revision: snapshot.revision,
    turn: snapshot.turn,
    draftRevision: snapshot.draftRevision,
    attempts: attempts.map(({ number }) => number),
    discarded: discarded.map(({ number }) => number),
    attemptCount: state.attemptCount,
    decisions: decisions.length,
    hasError: error !== undefined,
    lastAction: lastAction?.action,
    approved: attempts.find(({ image }) => image.imageId === approved)?.number,
  }).toEqual(model);
  expect([...attempts, ...discarded].every(({ image }) => session.image(image.imageId))).toBe(true);
}

function enter(model: Model, stage: Stage): void {
  model.stage = stage;
  model.turn += 1;
  model.revision += 1;
}

const idleStage = (model: Model): Stage => (model.attempts.length > 0 ? 'user_feedback' : 'initial_input');

function act(model: Model, action: ActionName, stage: Stage): void {
  enter(model, stage);
  model.lastAction = action;
  model.hasError = false;
}

/** A discard or a restore: another turn only with another stage. */
function rearrange(model: Model): void {
  if (model.stage === idleStage(model)) model.revision += 1;
  else enter(model, idleStage(model));
}

/** A command that the model allows or not; one that it does not allow must be rejected and change nothing. */
interface CommandSpec {
  readonly name: string;
  readonly command: (member: TestMember) => CommandInput;
  readonly isAllowed: (model: Readonly<Model>) => boolean;
  readonly apply: (model: Model) => void;
}

class CommandStep implements Step {
  readonly #spec: CommandSpec;

  constructor(spec: CommandSpec) {
    this.#spec = spec;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, member: TestMember): Promise<void> {
    const isAllowed = this.#spec.isAllowed(model);
    const { accepted } = await member.send(this.#spec.command(member));
    expect(accepted).toBe(isAllowed);
    if (isAllowed) this.#spec.apply(model);
    await expectAgreement(model, member);
  }

  toString(): string {
    return this.#spec.name;
  }
}

/** A drawing ends. Only the last one counts, and only while its generation runs. */
class ResultStep implements Step {
  readonly #back: number;
  readonly #succeeds: boolean;

  /** `back` is 0 for the last drawing, 1 for the one before. */
  constructor(back: number, succeeds: boolean) {
    this.#back = back;
    this.#succeeds = succeeds;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, member: TestMember): Promise<void> {
    const { drawings } = member.core.generator;
    const drawing = drawings.at(-1 - this.#back);
    if (this.#succeeds) drawing?.finish(imageOf(`${drawings.length} ${this.#back}`));
    else drawing?.fail(new GenerationFailed('network', 'Cut.', { retryable: true }));
    if (model.stage === 'generating' && this.#back === 0) {
      if (this.#succeeds) model.attempts.push(++model.attemptCount);
      model.hasError = !this.#succeeds;
      enter(model, idleStage(model));
    }
    await expectAgreement(model, member);
  }

  toString(): string {
    return `${this.#succeeds ? 'finished' : 'failed'}, ${this.#back} drawings ago`;
  }
}

/** The image that has this number now, kept or discarded. */
function imageIdOf(number: number, { state }: TestMember): string {
  return [...state.attempts, ...state.discarded].find((one) => one.number === number)?.image.imageId ?? 'none';
}

const isUnderReview = (number: number) => (model: Readonly<Model>) =>
  model.stage === 'user_feedback' && model.attempts.includes(number);

const generateSpec: CommandSpec = {
  name: 'generate',
  command: () => ({ type: 'generate', prompt: 'p' }),
  isAllowed: ({ stage }) => stage === 'initial_input',
  apply: (model) => {
    act(model, 'generate', 'generating');
    model.draftRevision += 1;
  },
};

const regenerateSpec = (prompt: string | undefined): CommandSpec => ({
  name: `regenerate ${prompt ?? 'as before'}`,
  command: () => ({ type: 'regenerate', ...(prompt !== undefined && { prompt }) }),
  isAllowed: ({ stage }) => stage === 'user_feedback',
  apply: (model) => {
    act(model, 'regenerate', 'generating');
    if (prompt !== undefined) model.draftRevision += 1;
  },
});

const cancelSpec: CommandSpec = {
  name: 'cancel',
  command: () => ({ type: 'cancel', reason: 'too dark' }),
  isAllowed: ({ stage }) => stage === 'generating',
  apply: (model) => act(model, 'cancel', idleStage(model)),
};

const startOverSpec: CommandSpec = {
  name: 'start_over',
  command: () => ({ type: 'start_over' }),
  isAllowed: ({ stage }) => stage === 'user_feedback' || stage === 'final',
  apply: (model) => {
    act(model, 'start_over', 'initial_input');
    Object.assign(model, { attempts: [], discarded: [], attemptCount: 0, approved: undefined });
    model.draftRevision += 1;
  },
};

const refineSpec = (number: number): CommandSpec => ({
  name: `refine ${number}`,
  command: (member) => ({ type: 'refine', imageId: imageIdOf(number, member), feedback: 'f' }),
  isAllowed: isUnderReview(number),
  apply: (model) => act(model, 'refine', 'generating'),
});

const approveSpec = (number: number): CommandSpec => ({
  name: `approve ${number}`,
  command: (member) => ({ type: 'approve', imageId: imageIdOf(number, member) }),
  isAllowed: (model) => isUnderReview(number)(model) || model.approved === number,
  apply: (model) => {
    if (model.stage === 'final') return;
    act(model, 'approve', 'final');
    model.approved = number;
    model.decisions += 1;
  },
});

const discardSpec = (number: number): CommandSpec => ({
  name: `discard ${number}`,
  command: (member) => ({ type: 'discard', imageId: imageIdOf(number, member) }),
  isAllowed: isUnderReview(number),
  apply: (model) => {
    model.attempts = model.attempts.filter((one) => one !== number);
    model.discarded.push(number);
    rearrange(model);
  },
});

const restoreSpec = (number: number): CommandSpec => ({
  name: `restore ${number}`,
  command: (member) => ({ type: 'restore', imageId: imageIdOf(number, member) }),
  isAllowed: ({ stage, discarded }) =>
    (stage === 'user_feedback' || stage === 'initial_input') && discarded.includes(number),
  apply: (model) => {
    model.discarded = model.discarded.filter((one) => one !== number);
    model.attempts = [...model.attempts, number].toSorted((one, other) => one - other);
    rearrange(model);
  },
});

const attemptNumber = fc.integer({ min: 1, max: 3 });
const steps = [
  fc.constant(generateSpec),
  fc.constantFrom(regenerateSpec(undefined), regenerateSpec('q')),
  fc.constant(cancelSpec),
  fc.constant(startOverSpec),
  attemptNumber.map(refineSpec),
  attemptNumber.map(approveSpec),
  attemptNumber.map(discardSpec),
  attemptNumber.map(restoreSpec),
].map((spec) => spec.map((one): Step => new CommandStep(one)));
const results = [fc.tuple(fc.constantFrom(0, 0, 0, 1, 2), fc.boolean()), fc.constant([0, true] as const)].map(
  (result) => result.map(([back, succeeds]): Step => new ResultStep(back, succeeds)),
);

/** A fixed seed: the same sequences each time, so that reaching every stage does not depend on luck. */
const SEED = 1;

test('M1 M4 M5 M6 M8 M10: a session does what the protocol says over any sequence of commands and results', async () => {
  const property = fc.asyncProperty(
    fc.commands([...steps, ...results], { maxCommands: 40, size: 'max' }),
    async (commands) => {
      const generator = new ScriptedGenerator({ ignoresAbort: true });
      const core = new TestCore({ generator, limits: { ATTEMPTS_PER_SESSION: 100, COMMAND_BURST: 1_000 } });
      const real = await core.create();
      await fc.asyncModelRun(() => ({ model: structuredClone(initialModel), real }), commands);
    },
  );
  await fc.assert(property, { seed: SEED, numRuns: 200 });
  expect(visited).toEqual(new Set(stages));
}, 60_000);
