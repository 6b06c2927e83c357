/** The decisions about the picture in view: who, what and why, and the author's way back. */
import { html, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Decision } from '../../../shared/model.ts';
import { isJustDecided } from '../../model/decisions.ts';
import { ago, moment } from '../../model/formats.ts';
import { IntentEvent } from '../../model/intent.ts';
import type { Texts } from '../../model/texts.ts';
import { isPending, type SessionState } from '../../session/session-state.ts';
import { AskEvent, withdrawQuestion } from '../room/questions.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import { person } from '../ui/person.ts';
import { type Clock, systemClock, Ticker } from '../ui/ticker.ts';

const signs = {
  approved: icons.check,
  changes_requested: icons.pencil,
  declined: icons.cross,
  unknown: icons.mark,
} as const satisfies Record<Decision['decision'], () => TemplateResult>;

@element('proof-decisions')
export class DecisionList extends LocalizedElement {
  static override styles = [
    base,
    controls,
    css`
      :host(:not([shown])) {
        display: none;
      }

      ul {
        display: grid;
        gap: 0.875rem;
      }

      li {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        gap: 0 0.625rem;
        align-items: start;
        overflow-wrap: anywhere;
      }

      li > .icon {
        margin-block-start: 0.125rem;
        color: var(--ink-soft);
      }

      .approved > .icon {
        color: var(--approve);
      }

      .changes_requested > .icon,
      .declined > .icon {
        color: var(--trouble);
      }

      .withdrawn {
        color: var(--ink-soft);
      }

      .withdrawn > .icon {
        color: inherit;
      }

      q {
        display: block;
        max-block-size: 9rem;
        overflow-y: auto;
        quotes: none;
        white-space: pre-line;
      }

      .button {
        margin-block: -0.625rem;
        margin-inline-end: -0.75rem;
      }
    `,
  ];

  /** Oldest first. */
  @property({ attribute: false }) accessor decisions: readonly Decision[] = [];
  /** This person. */
  @property({ attribute: false }) accessor participantId: string | undefined;
  /** Whether this person may take a decision back. */
  @property({ type: Boolean }) accessor decides = false;
  @property({ attribute: false }) accessor pending: SessionState['pending'] = [];
  @property({ type: Boolean }) accessor unavailable = false;
  /** How far the server's clock is ahead of this one, in milliseconds. */
  @property({ attribute: false }) accessor serverAheadMs: number | undefined;
  @property({ attribute: false }) accessor clock: Clock = systemClock;

  constructor() {
    super();
    new Ticker(this);
  }

  get ticks(): boolean {
    return this.decisions.length > 0;
  }

  get #now(): number {
    return this.clock.now() + (this.serverAheadMs ?? 0);
  }

  override updated(): void {
    this.toggleAttribute('shown', this.decisions.length > 0);
  }

  override render(): TemplateResult | typeof nothing {
    if (this.decisions.length === 0) return nothing;
    return html`<ul role="list" aria-label=${this.t('decisions.title')}>
      ${repeat(
        this.decisions,
        ({ decisionId }) => decisionId,
        (decision) => this.#decision(decision),
      )}
    </ul>`;
  }

  #decision(decision: Decision): TemplateResult {
    const { note, withdrawn, at } = decision;
    const who = decision.participantId === this.participantId ? 'you' : 'other';
    return html`<li class=${`${decision.decision}${withdrawn ? ' withdrawn' : ''}`}>
      ${signs[decision.decision]()}
      <div>
        <p>
          ${this.t.rich(`decisions.${decision.decision}`, { who, name: decision.by, person })}
          <time class="small soft" datetime=${at} title=${moment(this.t, at)}
            >${ago(this.t, Math.max(0, this.#now - Date.parse(at)))}</time
          >
        </p>
        ${note ? html`<q dir="auto">${note}</q>` : nothing}
        ${withdrawn ? html`<p class="small soft">${this.t('decisions.withdrawn')}</p>` : nothing}
      </div>
      ${this.decides && who === 'you' && !withdrawn ? withdrawButton(this.t, this, { decision, now: this.#now, endedReview: false }) : nothing}
    </li>`;
  }
}

/** The component that shows a decision which its author may take back. */
interface WithdrawHost extends EventTarget {
  readonly pending: SessionState['pending'];
  readonly unavailable: boolean;
}

/**
 * Undo for ten seconds, and then Withdraw, which asks first where it takes up the review again.
 * @param now by the server's clock
 */
export function withdrawButton(
  t: Texts,
  host: WithdrawHost,
  { decision, now, endedReview }: { readonly decision: Decision; readonly now: number; readonly endedReview: boolean },
): TemplateResult {
  const { decisionId } = decision;
  const isNew = isJustDecided(decision, now);
  const asks = endedReview && !isNew;
  return button({
    label: t(isNew ? 'decision.undo' : 'decision.withdraw'),
    icon: icons.undo(),
    kind: 'quiet',
    once: true,
    busy: host.pending.some((command) => command.type === 'withdraw' && command.decisionId === decisionId),
    unavailable: host.unavailable || isPending(host.pending, 'withdraw'),
    press: () =>
      host.dispatchEvent(
        asks ? new AskEvent(withdrawQuestion(t, decision)) : new IntentEvent({ type: 'withdraw', decisionId }),
      ),
  });
}
