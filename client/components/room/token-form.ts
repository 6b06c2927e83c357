/** Asks for the access token without which this server creates no session (rule S2). */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { property, query } from 'lit/decorators.js';
import { IntentEvent } from '../../model/intent.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';

@element('proof-token')
export class TokenForm extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      form {
        display: grid;
        gap: 0.5rem;
      }

      h2 {
        font-size: var(--headline);
        letter-spacing: -0.02em;
      }

      p.lead {
        margin-block-end: 1.25rem;
        color: var(--ink-soft);
        font-size: var(--lead);
      }

      .send {
        margin-block-start: 0.75rem;
      }
    `,
  ];

  @property({ type: Boolean }) accessor refused = false;
  @query('input') private accessor field!: HTMLInputElement;

  override focus(): void {
    this.field.focus();
  }

  override render(): TemplateResult {
    return html`<form novalidate @submit=${this.#submitted}>
      <h2>This server asks for a token</h2>
      <p class="lead">Whoever runs it can tell you. People with a link to a session need none.</p>
      <label for="token">Access token</label>
      <input
        id="token"
        type="password"
        autocomplete="off"
        spellcheck="false"
        aria-describedby="problem"
        aria-invalid=${this.refused ? 'true' : nothing}
      />
      <p id="problem" class="problem" role="alert">
        ${this.refused ? 'The server did not accept that token. Check it and try again.' : ''}
      </p>
      <div class="send">${button({ label: 'Continue', kind: 'primary', type: 'submit' })}</div>
    </form>`;
  }

  #submitted(event: Event): void {
    event.preventDefault();
    const token = this.field.value.trim();
    if (token) this.dispatchEvent(new IntentEvent({ type: 'token', token }));
    else this.focus();
  }
}
