/** Why the last generation gave no picture, and what can be done. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { GenerationError } from '../../../shared/model.ts';
import { IntentEvent } from '../../model/intent.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { note } from './notice.styles.ts';

@element('proof-error')
export class ErrorNote extends LitElement {
  static override styles = [base, controls, note];

  @property({ attribute: false }) accessor error: GenerationError | undefined;
  /** Whether this person may ask again. */
  @property({ type: Boolean }) accessor decides = false;
  @property({ type: Boolean }) accessor busy = false;
  @property({ type: Boolean }) accessor unavailable = false;

  override updated(): void {
    this.toggleAttribute('shown', this.error !== undefined);
  }

  override render(): TemplateResult {
    // The region stands before its text comes, so that screen readers notice it.
    return html`<div role="alert">${this.error ? this.#note(this.error) : nothing}</div>`;
  }

  #note(error: GenerationError): TemplateResult {
    return html`<div class="note trouble">
      ${icons.alert()}
      <div class="text">
        <p class="title">No picture this time</p>
        <p>${error.message}</p>
        ${this.decides && error.retryable ? html`<div class="actions">${this.#again()}</div>` : nothing}
      </div>
    </div>`;
  }

  #again(): TemplateResult {
    return button({
      label: 'Try again',
      icon: icons.again(),
      busy: this.busy,
      unavailable: this.unavailable,
      press: () => this.dispatchEvent(new IntentEvent({ type: 'retry' })),
    });
  }
}
