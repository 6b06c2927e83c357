/** Why a command of this person was rejected, most often because somebody else was faster. */
import { html, nothing, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import type { DiscardedAttempt } from '../../../shared/model.ts';
import { rejectionSentence, type Worded } from '../../model/sentences.ts';
import type { CommandRejection } from '../../session/session-state.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import { type Clock, systemClock, Ticker } from '../ui/ticker.ts';
import { wordedText } from '../ui/worded-text.ts';
import { notice } from './notice.styles.ts';

@element('proof-rejection-notice')
export class RejectionNotice extends LocalizedElement {
  static override styles = [base, controls, notice];

  @property({ attribute: false }) accessor rejection: CommandRejection | undefined;
  /** This person. */
  @property({ attribute: false }) accessor participantId: string | undefined;
  /** The session's attempts that were put aside. */
  @property({ attribute: false }) accessor discarded: readonly DiscardedAttempt[] = [];
  /** How far the server's clock is ahead of this one, in milliseconds. */
  @property({ attribute: false }) accessor serverAheadMs: number | undefined;
  @property({ attribute: false }) accessor clock: Clock = systemClock;
  @state() private accessor dismissed: CommandRejection | undefined;

  constructor() {
    super();
    new Ticker(this);
  }

  get ticks(): boolean {
    return this.#shown?.lastAction !== undefined;
  }

  get #shown(): CommandRejection | undefined {
    return this.rejection === this.dismissed ? undefined : this.rejection;
  }

  override updated(): void {
    this.toggleAttribute('shown', this.#shown !== undefined);
  }

  override render(): TemplateResult {
    const rejection = this.#shown;
    // Announced once; the visible sentence changes with time.
    const announced = rejection ? wordedText(this.#sentence(rejection, rejection.at)) : nothing;
    return html`<span class="unseen" role="alert">${announced}</span>${rejection ? this.#notice(rejection) : nothing}`;
  }

  #sentence(rejection: CommandRejection, now: number): Worded {
    return rejectionSentence(this.t, rejection, this.participantId, now + (this.serverAheadMs ?? 0), this.discarded);
  }

  #notice(rejection: CommandRejection): TemplateResult {
    const dismiss = (): void => {
      this.dismissed = rejection;
    };
    return html`<div class="notice">
      ${icons.alert()}
      <div class="text">${wordedText(this.#sentence(rejection, this.clock.now()))}</div>
      ${button({ label: this.t('reject.dismiss'), icon: icons.cross(), kind: 'quiet', bare: true, press: dismiss })}
    </div>`;
  }
}
