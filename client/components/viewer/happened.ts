/** A line below the picture: what somebody else did about it while it was open here, and what can be done about that. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Attempt, DiscardedAttempt } from '../../../shared/model.ts';
import { permissionsOf } from '../../model/permissions.ts';
import type { Texts } from '../../model/texts.ts';
import { isPending, type SessionState } from '../../session/session-state.ts';
import { button } from '../ui/button.ts';
import * as icons from '../ui/icons.ts';
import { person } from '../ui/person.ts';

interface HappenedOptions {
  readonly t: Texts;
  readonly session: SessionState;
  /** The attempt in view, where the session does not keep it any more. */
  readonly held: Attempt | DiscardedAttempt | undefined;
  /** A click of this person did not count, as the picture had just changed. */
  readonly isClickIgnored: boolean;
  readonly showLatest: () => void;
  /** The person wants a discarded attempt back. */
  readonly restored: (imageId: string) => void;
}

/** Always rendered: a screen reader reads out only text that is added to an element that is there already. */
export function happened(options: HappenedOptions): TemplateResult {
  const { t, held, isClickIgnored, showLatest } = options;
  const sentence = isClickIgnored ? ignoredSentence(options) : sentenceOf(options);
  return html`<div class=${sentence === undefined ? 'happened unseen' : 'happened'}>
    <p role="status">${sentence ?? nothing}</p>
    ${held ? html`${restore(options, held)} ${button({ label: t('happened.leave'), kind: 'quiet', press: showLatest })}` : nothing}
  </div>`;
}

/** Where the review has just ended under somebody's hand, they are told by whom. */
function ignoredSentence({ t, session: { snapshot, welcome } }: HappenedOptions): string {
  const last = snapshot?.lastAction;
  if (snapshot?.stage !== 'final' || !last || last.participantId === welcome?.participantId) {
    return t('happened.clickIgnored');
  }
  const reason = t(`lostTo.${last.action}`, { who: 'other', name: last.by, number: last.number ?? 0 });
  return t('happened.clickLost', { reason });
}

function sentenceOf({ t, session, held }: HappenedOptions): unknown {
  if (held && 'discarded' in held) {
    const { discarded, number } = held;
    return t.rich('happened.discarded', { name: discarded.by, number, person });
  }
  const last = session.snapshot?.lastAction;
  if (held) {
    const { number } = held;
    if (last?.action !== 'start_over') return t('happened.removed', { number });
    return t.rich('happened.startedOver', { name: last.by, number, person });
  }
  return undefined;
}

function restore(
  { t, session, restored }: HappenedOptions,
  held: Attempt | DiscardedAttempt,
): TemplateResult | typeof nothing {
  const { snapshot, pending } = session;
  const { decides, unavailable } = permissionsOf(session);
  const isPossible = snapshot?.stage === 'user_feedback' || snapshot?.stage === 'initial_input';
  if (!('discarded' in held) || !decides || !isPossible) return nothing;
  const { imageId } = held.image;
  return button({
    label: t('strip.undo'),
    icon: icons.undo(),
    busy: isPending(pending, 'restore', imageId),
    unavailable,
    press: () => restored(imageId),
  });
}
