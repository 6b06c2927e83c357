/** Steps that only happen where several servers share a store. */
import fc from 'fast-check';

export type ClusterStep =
  /** The process ends at once, and another one starts in its place after a while. */
  | { readonly does: 'kill'; readonly server: number; readonly downMs: number }
  | { readonly does: 'drain'; readonly server: number; readonly downMs: number }
  /** The server reaches the store no more, for a while. */
  | { readonly does: 'cut off'; readonly server: number; readonly ms: number }
  | { readonly does: 'slow store'; readonly server: number; readonly ms: number; readonly latencyMs: number }
  /** The server is told of nothing that others do, for a while. */
  | { readonly does: 'miss notices'; readonly server: number; readonly ms: number }
  /** So many of the next calls of a server are done, and it gets no answer. */
  | { readonly does: 'lose answers'; readonly server: number; readonly count: number }
  /** A command arrives at the servers of all of a team's tabs in the same moment: one and the same, or one of each. */
  | { readonly does: 'command everywhere'; readonly tab: number; readonly isSame: boolean; readonly which: Everywhere }
  /** All of a team's tabs type, each a text of its own, and the texts arrive at their servers in the same moment. */
  | { readonly does: 'type everywhere'; readonly tab: number }
  /** The server that draws is killed. */
  | { readonly does: 'kill drawer'; readonly drawing: number; readonly downMs: number }
  /** The server of a tab is killed. */
  | { readonly does: 'kill server of'; readonly tab: number; readonly downMs: number };

export type Everywhere = 'generate' | 'approve' | 'cancel' | 'start over' | 'require approvals';

const does = <Does extends ClusterStep['does']>(name: Does) => fc.constant(name);
const server = fc.nat({ max: 2 });
const downMs = fc.oneof(
  { weight: 2, arbitrary: fc.integer({ min: 100, max: 3_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 3_000, max: 20_000 }) },
);
const ms = fc.oneof(
  { weight: 2, arbitrary: fc.integer({ min: 100, max: 4_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 5_500, max: 30_000 }) },
);

export const clusterStep: fc.Arbitrary<ClusterStep> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ does: does('kill'), server, downMs }) },
  { weight: 4, arbitrary: fc.record({ does: does('kill drawer'), drawing: fc.nat({ max: 3 }), downMs }) },
  { weight: 4, arbitrary: fc.record({ does: does('kill server of'), tab: fc.nat({ max: 4 }), downMs }) },
  { weight: 3, arbitrary: fc.record({ does: does('drain'), server, downMs }) },
  { weight: 4, arbitrary: fc.record({ does: does('cut off'), server, ms }) },
  {
    weight: 3,
    arbitrary: fc.record({ does: does('slow store'), server, ms, latencyMs: fc.constantFrom(50, 200, 800) }),
  },
  { weight: 4, arbitrary: fc.record({ does: does('miss notices'), server, ms }) },
  { weight: 4, arbitrary: fc.record({ does: does('lose answers'), server, count: fc.integer({ min: 1, max: 4 }) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      does: does('command everywhere'),
      tab: fc.nat({ max: 4 }),
      isSame: fc.boolean(),
      which: fc.constantFrom<Everywhere>(
        'generate',
        'generate',
        'approve',
        'cancel',
        'start over',
        'require approvals',
      ),
    }),
  },
  { weight: 3, arbitrary: fc.record({ does: does('type everywhere'), tab: fc.nat({ max: 4 }) }) },
);

const clusterDoes: ReadonlySet<string> = new Set<ClusterStep['does']>([
  ...(['kill', 'kill drawer', 'kill server of', 'drain', 'cut off', 'slow store'] as const),
  ...(['miss notices', 'lose answers', 'command everywhere', 'type everywhere'] as const),
]);

export const isClusterStep = <Other extends { readonly does: string }>(
  step: Other | ClusterStep,
): step is ClusterStep => clusterDoes.has(step.does);
