/** The steps of a schedule, as records that fast-check can generate, shrink and print. */
import fc from 'fast-check';
import type { Role } from '../../shared/model.ts';
import type { Options } from '../../shared/options.ts';
import { type ClusterStep, clusterStep } from './cluster/cluster-steps.ts';
import type { DeliveredAtCut } from './simulated-connection.ts';
import type { Network } from './tab.ts';

/** `tab`, `drawing` and `image` are indexes into what there is at that moment; after the last one they begin again (`pick`). */
export type Step =
  | { readonly does: 'wait'; readonly ms: number }
  // people
  | { readonly does: 'open'; readonly approvals?: number }
  /** Another tab joins the session of `tab`. */
  | { readonly does: 'attach'; readonly tab: number; readonly as: NewTab }
  /** With `crashes` the tab is gone without a close of its client's own. */
  | { readonly does: 'leave'; readonly tab: number; readonly crashes: boolean }
  /** All of the team leave, and somebody opens a new session. With `approved`, one of them approves an image first. */
  | { readonly does: 'abandon'; readonly tab: number; readonly approved?: number }
  | { readonly does: 'generate'; readonly tab: number; readonly candidates: number; readonly options?: Options }
  | { readonly does: 'regenerate'; readonly tab: number; readonly from: RegenerateFrom; readonly options?: Options }
  | { readonly does: 'refine'; readonly tab: number; readonly image: number; readonly options?: Options }
  /** A person does what leads on from the stage on show, and watches for a moment; `next` chooses where there is a choice. */
  | {
      readonly does: 'go on';
      readonly tab: number;
      readonly next: NextCommand;
      readonly bytes: number;
      readonly options?: Options;
    }
  | { readonly does: 'approve'; readonly tab: number; readonly image: number; readonly note?: string }
  | { readonly does: 'request changes' | 'decline'; readonly tab: number; readonly image: number }
  /** A decision of their own, or that of another. */
  | { readonly does: 'withdraw'; readonly tab: number; readonly decision: number; readonly own: boolean }
  | { readonly does: 'require approvals'; readonly tab: number; readonly approvals: number }
  /**
   * The person of `tab` asks for several approvals and lets somebody in, and those who have a vote approve the same image. Then some take
   * that back, or the person asks for fewer, and a guest approves as well; or the creator turns the others out before approving.
   */
  | { readonly does: 'agree'; readonly tab: number; readonly approvals: number; readonly afterwards: AfterAgreement }
  /** So many attempts, beginning with the oldest. */
  | { readonly does: 'remove'; readonly tab: number; readonly image: number; readonly count: number }
  | { readonly does: 'look'; readonly tab: number; readonly image: number; readonly times: number }
  /** With `restoreMs` the same person restores it after that time. */
  | { readonly does: 'discard'; readonly tab: number; readonly image: number; readonly restoreMs?: number }
  | { readonly does: 'restore'; readonly tab: number; readonly image: number }
  | { readonly does: 'cancel'; readonly tab: number; readonly reason?: string }
  | { readonly does: 'start over'; readonly tab: number }
  | { readonly does: 'close link' | 'replace link'; readonly tab: number; readonly role: Role }
  | { readonly does: 'invite'; readonly tab: number; readonly role: Role; readonly expiresMs?: number }
  /** Somebody who is here, or an invitation. */
  | { readonly does: 'revoke'; readonly tab: number; readonly whom: number; readonly byKey: boolean }
  | { readonly does: 'end session'; readonly tab: number }
  /** Everybody in the team gives a command at the same moment. */
  | { readonly does: 'all at once'; readonly tab: number; readonly command: SimultaneousCommand }
  | { readonly does: 'type'; readonly tab: number; readonly times: number }
  | { readonly does: 'focus'; readonly tab: number; readonly on: boolean }
  | { readonly does: 'want'; readonly tab: number; readonly times: number }
  // messages that our client would not send at that moment
  | { readonly does: 'send again'; readonly tab: number; readonly message: number }
  | { readonly does: 'reuse id'; readonly tab: number; readonly message: number }
  | { readonly does: 'send late'; readonly tab: number; readonly message: number }
  | { readonly does: 'trespass'; readonly tab: number }
  | { readonly does: 'send nonsense'; readonly tab: number; readonly which: number }
  | { readonly does: 'flood'; readonly tab: number; readonly times: number }
  /** A command and a cancel in one chunk of TCP data. */
  | { readonly does: 'generate and cancel'; readonly tab: number }
  // the generator
  | { readonly does: 'progress'; readonly drawing: number; readonly phase: 'started' | 'drawing' | 'retrying' }
  | { readonly does: 'preview'; readonly drawing: number; readonly bytes: number }
  /** The image is whole, and its drawing goes on. */
  | { readonly does: 'show'; readonly drawing: number; readonly bytes: number }
  | { readonly does: 'finish'; readonly drawing: number; readonly bytes: number }
  | { readonly does: 'fail'; readonly drawing: number; readonly by: 'refusal' | 'fault' | 'undefined' }
  | { readonly does: 'finish all'; readonly bytes: number }
  /** A result comes after the drawing was aborted. */
  | { readonly does: 'finish late'; readonly drawing: number; readonly bytes: number }
  // the network
  | { readonly does: 'cut'; readonly tab: number; readonly delivered: DeliveredAtCut }
  | { readonly does: 'half-open'; readonly tab: number; readonly way: 'up' | 'down' | 'both' }
  | { readonly does: 'stall'; readonly tab: number; readonly way: 'up' | 'down' | 'both'; readonly ms: number }
  | { readonly does: 'set speed'; readonly tab: number; readonly latencyMs: number; readonly bytesPerMs: number }
  | { readonly does: 'set network'; readonly tab: number; readonly to: Network }
  // tabs and machines
  | { readonly does: 'hide'; readonly tab: number }
  | { readonly does: 'show'; readonly tab: number }
  | { readonly does: 'sleep'; readonly tab: number; readonly ms: number }
  | { readonly does: 'set clock'; readonly tab: number; readonly ms: number }
  | { readonly does: 'set server clock'; readonly ms: number }
  /** The server's next command fails through a mistake of its own. */
  | { readonly does: 'server fault' }
  | { readonly does: 'restart'; readonly downMs: number; readonly drained: boolean };

/**
 * `same person`: a second tab of the same browser, with the participant of the first. `intruder`: with a wrong key.
 * `impostor`: watches, and claims to be the other participant with a wrong secret. `by old link`, `by old key`: somebody who knows only
 * the links that the session had at first. `invited`: by an invitation, which may be of no use any more. `once revoked`: somebody who was
 * turned out tries the open review link.
 */
export type NewTab =
  | 'reviewer'
  | 'invited'
  | 'same person'
  | 'watcher'
  | 'impostor'
  | 'intruder'
  | 'by old link'
  | 'by old key'
  | 'once revoked';
export type AfterAgreement = 'nothing' | 'withdraw' | 'require fewer' | 'turn out';
type RegenerateFrom = 'same' | 'new prompt' | 'older image';
export type NextCommand =
  | 'regenerate'
  | 'refine'
  | 'approve'
  | 'approve another'
  | 'discard'
  | 'restore'
  | 'request changes'
  | 'start over';
type SimultaneousCommand = 'generate' | 'approve' | 'approve or discard' | 'cancel' | 'start over';

export type StepOf<Does extends Step['does']> = Extract<Step, { does: Does }>;

export interface Schedule {
  /** Of everything that the steps leave open: delays of the network, random numbers of clients and server. */
  readonly seed: number;
  /** Several servers share a store. */
  readonly isCluster?: boolean;
  readonly steps: readonly (Step | ClusterStep)[];
}

const tab = fc.nat({ max: 4 });
const drawing = fc.nat({ max: 3 });
const message = fc.nat({ max: 5 });
const image = fc.nat({ max: 3 });
const oneOfTwo = fc.constantFrom(0, 0, 0, 1);
const note = fc.constantFrom('At last.', 'Fine by me.');
const ownMostly = fc.constantFrom(true, true, true, false);
const bytes = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 200, max: 3_000 }) },
  { weight: 4, arbitrary: fc.integer({ min: 60_000, max: 72_000 }) },
);
const way = fc.constantFrom('up' as const, 'down' as const, 'both' as const);
const clockMs = fc.constantFrom(-3_600_000, -30_000, -3_000, 3_000, 30_000, 3_600_000);
/** Mostly none; some that the generator supports, and some that it does not support or that conflict. */
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
/** Like `fc.record`, with `options` in some records. */
const withOptions = <Model extends object>(model: { [Key in keyof Model]: fc.Arbitrary<Model[Key]> }) =>
  fc.tuple(fc.record(model), options).map(([rest, own]) => (own ? { ...rest, options: own } : rest));
const does = <Does extends Step['does']>(name: Does) => fc.constant(name);

const waits = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 60 }) },
  { weight: 5, arbitrary: fc.integer({ min: 60, max: 1_500 }) },
  { weight: 3, arbitrary: fc.integer({ min: 1_500, max: 15_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 15_000, max: 40_000 }) },
);

/** The weights let most sessions get as far as an image: many rules apply only then. */
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 34, arbitrary: fc.record({ does: does('wait'), ms: waits }) },
  { weight: 2, arbitrary: fc.record({ does: does('open') }) },
  { weight: 2, arbitrary: fc.record({ does: does('open'), approvals: fc.constantFrom(1, 2, 2, 3) }) },
  { weight: 2, arbitrary: fc.record({ does: does('abandon'), tab }) },
  {
    weight: 10,
    arbitrary: fc.record({
      does: does('abandon'),
      tab: fc.constantFrom(0, 0, 1, 2),
      approved: fc.constantFrom(0, 1, 1, 1),
    }),
  },
  {
    weight: 7,
    arbitrary: fc.record({
      does: does('attach'),
      tab,
      as: fc.constantFrom<NewTab>(
        ...(['reviewer', 'invited', 'invited', 'same person', 'watcher', 'watcher', 'impostor', 'intruder'] as const),
        ...(['by old link', 'by old key', 'once revoked'] as const),
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      does: does('invite'),
      tab,
      role: fc.constantFrom('reviewer' as const, 'watcher' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      does: does('invite'),
      tab,
      role: fc.constantFrom('reviewer' as const, 'watcher' as const),
      expiresMs: fc.constantFrom(1_000, 5_000, 20_000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ does: does('revoke'), tab, whom: fc.nat({ max: 3 }), byKey: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ does: does('leave'), tab, crashes: fc.boolean() }) },
  {
    weight: 12,
    arbitrary: withOptions({ does: does('generate'), tab, candidates: fc.constantFrom(1, 1, 1, 2, 3, 4) }),
  },
  {
    weight: 6,
    arbitrary: withOptions({
      does: does('regenerate'),
      tab,
      from: fc.constantFrom('same' as const, 'new prompt' as const, 'older image' as const),
    }),
  },
  { weight: 5, arbitrary: withOptions({ does: does('refine'), tab, image }) },
  {
    weight: 60,
    arbitrary: withOptions({
      does: does('go on'),
      tab: fc.constantFrom(0, 0, 0, 1, 2),
      next: fc.constantFrom<NextCommand>(
        ...(['regenerate', 'regenerate', 'refine', 'refine', 'discard', 'discard', 'restore'] as const),
        ...(['approve', 'approve another', 'request changes', 'start over'] as const),
      ),
      bytes,
    }),
  },
  { weight: 8, arbitrary: fc.record({ does: does('approve'), tab, image }) },
  { weight: 6, arbitrary: fc.record({ does: does('approve'), tab, image: oneOfTwo, note }) },
  { weight: 4, arbitrary: fc.record({ does: does('request changes'), tab, image: oneOfTwo }) },
  { weight: 2, arbitrary: fc.record({ does: does('decline'), tab, image: oneOfTwo }) },
  { weight: 8, arbitrary: fc.record({ does: does('withdraw'), tab, decision: oneOfTwo, own: ownMostly }) },
  {
    weight: 20,
    arbitrary: fc.record({
      does: does('agree'),
      tab,
      approvals: fc.constantFrom(1, 2, 2, 3, 3),
      afterwards: fc.constantFrom<AfterAgreement>('nothing', 'withdraw', 'withdraw', 'require fewer', 'turn out'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ does: does('require approvals'), tab, approvals: fc.constantFrom(1, 2, 2, 3) }) },
  { weight: 6, arbitrary: fc.record({ does: does('remove'), tab, image, count: fc.constantFrom(1, 1, 2, 3) }) },
  {
    weight: 5,
    arbitrary: fc.record({ does: does('look'), tab, image: fc.nat({ max: 4 }), times: fc.constantFrom(1, 1, 3) }),
  },
  { weight: 4, arbitrary: fc.record({ does: does('discard'), tab, image }) },
  { weight: 4, arbitrary: fc.record({ does: does('discard'), tab, image, restoreMs: fc.constantFrom(0, 100, 3_000) }) },
  { weight: 4, arbitrary: fc.record({ does: does('restore'), tab, image }) },
  {
    weight: 5,
    arbitrary: fc.record({ does: does('cancel'), tab, reason: fc.constantFrom('', 'Too dark.') }),
  },
  { weight: 3, arbitrary: fc.record({ does: does('start over'), tab }) },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constantFrom('close link' as const, 'replace link' as const),
      tab,
      role: fc.constantFrom('watcher' as const, 'watcher' as const, 'reviewer' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: does('end session'), tab }) },
  {
    weight: 4,
    arbitrary: fc.record({
      does: does('all at once'),
      tab,
      command: fc.constantFrom<SimultaneousCommand>(
        'generate',
        'approve',
        'approve or discard',
        'cancel',
        'start over',
      ),
    }),
  },
  { weight: 8, arbitrary: fc.record({ does: does('type'), tab, times: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 3, arbitrary: fc.record({ does: does('focus'), tab, on: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ does: does('want'), tab, times: fc.constantFrom(1, 1, 9) }) },
  { weight: 3, arbitrary: fc.record({ does: does('send again'), tab, message }) },
  { weight: 2, arbitrary: fc.record({ does: does('reuse id'), tab, message }) },
  { weight: 2, arbitrary: fc.record({ does: does('send late'), tab, message }) },
  { weight: 3, arbitrary: fc.record({ does: does('trespass'), tab }) },
  { weight: 3, arbitrary: fc.record({ does: does('send nonsense'), tab, which: fc.nat({ max: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ does: does('flood'), tab, times: fc.integer({ min: 9, max: 15 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      does: does('progress'),
      drawing,
      phase: fc.constantFrom('started' as const, 'drawing' as const, 'retrying' as const),
    }),
  },
  { weight: 6, arbitrary: fc.record({ does: does('preview'), drawing, bytes }) },
  { weight: 8, arbitrary: fc.record({ does: does('show'), drawing, bytes }) },
  { weight: 16, arbitrary: fc.record({ does: does('finish'), drawing, bytes }) },
  {
    weight: 4,
    arbitrary: fc.record({
      does: does('fail'),
      drawing,
      by: fc.constantFrom('refusal' as const, 'fault' as const, 'undefined' as const),
    }),
  },
  { weight: 16, arbitrary: fc.record({ does: does('finish all'), bytes }) },
  { weight: 5, arbitrary: fc.record({ does: does('finish late'), drawing, bytes }) },
  {
    weight: 9,
    arbitrary: fc.record({
      does: does('cut'),
      tab,
      delivered: fc.constantFrom('none' as const, 'up' as const, 'down' as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ does: does('half-open'), tab, way }) },
  { weight: 3, arbitrary: fc.record({ does: does('stall'), tab, way, ms: fc.integer({ min: 100, max: 20_000 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      does: does('set speed'),
      tab,
      latencyMs: fc.constantFrom(1, 100, 400, 2_000),
      bytesPerMs: fc.constantFrom(1_000, 100, 20),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: does('set network'),
      tab,
      to: fc.constantFrom('works' as const, 'refuses' as const, 'swallows' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: does('hide'), tab }) },
  { weight: 1, arbitrary: fc.record({ does: does('show'), tab }) },
  {
    weight: 2,
    arbitrary: fc.record({ does: does('sleep'), tab, ms: fc.integer({ min: 500, max: 60_000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ does: does('set clock'), tab, ms: clockMs }) },
  { weight: 2, arbitrary: fc.record({ does: does('set server clock'), ms: clockMs }) },
  { weight: 2, arbitrary: fc.record({ does: does('server fault') }) },
  { weight: 2, arbitrary: fc.record({ does: does('generate and cancel'), tab }) },
  {
    weight: 3,
    arbitrary: fc.record({
      does: does('restart'),
      downMs: fc.integer({ min: 100, max: 20_000 }),
      drained: fc.constantFrom(true, true, false),
    }),
  },
);

/** Whether one server has all sessions, or several share them. */
export type Servers = 'one' | 'several' | 'either';

/** Schedules of 1 to `longest` steps. Every length is as likely, since it takes many steps to get far. */
export function schedules(servers: Servers, longest = 80): fc.Arbitrary<Schedule> {
  const steps = <Any extends Step | ClusterStep>(one: fc.Arbitrary<Any>) =>
    fc.array(one, { minLength: 1, maxLength: longest, size: 'max' });
  const alone: fc.Arbitrary<Schedule> = fc.record({ seed: fc.nat(), steps: steps(step) });
  const oneOfBoth = fc.oneof({ weight: 9, arbitrary: step }, { weight: 1, arbitrary: clusterStep });
  const shared = fc.record({ seed: fc.nat(), isCluster: fc.constant(true), steps: steps(oneOfBoth) });
  return fc.noBias(servers === 'either' ? fc.oneof(alone, shared) : servers === 'one' ? alone : shared);
}

/** The item at `index`; after the last one it begins again. Undefined when there are no items. */
export function pick<Item>(items: readonly Item[], index: number): Item | undefined {
  return items[index % Math.max(1, items.length)];
}
