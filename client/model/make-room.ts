/** Which pictures may go from a session that is full, so that an ask finds room. */
import type { Attempt } from '../../shared/model.ts';
import type { SessionState } from '../session/session-state.ts';
import type { Intent } from './intent.ts';
import type { UnsentInput } from './unsent-input.ts';

/** An intent that asks for pictures. */
export type AskIntent = Extract<Intent, { type: 'generate' | 'regenerate' | 'refine' | 'retry' }>;

export interface RoomNeeded {
  /** How many have to go at least. */
  readonly count: number;
  /** The attempts that may go: the longest discarded first, then the oldest. */
  readonly removable: readonly Attempt[];
}

/**
 * Nothing goes that is decided about, that somebody has open, that this person writes about, or that the ask begins from. The server has
 * the last word about the first two (rule R13).
 */
export function roomNeeded(
  { snapshot, welcome, people }: Pick<SessionState, 'snapshot' | 'welcome' | 'people'>,
  ask: AskIntent,
  { openId, unsent }: { readonly openId: string | undefined; readonly unsent: UnsentInput },
): RoomNeeded {
  if (!snapshot || !welcome) return { count: 0, removable: [] };
  const { attempts, discarded = [], decisions, lastGeneration } = snapshot;
  const all = [...discarded, ...attempts];
  const source = ask.type === 'retry' ? { options: lastGeneration?.options, imageId: lastGeneration?.parent } : ask;
  const used = new Set([
    openId,
    'imageId' in source ? source.imageId : undefined,
    unsent.about,
    ...Object.keys(unsent.otherFeedback ?? {}),
    ...Object.keys(unsent.notes ?? {}),
    ...people.map(({ lookingAt }) => lookingAt),
    ...decisions.flatMap(({ imageId, withdrawn }) => (withdrawn ? [] : [imageId])),
  ]);
  const coming = source.options?.candidates ?? 1;
  return {
    count: all.length + coming - welcome.limits.ATTEMPTS_PER_SESSION,
    removable: all.filter(({ image }) => !used.has(image.imageId)),
  };
}
