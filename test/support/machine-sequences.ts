/** Random stories of a session: commands and results in any order, among them late, doubled, foreign and stale ones. */
import fc from 'fast-check';
import { type Event, type Rules, type Transition, transition } from '../../server/session/machine.ts';
import { initialState, type State } from '../../server/session/state.ts';
import { asks, discardedIds, draws, fails, frozen, imageIds, reference } from './machine.ts';

/** Where in the story a step looks for what it names. */
type Which = 'current' | 'older' | 'discarded' | 'foreign';

export type Step =
  | { readonly do: 'generate'; readonly candidates: number; readonly turn: Which | undefined }
  | {
      readonly do: 'regenerate';
      readonly image: Which | undefined;
      readonly says: boolean;
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
  | { readonly do: 'generated'; readonly generation: Which; readonly candidate: number }
  | { readonly do: 'failed'; readonly generation: Which; readonly candidate: number }
  | { readonly do: 'forget' };

export interface Moment {
  /** One and the same for the whole story. */
  readonly rules: Rules;
  readonly before: State;
  readonly event: Event;
  readonly result: Transition;
  readonly after: State;
}

const which = fc.constantFrom<Which>('current', 'current', 'older', 'foreign');
const image = fc.constantFrom<Which>('current', 'current', 'current', 'older', 'older', 'discarded', 'foreign');
const turn = fc.constantFrom<Which | undefined>(
  undefined,
  undefined,
  'current',
  'current',
  'current',
  'older',
  'foreign',
);
const candidates = fc.constantFrom(1, 1, 1, 2, 3);
const candidate = fc.constantFrom(0, 0, 0, 1, 2);
const is = <const Name extends Step['do']>(name: Name) => fc.constant(name);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: is('generate'), candidates, turn }) },
  {
    weight: 12,
    arbitrary: fc.record({
      do: is('regenerate'),
      image: fc.option(image, { nil: undefined }),
      says: fc.boolean(),
      candidates,
      turn,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: is('refine'), image, turn }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: is('approve'),
      image,
      digest: fc.constantFrom('right' as const, 'right' as const, 'wrong' as const, undefined),
      turn,
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: is('discard'), image, turn }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: is('restore'),
      image: fc.constantFrom<Which>('discarded', 'discarded', 'discarded', 'current'),
      turn,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: is('cancel'), reason: fc.constantFrom(undefined, '', ' ', 'too dark'), turn }),
  },
  { weight: 2, arbitrary: fc.record({ do: is('start_over'), turn }) },
  { weight: 24, arbitrary: fc.record({ do: is('generated'), generation: which, candidate }) },
  { weight: 3, arbitrary: fc.record({ do: is('failed'), generation: which, candidate }) },
  { weight: 1, arbitrary: fc.record({ do: is('forget') }) },
);

/** What happened, moment by moment. A state that is changed in place throws. */
export const story: fc.Arbitrary<readonly Moment[]> = fc
  .record({
    // So few that many stories come to the limit, and enough in others for a tree.
    ATTEMPTS_PER_SESSION: fc.constantFrom(2, 2, 3, 12),
    DECISIONS_PER_SESSION: fc.constantFrom(1, 2, 256),
    steps: fc.array(step, { minLength: 40, maxLength: 100, size: 'max' }),
  })
  .map(({ steps, ...rules }) => {
    const teller = new Teller(rules);
    return steps.map((one) => teller.tell(one));
  });

class Teller {
  readonly #rules: Rules;
  #state: State = frozen(initialState);
  #count = 0;
  readonly #generationIds: string[] = [];
  readonly #imageIds: string[] = [];

  constructor(rules: Rules) {
    this.#rules = rules;
  }

  tell(one: Step): Moment {
    this.#count += 1;
    const before = this.#state;
    const event = this.#event(one);
    const result = transition(before, event, this.#rules);
    const after = result.accepted ? frozen(result.state) : before;
    if (result.accepted)
      for (const effect of result.effects)
        if (effect.effect === 'start') this.#generationIds.push(effect.generation.generationId);
    if (event.type === 'generated') this.#imageIds.push(event.image.imageId);
    this.#state = after;
    return { rules: this.#rules, before, event, result, after };
  }

  #event(one: Step): Event {
    const generationId = `g${this.#count}`;
    const by = this.#count % 2 === 0 ? 'Ana' : 'Bo';
    switch (one.do) {
      case 'generate':
        return asks(
          {
            type: 'generate',
            prompt: `p${this.#count}`,
            options: { candidates: one.candidates },
            ...this.#turn(one.turn),
          },
          generationId,
          by,
        );
      case 'regenerate': {
        const said = { prompt: `p${this.#count}`, options: { candidates: one.candidates } };
        const image = one.image && { imageId: this.#imageId(one.image) };
        return asks({ type: 'regenerate', ...image, ...(one.says && said), ...this.#turn(one.turn) }, generationId, by);
      }
      case 'refine': {
        const words = { feedback: `f${this.#count}`, ...this.#turn(one.turn) };
        return asks({ type: 'refine', imageId: this.#imageId(one.image), ...words }, generationId, by);
      }
      case 'approve': {
        const imageId = this.#imageId(one.image);
        const sha256 = reference(one.digest === 'right' ? imageId : 'another').sha256;
        const digest = one.digest && { sha256 };
        return asks({ type: 'approve', imageId, ...digest, ...this.#turn(one.turn) }, generationId, by);
      }
      case 'discard':
      case 'restore':
        return asks({ type: one.do, imageId: this.#imageId(one.image), ...this.#turn(one.turn) }, generationId, by);
      case 'cancel': {
        const reason = one.reason === undefined ? {} : { reason: one.reason };
        return asks({ type: 'cancel', ...reason, ...this.#turn(one.turn) }, generationId, by);
      }
      case 'start_over':
        return asks({ type: one.do, ...this.#turn(one.turn) }, generationId, by);
      case 'generated':
        return draws(`i${this.#count}`, this.#generationId(one.generation), one.candidate);
      case 'failed':
        return fails(this.#generationId(one.generation), one.candidate);
      case 'forget':
        return { type: 'forget' };
    }
  }

  #turn(named: Which | undefined): { turn?: number } {
    const { turn: now } = this.#state;
    if (named === undefined) return {};
    return { turn: named === 'current' ? now : named === 'older' ? Math.max(0, now - 1) : now + 3 };
  }

  #imageId(named: Which): string {
    const [kept, aside] = [imageIds(this.#state), discardedIds(this.#state)];
    if (named === 'discarded') return aside[this.#count % Math.max(1, aside.length)] ?? 'none';
    if (named === 'foreign') {
      return this.#imageIds.find((imageId) => !kept.includes(imageId) && !aside.includes(imageId)) ?? 'foreign';
    }
    return (named === 'current' ? kept.at(-1) : kept[0]) ?? 'none';
  }

  #generationId(named: Which): string {
    if (named === 'foreign') return 'foreign';
    if (named === 'older') return this.#generationIds.at(-2) ?? 'none';
    return this.#generationIds.at(-1) ?? 'none';
  }
}
