/** Why a click of this person came to nothing: most often, somebody else was faster. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { noticeSentence } from '../../model/sentences.ts';
import type { Notice } from '../../session/session-state.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { type Clock, systemClock, Ticker } from '../ui/ticker.ts';
import { note } from './notice.styles.ts';

@element('proof-notice')
export class NoticeNote extends LitElement {
  static override styles = [base, controls, note];

  @property({ attribute: false }) accessor notice: Notice | undefined;
  /** This person's own connection. */
  @property({ attribute: false }) accessor connectionId: string | undefined;
  @property({ attribute: false }) accessor clock: Clock = systemClock;
  @state() private accessor dismissed: Notice | undefined;

  constructor() {
    super();
    new Ticker(this);
  }

  get ticks(): boolean {
    return this.#shown?.lastAction !== undefined;
  }

  get #shown(): Notice | undefined {
    return this.notice === this.dismissed ? undefined : this.notice;
  }

  override updated(): void {
    this.toggleAttribute('shown', this.#shown !== undefined);
  }

  override render(): TemplateResult {
    const notice = this.#shown;
    // Read out once, as it was; the age that ticks on is for the eyes.
    const heard = notice ? noticeSentence(notice, this.connectionId, notice.at) : '';
    return html`<span class="unseen" role="alert">${heard}</span>${notice ? this.#note(notice) : nothing}`;
  }

  #dismiss(notice: Notice): void {
    this.dismissed = notice;
  }

  #note(notice: Notice): TemplateResult {
    return html`<div class="note">
      ${icons.alert()}
      <div class="text"><p>${noticeSentence(notice, this.connectionId, this.clock.now())}</p></div>
      ${button({ label: 'Dismiss', icon: icons.cross(), kind: 'quiet', bare: true, press: () => this.#dismiss(notice) })}
    </div>`;
  }
}
