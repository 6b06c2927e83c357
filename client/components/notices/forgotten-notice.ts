/** Which pictures the server had to give up for memory, while nobody worked in the session. */
import { html, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { Attempt, RecordEntry } from '../../../shared/model.ts';
import { IntentEvent } from '../../model/intent.ts';
import { forgottenNumbers, forgottenSentence } from '../../model/sentences.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import { notice } from './notice.styles.ts';

@element('proof-forgotten-notice')
export class ForgottenNotice extends LocalizedElement {
  static override styles = [base, controls, notice];

  @property({ attribute: false }) accessor record: readonly RecordEntry[] = [];
  @property({ attribute: false }) accessor attempts: readonly Attempt[] = [];
  /** The entry up to which this person has read it. */
  @property({ attribute: false }) accessor readUpTo: string | undefined;

  get #numbers(): readonly number[] {
    return forgottenNumbers(this.record, this.attempts, this.readUpTo);
  }

  override updated(): void {
    this.toggleAttribute('shown', this.#numbers.length > 0);
  }

  override render(): TemplateResult {
    const numbers = this.#numbers;
    return html`<div role="status">${numbers.length > 0 ? this.#notice(numbers) : nothing}</div>`;
  }

  #notice(numbers: readonly number[]): TemplateResult {
    return html`<div class="notice">
      ${icons.alert()}
      <div class="text"><p>${forgottenSentence(this.t, numbers)}</p></div>
      ${button({ label: this.t('reject.dismiss'), icon: icons.cross(), kind: 'quiet', bare: true, press: () => this.#dismiss() })}
    </div>`;
  }

  #dismiss(): void {
    const last = this.record.findLast(({ kind }) => kind === 'forgotten');
    if (last) this.dispatchEvent(new IntentEvent({ type: 'unsent', unsent: { readUpTo: last.entryId } }));
  }
}
