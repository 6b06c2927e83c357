/** What may happen in a schedule, one record each, so that fast-check can make, shrink and print them. */
import fc from 'fast-check';
import type { Options } from '../../shared/model.ts';
import type { Rescued } from './cable.ts';
import type { Network } from './page.ts';

/** `page`, `drawing` and `image` count those there are just then, and begin again after the last. */
export type Step =
  | { readonly does: 'wait'; readonly ms: number }
  // people
  | { readonly does: 'open' }
  | { readonly does: 'attach'; readonly page: number; readonly as: 'reviewer' | 'watcher' | 'intruder' }
  | { readonly does: 'leave'; readonly page: number; readonly politely: boolean }
  /** All of a room leave for one of their own; before, one of them may approve an image, where there are several an older one. */
  | { readonly does: 'abandon'; readonly page: number; readonly approved?: number }
  | { readonly does: 'generate'; readonly page: number; readonly candidates: number; readonly options?: Options }
  | { readonly does: 'regenerate'; readonly page: number; readonly how: Again; readonly options?: Options }
  | { readonly does: 'refine'; readonly page: number; readonly image: number; readonly options?: Options }
  /** Somebody does what leads on from where their page stands, and looks on for a moment; `how` chooses where there is a choice. */
  | {
      readonly does: 'go on';
      readonly page: number;
      readonly how: Onward;
      readonly bytes: number;
      readonly options?: Options;
    }
  | { readonly does: 'approve'; readonly page: number; readonly image: number }
  /** With `undoMs` the person takes it back by themselves after so long. */
  | { readonly does: 'discard'; readonly page: number; readonly image: number; readonly undoMs?: number }
  | { readonly does: 'restore'; readonly page: number; readonly image: number }
  | { readonly does: 'cancel'; readonly page: number; readonly reason?: string }
  | { readonly does: 'start over'; readonly page: number }
  | { readonly does: 'all at once'; readonly page: number; readonly what: Together }
  | { readonly does: 'type'; readonly page: number; readonly times: number }
  | { readonly does: 'focus'; readonly page: number; readonly on: boolean }
  | { readonly does: 'want'; readonly page: number; readonly times: number }
  // messages that no page of ours would send just then
  | { readonly does: 'send again'; readonly page: number; readonly message: number }
  | { readonly does: 'forge'; readonly page: number; readonly message: number }
  | { readonly does: 'late'; readonly page: number; readonly message: number }
  | { readonly does: 'trespass'; readonly page: number }
  | { readonly does: 'babble'; readonly page: number; readonly what: number }
  | { readonly does: 'flood'; readonly page: number; readonly times: number }
  // the service that draws
  | { readonly does: 'draw'; readonly drawing: number; readonly what: 'started' | 'drawing' | 'retrying' }
  | { readonly does: 'preview'; readonly drawing: number; readonly bytes: number }
  | { readonly does: 'finish'; readonly drawing: number; readonly bytes: number }
  | { readonly does: 'fail'; readonly drawing: number; readonly by: 'refusal' | 'fault' | 'nothing' }
  | { readonly does: 'finish all'; readonly bytes: number }
  | { readonly does: 'finish late'; readonly drawing: number; readonly bytes: number }
  // the network
  | { readonly does: 'cut'; readonly page: number; readonly rescued: Rescued }
  | { readonly does: 'half-open'; readonly page: number; readonly way: 'up' | 'down' | 'both' }
  | { readonly does: 'stall'; readonly page: number; readonly way: 'up' | 'down' | 'both'; readonly ms: number }
  | { readonly does: 'weather'; readonly page: number; readonly latencyMs: number; readonly bytesPerMs: number }
  | { readonly does: 'network'; readonly page: number; readonly is: Network }
  // pages and machines
  | { readonly does: 'hide'; readonly page: number }
  | { readonly does: 'show'; readonly page: number }
  | { readonly does: 'sleep'; readonly page: number; readonly ms: number }
  | { readonly does: 'set clock'; readonly page: number; readonly ms: number }
  | { readonly does: 'set server clock'; readonly ms: number }
  | { readonly does: 'restart'; readonly downMs: number; readonly drained: boolean };

type Again = 'same' | 'new prompt' | 'an older image';
export type Onward = 'regenerate' | 'refine' | 'approve' | 'approve another' | 'discard' | 'restore' | 'start over';
type Together = 'ask' | 'approve' | 'approve or discard' | 'cancel' | 'start over';

export type StepOf<Does extends Step['does']> = Extract<Step, { does: Does }>;

export interface Schedule {
  /** Of everything that the steps leave open: delays on the way, the clients' own dice. */
  readonly seed: number;
  readonly steps: readonly Step[];
}

const page = fc.nat({ max: 4 });
const drawing = fc.nat({ max: 3 });
const message = fc.nat({ max: 5 });
const image = fc.nat({ max: 3 });
const bytes = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 200, max: 3_000 }) },
  { weight: 4, arbitrary: fc.integer({ min: 60_000, max: 72_000 }) },
);
const way = fc.constantFrom('up' as const, 'down' as const, 'both' as const);
const clockMs = fc.constantFrom(-3_600_000, -30_000, -3_000, 3_000, 30_000, 3_600_000);
/** Mostly none of one's own; some that are offered, and some that are not, or make no sense together. */
const options = fc.oneof(
  { weight: 5, arbitrary: fc.constant(undefined) },
  {
    weight: 5,
    arbitrary: fc.constantFrom<Options>(
      { quality: 'low' },
      { quality: 'high', candidates: 2 },
      { size: '48x64', model: 'simulated-2' },
      { format: 'webp', compression: 40 },
      { background: 'transparent', partialImages: 2, model: 'auto' },
      { candidates: 4 },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Options>(
      { model: 'another' },
      { size: '10x10' },
      { quality: 'max' },
      { background: 'transparent', format: 'jpeg' },
      { compression: 40 },
      { partialImages: 3 },
      { candidates: 5 },
    ),
  },
);
/** Like `record`, with options where there are any. */
const asking = <Model extends object>(model: { [Key in keyof Model]: fc.Arbitrary<Model[Key]> }) =>
  fc.tuple(fc.record(model), options).map(([rest, own]) => (own ? { ...rest, options: own } : rest));
const does = <Does extends Step['does']>(name: Does) => fc.constant(name);

const waits = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 60 }) },
  { weight: 5, arbitrary: fc.integer({ min: 60, max: 1_500 }) },
  { weight: 3, arbitrary: fc.integer({ min: 1_500, max: 15_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 15_000, max: 40_000 }) },
);

/** By weight: a session must often get as far as a picture, or the rest of the rules would never apply. */
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 34, arbitrary: fc.record({ does: does('wait'), ms: waits }) },
  { weight: 3, arbitrary: fc.record({ does: does('open') }) },
  { weight: 2, arbitrary: fc.record({ does: does('abandon'), page }) },
  {
    weight: 10,
    arbitrary: fc.record({
      does: does('abandon'),
      page: fc.constantFrom(0, 0, 1, 2),
      approved: fc.constantFrom(0, 1, 1, 1),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      does: does('attach'),
      page,
      as: fc.constantFrom(
        'reviewer' as const,
        'reviewer' as const,
        'reviewer' as const,
        'watcher' as const,
        'watcher' as const,
        'intruder' as const,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: does('leave'), page, politely: fc.boolean() }) },
  { weight: 12, arbitrary: asking({ does: does('generate'), page, candidates: fc.constantFrom(1, 1, 1, 2, 3, 4) }) },
  {
    weight: 6,
    arbitrary: asking({
      does: does('regenerate'),
      page,
      how: fc.constantFrom('same' as const, 'new prompt' as const, 'an older image' as const),
    }),
  },
  { weight: 5, arbitrary: asking({ does: does('refine'), page, image }) },
  {
    weight: 60,
    arbitrary: asking({
      does: does('go on'),
      page: fc.constantFrom(0, 0, 0, 1, 2),
      how: fc.constantFrom<Onward>(
        ...(['regenerate', 'regenerate', 'refine', 'refine', 'discard', 'discard', 'restore'] as const),
        ...(['approve', 'approve another', 'start over'] as const),
      ),
      bytes,
    }),
  },
  { weight: 8, arbitrary: fc.record({ does: does('approve'), page, image }) },
  { weight: 4, arbitrary: fc.record({ does: does('discard'), page, image }) },
  { weight: 4, arbitrary: fc.record({ does: does('discard'), page, image, undoMs: fc.constantFrom(0, 100, 3_000) }) },
  { weight: 4, arbitrary: fc.record({ does: does('restore'), page, image }) },
  {
    weight: 5,
    arbitrary: fc.record({ does: does('cancel'), page, reason: fc.constantFrom('', 'Too dark.') }),
  },
  { weight: 3, arbitrary: fc.record({ does: does('start over'), page }) },
  {
    weight: 4,
    arbitrary: fc.record({
      does: does('all at once'),
      page,
      what: fc.constantFrom<Together>('ask', 'approve', 'approve or discard', 'cancel', 'start over'),
    }),
  },
  { weight: 8, arbitrary: fc.record({ does: does('type'), page, times: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 3, arbitrary: fc.record({ does: does('focus'), page, on: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ does: does('want'), page, times: fc.constantFrom(1, 1, 9) }) },
  { weight: 3, arbitrary: fc.record({ does: does('send again'), page, message }) },
  { weight: 2, arbitrary: fc.record({ does: does('forge'), page, message }) },
  { weight: 2, arbitrary: fc.record({ does: does('late'), page, message }) },
  { weight: 3, arbitrary: fc.record({ does: does('trespass'), page }) },
  { weight: 3, arbitrary: fc.record({ does: does('babble'), page, what: fc.nat({ max: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ does: does('flood'), page, times: fc.integer({ min: 9, max: 15 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      does: does('draw'),
      drawing,
      what: fc.constantFrom('started' as const, 'drawing' as const, 'retrying' as const),
    }),
  },
  { weight: 6, arbitrary: fc.record({ does: does('preview'), drawing, bytes }) },
  { weight: 16, arbitrary: fc.record({ does: does('finish'), drawing, bytes }) },
  {
    weight: 4,
    arbitrary: fc.record({
      does: does('fail'),
      drawing,
      by: fc.constantFrom('refusal' as const, 'fault' as const, 'nothing' as const),
    }),
  },
  { weight: 16, arbitrary: fc.record({ does: does('finish all'), bytes }) },
  { weight: 5, arbitrary: fc.record({ does: does('finish late'), drawing, bytes }) },
  {
    weight: 9,
    arbitrary: fc.record({
      does: does('cut'),
      page,
      rescued: fc.constantFrom('none' as const, 'up' as const, 'down' as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ does: does('half-open'), page, way }) },
  { weight: 3, arbitrary: fc.record({ does: does('stall'), page, way, ms: fc.integer({ min: 100, max: 20_000 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      does: does('weather'),
      page,
      latencyMs: fc.constantFrom(1, 100, 400, 2_000),
      bytesPerMs: fc.constantFrom(1_000, 100, 20),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: does('network'),
      page,
      is: fc.constantFrom('fine' as const, 'refuses' as const, 'swallows' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: does('hide'), page }) },
  { weight: 1, arbitrary: fc.record({ does: does('show'), page }) },
  {
    weight: 2,
    arbitrary: fc.record({ does: does('sleep'), page, ms: fc.integer({ min: 500, max: 60_000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ does: does('set clock'), page, ms: clockMs }) },
  { weight: 2, arbitrary: fc.record({ does: does('set server clock'), ms: clockMs }) },
  {
    weight: 3,
    arbitrary: fc.record({
      does: does('restart'),
      downMs: fc.integer({ min: 100, max: 20_000 }),
      drained: fc.constantFrom(true, true, false),
    }),
  },
);

/** A schedule of at most `longest` steps; as many of them are long as short, for it takes many to get far. */
export function schedules(longest = 80): fc.Arbitrary<Schedule> {
  return fc.noBias(
    fc.record({
      seed: fc.nat(),
      steps: fc.array(step, { minLength: 1, maxLength: longest, size: 'max' }),
    }),
  );
}

/** Number `number` of `items`, from 0; after the last comes the first. */
export function pick<Item>(items: readonly Item[], number: number): Item | undefined {
  return items[number % Math.max(1, items.length)];
}
