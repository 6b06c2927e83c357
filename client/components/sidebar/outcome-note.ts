/** How the review ended: who approved or declined it, when and why, and the digest that names the bytes. */
import { html, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { Decision } from '../../../shared/model.ts';
import { moment, shortDigest } from '../../model/formats.ts';
import type { SessionState } from '../../session/session-state.ts';
import { base } from '../ui/base.styles.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import { person } from '../ui/person.ts';
import { type Clock, systemClock, Ticker } from '../ui/ticker.ts';
import { withdrawButton } from './decision-list.ts';
import '../ui/copy-button.ts';

@element('proof-outcome')
export class OutcomeNote extends LocalizedElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.5rem;
        padding: 1.125rem 1.25rem;
        border: 1px solid var(--line);
        border-block-start: 3px solid var(--mark);
        border-radius: var(--radius);
        background: var(--surface);
      }

      :host([approved]) {
        border-block-start-color: var(--approve);
      }

      h2 {
        display: flex;
        align-items: center;
        gap: 0.5rem;
      }

      h2 .icon {
        color: var(--ink-soft);
      }

      :host([approved]) h2 .icon {
        color: var(--approve);
      }

      q {
        max-block-size: 9rem;
        overflow-y: auto;
        quotes: none;
        white-space: pre-line;
        overflow-wrap: anywhere;
      }

      .own {
        justify-self: start;
        margin: -0.25rem 0 -0.625rem -0.75rem;
      }

      p {
        overflow-wrap: anywhere;
      }

      .digest {
        display: flex;
        align-items: center;
        justify-content: space-between;
        margin-block: -0.375rem -0.5rem;
        margin-inline-end: -0.5rem;
      }

      code {
        font-family: var(--mono);
        font-size: 0.75rem;
      }
    `,
  ];

  /** By which the review ended; absent where the session no longer keeps it. */
  @property({ attribute: false }) accessor decision: Decision | undefined;
  @property({ type: Boolean, reflect: true }) accessor approved = false;
  /** The approved attempt's number, where another attempt is in view. */
  @property({ attribute: false }) accessor number: number | undefined;
  /** This person. */
  @property({ attribute: false }) accessor participantId: string | undefined;
  /** Whether this person may take their decision back. */
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
    return this.#isOwn;
  }

  get #isOwn(): boolean {
    return this.decides && this.decision !== undefined && this.decision.participantId === this.participantId;
  }

  override focus(): void {
    this.renderRoot.querySelector('h2')?.focus();
  }

  override render(): TemplateResult {
    const { decision } = this;
    return html`<h2 tabindex="-1">${this.approved ? icons.check() : icons.cross()}${this.#title}</h2>
      ${decision ? this.#details(decision) : nothing}`;
  }

  get #title(): string {
    if (!this.approved) return this.t(this.decision ? 'outcome.declined' : 'outcome.unknown');
    return this.number === undefined
      ? this.t('approval.approved')
      : this.t('approval.otherApproved', { number: this.number });
  }

  #details(decision: Decision): TemplateResult {
    const { by: name, at, note, sha256 } = decision;
    const by = this.t.rich('approval.by', {
      name,
      person,
      when: moment(this.t, at),
      soft: (content) => html`<span class="soft">${content}</span>`,
      time: (content) => html`<time datetime=${at}>${content}</time>`,
    });
    const now = this.clock.now() + (this.serverAheadMs ?? 0);
    return html`<p>${by}</p>
      ${note ? html`<q dir="auto">${note}</q>` : nothing}
      ${this.approved ? this.#digest(sha256) : nothing}
      ${this.#isOwn ? html`<div class="own">${withdrawButton(this.t, this, { decision, now, endedReview: true })}</div>` : nothing}`;
  }

  #digest(sha256: string): TemplateResult {
    return html`<div class="digest small soft">
      <span>${this.t.rich('approval.digest', { digest: shortDigest(sha256), code: (text) => html`<code>${text}</code>` })}</span>
      <proof-copy bare .label=${this.t('approval.copyDigest')} .content=${sha256}></proof-copy>
    </div>`;
  }
}
