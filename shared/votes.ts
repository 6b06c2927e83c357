/** Whose approval of an image counts: the one rule that the server decides by and that clients show. */
import type { Decision, ImageReference } from './model.ts';

/** What each participant thinks of an image, by their id: their last decision about it, unless they have withdrawn that one. */
export function opinionsOn(
  { imageId, sha256 }: Pick<ImageReference, 'imageId' | 'sha256'>,
  decisions: readonly Decision[],
): ReadonlyMap<string, Decision> {
  const last = new Map<string, Decision>();
  for (const decision of decisions) {
    if (decision.imageId === imageId && decision.sha256 === sha256) last.set(decision.participantId, decision);
  }
  return new Map([...last].filter(([, { withdrawn }]) => !withdrawn));
}

/**
 * The approvals of an image that count, one of each participant. Where several are needed, those are the creator's and those of
 * participants who were invited. An approval that its author took back, or changed their mind about, never counts again, and neither does
 * that of somebody who was turned out.
 */
export function approvalsOf(
  image: Pick<ImageReference, 'imageId' | 'sha256'>,
  decisions: readonly Decision[],
  approvalsNeeded = 1,
): readonly Decision[] {
  const opinions = [...opinionsOn(image, decisions).values()];
  return opinions.filter(
    ({ decision, counts, revoked }) => decision === 'approved' && !revoked && (counts || approvalsNeeded === 1),
  );
}
