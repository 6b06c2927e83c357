/** Why the last generation gave no picture, and what can be done. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { GenerationError } from '../../shared/session.ts';
import { element } from '../element.ts';
import * as icons from '../icons.ts';
import { IntentEvent } from '../intent.ts';
import { base } from '../styles/base.ts';
import { controls } from '../styles/controls.ts';
import { note } from '../styles/note.ts';
import { button } from './button.ts';

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
