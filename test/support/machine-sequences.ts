/** Random sequences of commands and results for the machine, among them late, repeated, foreign and stale ones. */
import fc from 'fast-check';
import { transition } from '../../server/session/machine.ts';
import { decisionsIn } from '../../server/session/record.ts';
import { initialState, type State } from '../../server/session/state.ts';
import type { Event, MachineLimits, Transition } from '../../server/session/transition.ts';
import type { ImageReference } from '../../shared/model.ts';
import {
  type CommandInput,
  commandEvent,
  deepFreeze,
  discardedIds,
  failedEvent,
  forgetEvent,
  generatedEvent,
  guest,
  imageIds,
  later,
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
      readonly do: 'approve' | 'request_changes' | 'decline';
      readonly image: Which;
      readonly digest: 'right' | 'wrong' | undefined;
      readonly note: string;
      readonly turn: Which | undefined;
    }
  | { readonly do: 'withdraw'; readonly whose: 'own' | 'any' | 'foreign'; readonly turn: Which | undefined }
  | { readonly do: 'require_approvals'; readonly approvals: number; readonly turn: Which | undefined }
  | {
      readonly do: 'remove';
      readonly images: readonly Which[];
      readonly lookedAt: Which | undefined;
      readonly turn: Which | undefined;
    }
  | { readonly do: 'revoke'; readonly by: number }
  | { readonly do: 'discard' | 'restore'; readonly image: Which; readonly turn: Which | undefined }
  | { readonly do: 'cancel'; readonly reason: string | undefined; readonly turn: Which | undefined }
  | { readonly do: 'start_over'; readonly turn: Which | undefined }
  | { readonly do: 'generated' | 'shown' | 'failed'; readonly generation: Which; readonly candidate: number }
  /** Of an image that is shown, if there is one. */
  | { readonly do: 'reported'; readonly generation: Which }
  | { readonly do: 'forget'; readonly inUse: Which | undefined };

type CommandStep = Extract<Step, { readonly turn: unknown }>;

/** Ana and Bo have a vote, the guest has none. */
const people = ['Ana', 'Bo', 'Guest'];

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
const note = fc.constantFrom('', '', ' ', 'too dark', 'too bright');
const whose = fc.constantFrom('own' as const, 'own' as const, 'any' as const, 'foreign' as const);
const approvals = fc.constantFrom(1, 2, 2, 3);
const images = fc.array(image, { minLength: 1, maxLength: 2 });
const inUse = fc.constantFrom<Which | undefined>(undefined, 'older', 'discarded');
const isExplicit = fc.boolean();
const regenerated = fc.option(image, { nil: undefined });

const deciding: readonly fc.WeightedArbitrary<Step>[] = [
  { weight: 6, arbitrary: fc.record({ do: is('approve'), image, digest, note, turn }) },
  { weight: 3, arbitrary: fc.record({ do: is('request_changes'), image, digest, note, turn }) },
  { weight: 1, arbitrary: fc.record({ do: is('decline'), image, digest, note, turn }) },
  { weight: 4, arbitrary: fc.record({ do: is('withdraw'), whose, turn }) },
  { weight: 2, arbitrary: fc.record({ do: is('require_approvals'), approvals, turn }) },
  { weight: 1, arbitrary: fc.record({ do: is('revoke'), by: fc.nat({ max: 3 }) }) },
];

/** Weighted so that attempts and discarded ones pile up, and every stage is reached many times. */
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: is('generate'), candidates, turn }) },
  { weight: 12, arbitrary: fc.record({ do: is('regenerate'), image: regenerated, isExplicit, candidates, turn }) },
  { weight: 2, arbitrary: fc.record({ do: is('refine'), image, turn }) },
  { weight: 6, arbitrary: fc.record({ do: is('discard'), image, turn }) },
  { weight: 3, arbitrary: fc.record({ do: is('restore'), image: restored, turn }) },
  { weight: 4, arbitrary: fc.record({ do: is('remove'), images, lookedAt: inUse, turn }) },
  { weight: 1, arbitrary: fc.record({ do: is('cancel'), reason, turn }) },
  { weight: 2, arbitrary: fc.record({ do: is('start_over'), turn }) },
  { weight: 24, arbitrary: fc.record({ do: is('generated'), generation, candidate }) },
  { weight: 10, arbitrary: fc.record({ do: is('shown'), generation, candidate }) },
  { weight: 8, arbitrary: fc.record({ do: is('reported'), generation }) },
  { weight: 5, arbitrary: fc.record({ do: is('failed'), generation, candidate }) },
  { weight: 2, arbitrary: fc.record({ do: is('forget'), inUse }) },
  ...deciding,
);

/** States are frozen: one that is changed in place throws. */
const sequenceOf = (one: fc.Arbitrary<Step>): fc.Arbitrary<readonly Moment[]> =>
  fc
    .record({
      // Low, so that many sequences come to the limit; high in some, for a tree of many attempts.
      ATTEMPTS_PER_SESSION: fc.constantFrom(3, 4, 12, 12),
      RECORD_ENTRIES: fc.constantFrom(4, 1_000, 1_000, 1_000),
      approvalsNeeded: fc.constantFrom(1, 1, 2),
      steps: fc.array(one, { minLength: 40, maxLength: 100, size: 'max' }),
    })
    .map(({ steps, approvalsNeeded, ...limits }) => {
      const player = new Player({ ...initialState, approvalsNeeded }, limits);
      return steps.map((each) => player.play(each));
    });

export const sequence = sequenceOf(step);
const older = fc.constantFrom<Which>('older', 'older', 'older', 'current');
const timely = fc.constantFrom<Which | undefined>(undefined, undefined, undefined, 'current', 'older');
/** Several people decide about the same image, take it back, and go on. */
export const decisionSequence = sequenceOf(
  fc.oneof(
    { weight: 2, arbitrary: step },
    { weight: 2, arbitrary: fc.oneof(...deciding) },
    {
      weight: 8,
      arbitrary: fc.record({ do: is('approve'), image: older, digest: fc.constant('right'), note, turn: timely }),
    },
    { weight: 4, arbitrary: fc.record({ do: is('withdraw'), whose: fc.constant('own'), turn: timely }) },
    { weight: 1, arbitrary: fc.record({ do: is('start_over'), turn: timely }) },
    { weight: 2, arbitrary: fc.record({ do: is('generate'), candidates: fc.constant(1), turn: timely }) },
    { weight: 3, arbitrary: fc.record({ do: is('generated'), generation: fc.constant('current'), candidate }) },
  ),
);

/** Plays steps on one machine, and remembers what a later step may refer to. */
class Player {
  readonly #limits: MachineLimits;
  #state: State;
  #count = 0;
  readonly #generationIds: string[] = [];
  readonly #imageIds: string[] = [];

  constructor(state: State, limits: MachineLimits) {
    this.#state = deepFreeze(state);
    this.#limits = limits;
  }

  play(one: Step): Moment {
    this.#count += 1;
    const before = this.#state;
    const event = this.#eventOf(one);
    const result = transition(before, event, this.#limits);
    const started = result.accepted && result.state.stage === 'generating' ? result.state.generation : undefined;
    if (started && before.stage !== 'generating') this.#generationIds.push(started.generationId);
    if (event.type === 'generated') this.#imageIds.push(event.image.imageId);
    if (result.accepted) this.#state = deepFreeze(result.state);
    return { limits: this.#limits, before, event, result, after: this.#state };
  }

  #eventOf(one: Step): Event {
    const count = this.#count;
    switch (one.do) {
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
      case 'forget': {
        const keep = one.inUse === undefined ? [] : [this.#imageId(one.inUse)];
        return { ...forgetEvent(...keep), entryId: `e${count}` };
      }
      case 'revoke': {
        const [ana, revoked] = [commandEvent({ type: 'cancel' }).act, people[one.by % people.length] ?? 'Ana'];
        const invitee = { name: revoked, role: 'reviewer', participantId: `participant ${revoked}` } as const;
        return {
          type: 'invitation',
          entry: { kind: 'revoked', entryId: `e${count}`, ...ana, role: 'reviewer', invitee },
        };
      }
      default: {
        const by = people[count % people.length] ?? 'Ana';
        const event = commandEvent({ ...this.#commandOf(one, by), ...this.#turn(one.turn) }, `g${count}`, by);
        const lookedAt = one.do === 'remove' && one.lookedAt ? [this.#imageId(one.lookedAt)] : [];
        const act = { ...event.act, at: count % 2 === 0 ? event.act.at : later };
        return { ...event, act, entryId: `e${count}`, lookedAt, ...(by === 'Guest' && { author: guest }) };
      }
    }
  }

  #commandOf(one: CommandStep, by: string): CommandInput {
    const count = this.#count;
    const prompt = `p${count}`;
    switch (one.do) {
      case 'generate':
        return { type: one.do, prompt, options: { candidates: one.candidates } };
      case 'regenerate': {
        const explicit = one.isExplicit && { prompt, options: { candidates: one.candidates } };
        return { type: one.do, ...(one.image && { imageId: this.#imageId(one.image) }), ...explicit };
      }
      case 'refine':
        return { type: one.do, imageId: this.#imageId(one.image), feedback: `f${count}` };
      case 'approve': {
        const imageId = this.#imageId(one.image);
        const sha256 = one.digest && { sha256: reference(one.digest === 'right' ? imageId : 'another').sha256 };
        return { type: one.do, imageId, ...sha256, ...(one.note !== '' && { note: one.note }) };
      }
      case 'request_changes':
      case 'decline': {
        const imageId = this.#imageId(one.image);
        const { sha256 } = reference(one.digest === 'wrong' ? 'another' : imageId);
        return { type: one.do, imageId, sha256, note: one.note || 'no' };
      }
      case 'withdraw': {
        const decisions = decisionsIn(this.#state.record);
        const own = decisions.filter(({ participantId }) => participantId === `participant ${by}`);
        const { decisionId = 'foreign' } =
          (one.whose === 'own' ? own : one.whose === 'any' ? decisions : []).at(-1) ?? {};
        return { type: one.do, decisionId };
      }
      case 'require_approvals':
        return { type: one.do, approvals: one.approvals };
      case 'remove':
        return { type: one.do, imageIds: one.images.map((which) => this.#imageId(which)) };
      case 'discard':
      case 'restore':
        return { type: one.do, imageId: this.#imageId(one.image) };
      case 'cancel':
        return { type: one.do, ...(one.reason !== undefined && { reason: one.reason }) };
      case 'start_over':
        return { type: one.do };
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
