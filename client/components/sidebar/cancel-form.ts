/** Cancels the generation, with a reason if the person gives one: it is suggested as feedback for the next try. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { property, query } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import { IntentEvent } from '../../model/intent.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';

@element('proof-cancel')
export class CancelForm extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      form {
        display: flex;
        flex-wrap: wrap;
        align-items: end;
        gap: 0.75rem;
      }

      .reason {
        display: grid;
        flex: 1 1 19rem;
        gap: 0.375rem;
        min-inline-size: 0;
      }

      input {
        text-overflow: ellipsis;
      }

      .billed {
        flex-basis: 100%;
      }
    `,
  ];

  /** The longest reason, in UTF-16 units. The field takes no more, so that a long reason never delays a cancel. */
  @property({ attribute: false }) accessor limit = Number.POSITIVE_INFINITY;
  /** A cancel costs nothing: the pictures are free, or none was started. */
  @property({ type: Boolean }) accessor free = false;
  /** The text of the field. */
  @property({ attribute: false }) accessor reason = '';
  @property({ type: Boolean }) accessor busy = false;
  @property({ type: Boolean }) accessor unavailable = false;
  @query('input') private accessor field!: HTMLInputElement;

  override focus(): void {
    this.renderRoot.querySelector('button')?.focus();
  }

  override render(): TemplateResult {
    return html`<form novalidate @submit=${this.#submitted}>
      ${button({ label: 'Cancel', type: 'submit', busy: this.busy, unavailable: this.unavailable })}
      <div class="reason">
        <label for="reason">What is wrong with it?</label>
        <input
          id="reason"
          name="reason"
          type="text"
          dir="auto"
          autocomplete="off"
          maxlength=${this.limit}
          .value=${live(this.reason)}
          @input=${this.#typed}
          placeholder="Optional: the reason, for the next try"
        />
      </div>
      ${this.free ? nothing : html`<p class="billed small soft">A cancelled drawing may still be billed.</p>`}
    </form>`;
  }

  #typed(): void {
    this.dispatchEvent(new IntentEvent({ type: 'unsent', unsent: { reason: this.field.value } }));
  }

  #submitted(event: Event): void {
    event.preventDefault();
    const reason = this.reason.trim();
    this.dispatchEvent(new IntentEvent({ type: 'cancel', ...(reason && { reason }) }));
  }
}
