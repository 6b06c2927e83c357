import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GenerationFailed } from '../../server/generate/generator.ts';
import type { Session } from '../../server/session/session.ts';
import type { Stage } from '../../shared/session.ts';
import { type Ask, imageIds } from '../support/machine.ts';
import { imageOf, ScriptedGenerator } from '../support/scripted-generator.ts';
import { Studio, send, settled } from '../support/studio.ts';

/** What the design says of a session with one candidate, in the fewest words: no machine, no images. */
interface Model {
  stage: Stage;
  revision: number;
  turn: number;
  attempts: number;
  decisions: number;
  hasError: boolean;
  /** The place of the approved attempt. */
  approved: number | undefined;
}

interface Real {
  readonly session: Session;
  readonly generator: ScriptedGenerator;
}

type Step = fc.AsyncCommand<Model, Real>;

async function agrees(model: Readonly<Model>, { session }: Real): Promise<void> {
  await settled();
  const snapshot = JSON.parse(session.snapshotText);
  expect({
    stage: snapshot.stage,
    revision: snapshot.revision,
    turn: snapshot.turn,
    attempts: snapshot.attempts.length,
    decisions: snapshot.decisions.length,
    hasError: 'error' in snapshot,
    approved: snapshot.approved?.imageId,
  }).toEqual({
    ...model,
    approved: model.approved === undefined ? undefined : imageIds(session.state)[model.approved],
  });
}

function enter(model: Model, stage: Stage): void {
  model.stage = stage;
  model.turn += 1;
  model.revision += 1;
}

const rest = (model: Model): Stage => (model.attempts > 0 ? 'user_feedback' : 'initial_input');

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
      model.attempts += this.#isDrawn ? 1 : 0;
      model.hasError = !this.#isDrawn;
      enter(model, rest(model));
    }
    await agrees(model, real);
  }

  toString(): string {
    return `${this.#isDrawn ? 'drawn' : 'failed'}, ${this.#back} asks ago`;
  }
}

const image = (place: number) => (real: Real) => imageIds(real.session.state)[place] ?? 'none';
const begins = (model: Model) => {
  model.hasError = false;
  enter(model, 'generating');
};
const reviews = (place: number) => (model: Readonly<Model>) =>
  model.stage === 'user_feedback' && model.attempts > place;

const steps = [
  fc.constant(
    new Command(
      'generate',
      () => ({ type: 'generate', prompt: 'p' }),
      ({ stage }) => stage === 'initial_input',
      begins,
    ),
  ),
  fc.constant(new Command('regenerate', () => ({ type: 'regenerate' }), reviews(0), begins)),
  fc
    .nat({ max: 2 })
    .map(
      (place) =>
        new Command(
          `refine ${place}`,
          (real) => ({ type: 'refine', imageId: image(place)(real), feedback: 'f' }),
          reviews(place),
          begins,
        ),
    ),
  fc.nat({ max: 2 }).map(
    (place) =>
      new Command(
        `approve ${place}`,
        (real) => ({ type: 'approve', imageId: image(place)(real) }),
        (model) => reviews(place)(model) || model.approved === place,
        (model) => {
          if (model.stage === 'final') return;
          enter(model, 'final');
          model.hasError = false;
          model.approved = place;
          model.decisions += 1;
        },
      ),
  ),
  fc.constant(
    new Command(
      'cancel',
      () => ({ type: 'cancel' }),
      ({ stage }) => stage === 'generating',
      (model) => enter(model, rest(model)),
    ),
  ),
  fc.constant(
    new Command(
      'start_over',
      () => ({ type: 'start_over' }),
      ({ stage }) => stage === 'user_feedback' || stage === 'final',
      (model) => {
        enter(model, 'initial_input');
        model.attempts = 0;
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
        attempts: 0,
        decisions: 0,
        hasError: false,
        approved: undefined,
      };
      await fc.asyncModelRun(() => ({ model, real: { session, generator } }), commands);
      seen.add(model.stage);
    }),
    { numRuns: 200 },
  );
  expect(seen.size).toBe(4);
}, 60_000);
