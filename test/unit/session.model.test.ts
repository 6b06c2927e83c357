import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GenerationFailed } from '../../server/generators/generator.ts';
import type { Session } from '../../server/session/session.ts';
import type { CommandName, Stage } from '../../shared/model.ts';
import { parseServerMessage } from '../../shared/protocol.ts';
import type { Ask } from '../support/machine.ts';
import { imageOf, ScriptedGenerator } from '../support/scripted-generator.ts';
import { Studio, send, settled } from '../support/core.ts';

/** What the design says of a session with one candidate, in the fewest words: no machine, no images. */
interface Model {
  stage: Stage;
  revision: number;
  turn: number;
  /** The numbers of the attempts, oldest first. */
  attempts: number[];
  /** The numbers of those put aside, longest ago first. */
  discarded: number[];
  /** The number of the newest since the last Start over. */
  drawn: number;
  decisions: number;
  hasError: boolean;
  /** The last ask or decision. */
  lastAction: CommandName | undefined;
  /** The number of the approved attempt. */
  approved: number | undefined;
}

interface Real {
  readonly session: Session;
  readonly generator: ScriptedGenerator;
}

type Step = fc.AsyncCommand<Model, Real>;

async function agrees(model: Readonly<Model>, { session }: Real): Promise<void> {
  await settled();
  const parsed = parseServerMessage(String(session.snapshotFrame));
  if (!parsed.ok || parsed.message.type !== 'snapshot') throw new Error('A session has no snapshot.');
  const { stage, revision, turn, attempts, discarded, decisions, error, lastAction } = parsed.message;
  const approved = parsed.message.stage === 'final' ? parsed.message.approved.imageId : undefined;
  expect({
    stage,
    revision,
    turn,
    attempts: attempts.map(({ number }) => number),
    discarded: (discarded ?? []).map(({ number }) => number),
    drawn: session.state.drawn,
    decisions: decisions.length,
    hasError: error !== undefined,
    lastAction: lastAction?.action,
    approved: attempts.find(({ image }) => image.imageId === approved)?.number,
  }).toEqual(model);
  expect([...attempts, ...(discarded ?? [])].every((one) => session.image(one.image.imageId))).toBe(true);
}

function enter(model: Model, stage: Stage): void {
  model.stage = stage;
  model.turn += 1;
  model.revision += 1;
}

const rest = (model: Model): Stage => (model.attempts.length > 0 ? 'user_feedback' : 'initial_input');

/** An ask or a decision, which is remembered as the last action. */
function act(model: Model, action: CommandName, stage: Stage): void {
  enter(model, stage);
  model.lastAction = action;
}

/** A command that the model allows in some stages; in the others it must be refused and change nothing. */
class Command implements Step {
  readonly #name: string;
  readonly #ask: (real: Real) => Ask;
  readonly #allowed: (model: Readonly<Model>) => boolean;
  readonly #change: (model: Model) => void;

  constructor(
    name: string,
    ask: (real: Real) => Ask,
    allowed: (model: Readonly<Model>) => boolean,
    change: (model: Model) => void,
  ) {
    this.#name = name;
    this.#ask = ask;
    this.#allowed = allowed;
    this.#change = change;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, real: Real): Promise<void> {
    const answer = await send(real.session, this.#ask(real));
    const isAllowed = this.#allowed(model);
    expect(answer.accepted).toBe(isAllowed);
    if (isAllowed) this.#change(model);
    await agrees(model, real);
  }

  toString(): string {
    return this.#name;
  }
}

/** The generator's answer to one of its asks: only that to the last one counts, and only while it is waited for. */
class Result implements Step {
  readonly #back: number;
  readonly #isDrawn: boolean;

  constructor(back: number, isDrawn: boolean) {
    this.#back = back;
    this.#isDrawn = isDrawn;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, real: Real): Promise<void> {
    const drawing = real.generator.drawings.at(-1 - this.#back);
    const counts = model.stage === 'generating' && this.#back === 0;
    if (this.#isDrawn) drawing?.finish(imageOf(`${real.generator.drawings.length} ${this.#back}`));
    else drawing?.fail(new GenerationFailed('network', 'Cut.', { retryable: true }));
    if (counts) {
      if (this.#isDrawn) model.attempts.push(++model.drawn);
      model.hasError = !this.#isDrawn;
      enter(model, rest(model));
    }
    await agrees(model, real);
  }

  toString(): string {
    return `${this.#isDrawn ? 'drawn' : 'failed'}, ${this.#back} asks ago`;
  }
}

/** Whatever image has this number now, wherever it stands. */
const image = (number: number) => (real: Real) => {
  const { attempts, discarded } = real.session.state;
  return [...attempts, ...discarded].find((one) => one.number === number)?.image.imageId ?? 'none';
};
const begins = (action: CommandName) => (model: Model) => {
  model.hasError = false;
  act(model, action, 'generating');
};
const reviews = (number: number) => (model: Readonly<Model>) =>
  model.stage === 'user_feedback' && model.attempts.includes(number);
/** Bookkeeping: a new revision, and a new turn only with another stage. */
const rearrange = (model: Model) => {
  if (model.stage === rest(model)) model.revision += 1;
  else enter(model, rest(model));
};
const aNumber = fc.integer({ min: 1, max: 3 });

const steps = [
  fc.constant(
    new Command(
      'generate',
      () => ({ type: 'generate', prompt: 'p' }),
      ({ stage }) => stage === 'initial_input',
      begins('generate'),
    ),
  ),
  fc.constant(
    new Command(
      'regenerate',
      () => ({ type: 'regenerate' }),
      ({ stage }) => stage === 'user_feedback',
      begins('regenerate'),
    ),
  ),
  aNumber.map(
    (number) =>
      new Command(
        `refine ${number}`,
        (real) => ({ type: 'refine', imageId: image(number)(real), feedback: 'f' }),
        reviews(number),
        begins('refine'),
      ),
  ),
  aNumber.map(
    (number) =>
      new Command(
        `discard ${number}`,
        (real) => ({ type: 'discard', imageId: image(number)(real) }),
        reviews(number),
        (model) => {
          model.attempts = model.attempts.filter((one) => one !== number);
          model.discarded.push(number);
          rearrange(model);
        },
      ),
  ),
  aNumber.map(
    (number) =>
      new Command(
        `restore ${number}`,
        (real) => ({ type: 'restore', imageId: image(number)(real) }),
        ({ stage, discarded }) =>
          (stage === 'user_feedback' || stage === 'initial_input') && discarded.includes(number),
        (model) => {
          model.discarded = model.discarded.filter((one) => one !== number);
          model.attempts = [...model.attempts, number].toSorted((one, other) => one - other);
          rearrange(model);
        },
      ),
  ),
  aNumber.map(
    (number) =>
      new Command(
        `approve ${number}`,
        (real) => ({ type: 'approve', imageId: image(number)(real) }),
        (model) => reviews(number)(model) || model.approved === number,
        (model) => {
          if (model.stage === 'final') return;
          act(model, 'approve', 'final');
          model.hasError = false;
          model.approved = number;
          model.decisions += 1;
        },
      ),
  ),
  fc.constant(
    new Command(
      'cancel',
      () => ({ type: 'cancel', reason: 'too dark' }),
      ({ stage }) => stage === 'generating',
      (model) => act(model, 'cancel', rest(model)),
    ),
  ),
  fc.constant(
    new Command(
      'start_over',
      () => ({ type: 'start_over' }),
      ({ stage }) => stage === 'user_feedback' || stage === 'final',
      (model) => {
        act(model, 'start_over', 'initial_input');
        model.attempts = [];
        model.discarded = [];
        model.drawn = 0;
        model.hasError = false;
        model.approved = undefined;
      },
    ),
  ),
  fc
    .record({ back: fc.constantFrom(0, 0, 0, 1, 2), isDrawn: fc.boolean() })
    .map(({ back, isDrawn }) => new Result(back, isDrawn)),
  fc.record({ back: fc.constant(0), isDrawn: fc.constant(true) }).map(({ back, isDrawn }) => new Result(back, isDrawn)),
];

test('M1 M4 M5 M6 M10 a session does what the design’s table says, and nothing else, over any sequence', async () => {
  const seen = new Set<Stage>();
  await fc.assert(
    fc.asyncProperty(fc.commands(steps, { maxCommands: 40, size: 'max' }), async (commands) => {
      const generator = new ScriptedGenerator({ isStubborn: true });
      const studio = new Studio({ ATTEMPTS_PER_SESSION: 100 }, generator);
      const session = studio.sessions.create();
      const model: Model = {
        stage: 'initial_input',
        revision: 0,
        turn: 0,
        attempts: [],
        discarded: [],
        drawn: 0,
        decisions: 0,
        hasError: false,
        lastAction: undefined,
        approved: undefined,
      };
      await fc.asyncModelRun(() => ({ model, real: { session, generator } }), commands);
      seen.add(model.stage);
    }),
    { numRuns: 200 },
  );
  expect(seen.size).toBe(4);
}, 60_000);
