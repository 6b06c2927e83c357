/** Random sequences of commands and results for the machine, among them late, repeated, foreign and stale ones. */
import fc from 'fast-check';
import { type Event, type MachineLimits, type Transition, transition } from '../../server/session/machine.ts';
import { initialState, type State } from '../../server/session/state.ts';
import type { ImageReference } from '../../shared/model.ts';
import {
  commandEvent,
  deepFreeze,
  discardedIds,
  failedEvent,
  generatedEvent,
  imageIds,
  reference,
  reportedEvent,
  shownEvent,
} from './machine.ts';

/** Which image, generation or turn a step refers to, as seen from the state that it meets. */
type Which = 'current' | 'older' | 'discarded' | 'foreign';

type Step =
  | { readonly do: 'generate'; readonly candidates: number; readonly turn: Which | undefined }
  | {
      readonly do: 'regenerate';
      readonly image: Which | undefined;
      /** Whether the command has a prompt and options. */
      readonly isExplicit: boolean;
      readonly candidates: number;
      readonly turn: Which | undefined;
    }
  | { readonly do: 'refine'; readonly image: Which; readonly turn: Which | undefined }
  | {
      readonly do: 'approve';
      readonly image: Which;
      readonly digest: 'right' | 'wrong' | undefined;
      readonly turn: Which | undefined;
    }
  | { readonly do: 'discard' | 'restore'; readonly image: Which; readonly turn: Which | undefined }
  | { readonly do: 'cancel'; readonly reason: string | undefined; readonly turn: Which | undefined }
  | { readonly do: 'start_over'; readonly turn: Which | undefined }
  | { readonly do: 'generated' | 'shown' | 'failed'; readonly generation: Which; readonly candidate: number }
  /** Of an image that is shown, if there is one. */
  | { readonly do: 'reported'; readonly generation: Which }
  | { readonly do: 'forget'; readonly inUse: Which | undefined };

/** One step as it went. */
export interface Moment {
  /** The same for the whole sequence. */
  readonly limits: MachineLimits;
  readonly before: State;
  readonly event: Event;
  readonly result: Transition;
  readonly after: State;
}

const is = <const Name extends Step['do']>(...names: readonly [Name, ...Name[]]) => fc.constantFrom(...names);
const image = fc.constantFrom<Which>('current', 'current', 'current', 'older', 'older', 'discarded', 'foreign');
const generation = fc.constantFrom<Which>('current', 'current', 'older', 'foreign');
const turn = fc.constantFrom<Which | undefined>(
  ...[undefined, undefined],
  ...(['current', 'current', 'current', 'older', 'foreign'] as const),
);
const candidates = fc.constantFrom(1, 1, 1, 2, 3);
const candidate = fc.constantFrom(0, 0, 0, 1, 2);
const digest = fc.constantFrom('right' as const, 'right' as const, 'wrong' as const, undefined);
const restored = fc.constantFrom<Which>('discarded', 'discarded', 'discarded', 'current');
const reason = fc.constantFrom(undefined, '', ' ', 'too dark');
const inUse = fc.constantFrom<Which | undefined>(undefined, 'older', 'discarded');
const isExplicit = fc.boolean();
const regenerated = fc.option(image, { nil: undefined });

/** Weighted so that attempts and discarded ones pile up, and every stage is reached many times. */
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: is('generate'), candidates, turn }) },
  { weight: 12, arbitrary: fc.record({ do: is('regenerate'), image: regenerated, isExplicit, candidates, turn }) },
  { weight: 2, arbitrary: fc.record({ do: is('refine'), image, turn }) },
  { weight: 3, arbitrary: fc.record({ do: is('approve'), image, digest, turn }) },
  { weight: 6, arbitrary: fc.record({ do: is('discard'), image, turn }) },
  { weight: 3, arbitrary: fc.record({ do: is('restore'), image: restored, turn }) },
  { weight: 1, arbitrary: fc.record({ do: is('cancel'), reason, turn }) },
  { weight: 2, arbitrary: fc.record({ do: is('start_over'), turn }) },
  { weight: 24, arbitrary: fc.record({ do: is('generated'), generation, candidate }) },
  { weight: 6, arbitrary: fc.record({ do: is('shown'), generation, candidate }) },
  { weight: 8, arbitrary: fc.record({ do: is('reported'), generation }) },
  { weight: 3, arbitrary: fc.record({ do: is('failed'), generation, candidate }) },
  { weight: 1, arbitrary: fc.record({ do: is('forget'), inUse }) },
);

/** States are frozen: one that is changed in place throws. */
export const sequence: fc.Arbitrary<readonly Moment[]> = fc
  .record({
    // Low, so that many sequences come to the limit; high in some, for a tree of many attempts.
    ATTEMPTS_PER_SESSION: fc.constantFrom(2, 2, 3, 12),
    DECISIONS_PER_SESSION: fc.constantFrom(1, 2, 256),
    steps: fc.array(step, { minLength: 40, maxLength: 100, size: 'max' }),
  })
  .map(({ steps, ...limits }) => {
    const player = new Player(limits);
    return steps.map((one) => player.play(one));
  });

/** Plays steps on one machine, and remembers what a later step may refer to. */
class Player {
  readonly #limits: MachineLimits;
  #state: State = deepFreeze(initialState);
  #count = 0;
  readonly #generationIds: string[] = [];
  readonly #imageIds: string[] = [];

  constructor(limits: MachineLimits) {
    this.#limits = limits;
  }

  play(one: Step): Moment {
    this.#count += 1;
    const before = this.#state;
    const event = this.#eventOf(one);
    const result = transition(before, event, this.#limits);
    const effects = result.accepted ? result.effects : [];
    for (const effect of effects) {
      if (effect.effect === 'start') this.#generationIds.push(effect.generation.generationId);
    }
    if (event.type === 'generated') this.#imageIds.push(event.image.imageId);
    if (result.accepted) this.#state = deepFreeze(result.state);
    return { limits: this.#limits, before, event, result, after: this.#state };
  }

  #eventOf(one: Step): Event {
    const count = this.#count;
    const [generationId, prompt, by] = [`g${count}`, `p${count}`, count % 2 === 0 ? 'Ana' : 'Bo'];
    switch (one.do) {
      case 'generate': {
        const options = { candidates: one.candidates };
        return commandEvent({ type: one.do, prompt, options, ...this.#turn(one.turn) }, generationId, by);
      }
      case 'regenerate': {
        const explicit = one.isExplicit && { prompt, options: { candidates: one.candidates } };
        const from = one.image && { imageId: this.#imageId(one.image) };
        return commandEvent({ type: one.do, ...from, ...explicit, ...this.#turn(one.turn) }, generationId, by);
      }
      case 'refine': {
        const imageId = this.#imageId(one.image);
        return commandEvent(
          { type: one.do, imageId, feedback: `f${count}`, ...this.#turn(one.turn) },
          generationId,
          by,
        );
      }
      case 'approve': {
        const imageId = this.#imageId(one.image);
        const sha256 = one.digest && { sha256: reference(one.digest === 'right' ? imageId : 'another').sha256 };
        return commandEvent({ type: one.do, imageId, ...sha256, ...this.#turn(one.turn) }, generationId, by);
      }
      case 'discard':
      case 'restore': {
        const imageId = this.#imageId(one.image);
        return commandEvent({ type: one.do, imageId, ...this.#turn(one.turn) }, generationId, by);
      }
      case 'cancel': {
        const why = one.reason === undefined ? {} : { reason: one.reason };
        return commandEvent({ type: one.do, ...why, ...this.#turn(one.turn) }, generationId, by);
      }
      case 'start_over':
        return commandEvent({ type: one.do, ...this.#turn(one.turn) }, generationId, by);
      case 'generated':
        return generatedEvent(`i${count}`, this.#generationId(one.generation), one.candidate);
      case 'shown':
        return shownEvent(`i${count}`, this.#generationId(one.generation), one.candidate);
      case 'reported': {
        const { imageId, candidate } = shownImage(this.#state) ?? { imageId: 'none', candidate: 9 };
        const usage = { inputTokens: count, outputTokens: 1, totalTokens: count + 1 };
        return reportedEvent(imageId, this.#generationId(one.generation), candidate, { usage });
      }
      case 'failed':
        return failedEvent(this.#generationId(one.generation), one.candidate);
      case 'forget':
        return { type: 'forget', keep: one.inUse === undefined ? [] : [this.#imageId(one.inUse)] };
    }
  }

  #turn(which: Which | undefined): { turn?: number } {
    const { turn: now } = this.#state;
    if (which === undefined) return {};
    return { turn: which === 'current' ? now : which === 'older' ? Math.max(0, now - 1) : now + 3 };
  }

  #imageId(which: Which): string {
    const [kept, discarded] = [imageIds(this.#state), discardedIds(this.#state)];
    if (which === 'discarded') return discarded[this.#count % Math.max(1, discarded.length)] ?? 'none';
    if (which === 'foreign') {
      return this.#imageIds.find((imageId) => ![...kept, ...discarded].includes(imageId)) ?? 'foreign';
    }
    return (which === 'current' ? kept.at(-1) : kept[0]) ?? 'none';
  }

  #generationId(which: Which): string {
    if (which === 'foreign') return 'foreign';
    return this.#generationIds.at(which === 'older' ? -2 : -1) ?? 'none';
  }
}

/** The image of a candidate that goes on. */
function shownImage(state: State): ImageReference | undefined {
  if (state.stage !== 'generating') return undefined;
  const { generation, settled } = state;
  const own = state.attempts.filter(({ image }) => image.generationId === generation.generationId);
  return own.find(({ image }) => !settled.includes(image.candidate))?.image;
}
