/** Why the last generation brought no picture, and whether it can be tried again. */
import { html, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { GenerationError } from '../../../shared/model.ts';
import { failureSentence } from '../../model/sentences.ts';
import { base } from '../ui/base.styles.ts';
import { controls } from '../ui/controls.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import { wordedText } from '../ui/worded-text.ts';
import { notice } from './notice.styles.ts';
import './retry.ts';

@element('proof-error-notice')
export class ErrorNotice extends LocalizedElement {
  static override styles = [base, controls, notice];

  @property({ attribute: false }) accessor error: GenerationError | undefined;
  /** Of the generation that failed. */
  @property({ attribute: false }) accessor generationId: string | undefined;
  /** How far the server's clock is ahead of this one, in milliseconds. */
  @property({ attribute: false }) accessor serverAheadMs: number | undefined;
  /** Whether this person may try again. */
  @property({ type: Boolean }) accessor decides = false;
  @property({ type: Boolean }) accessor busy = false;
  @property({ type: Boolean }) accessor unavailable = false;

  override updated(): void {
    this.toggleAttribute('shown', this.error !== undefined);
  }

  override render(): TemplateResult {
    // The region exists before its text, so that screen readers announce the text.
    return html`<div role="alert">${this.error ? this.#notice(this.error) : nothing}</div>`;
  }

  #notice(error: GenerationError): TemplateResult {
    return html`<div class="notice error">
      ${icons.alert()}
      <div class="text">
        <p class="title">${this.t('error.title')}</p>
        ${wordedText(failureSentence(this.t, error))}
        ${
          this.decides && error.retryable
            ? html`<proof-retry
              aria-live="off"
              .label=${this.t('common.tryAgain')}
              .error=${error}
              .generationId=${this.generationId}
              .serverAheadMs=${this.serverAheadMs}
              ?busy=${this.busy}
              ?unavailable=${this.unavailable}
            ></proof-retry>`
            : nothing
        }
      </div>
    </div>`;
  }
}
