/** The connection has ended for good: what that means, and the way on (R9). */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { IntentEvent } from '../../model/intent.ts';
import { endedNotices } from '../../model/sentences.ts';
import type { ConnectionState } from '../../session/session-state.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { notice } from './notice.styles.ts';

@element('proof-ended-notice')
export class EndedNotice extends LitElement {
  static override styles = [
    base,
    controls,
    notice,
    css`
      .notice .title {
        font-size: var(--lead);
      }

      :host(:not([keeps])) .notice {
        padding: 1.25rem;
      }
    `,
  ];

  @property({ attribute: false }) accessor connection: ConnectionState | undefined;
  /** A picture stays on the page. */
  @property({ type: Boolean, reflect: true }) accessor keeps = false;
  /** The prompt that a new session would begin with. */
  @property({ attribute: false }) accessor prompt = '';

  override focus(): void {
    this.renderRoot.querySelector('h2')?.focus();
  }

  override updated(): void {
    this.toggleAttribute('shown', this.connection?.status === 'closed');
  }

  override render(): TemplateResult | typeof nothing {
    if (this.connection?.status !== 'closed') return nothing;
    const { title, text, action } = endedNotices[this.connection.reason];
    return html`<div class="notice">
      ${icons.alert()}
      <div class="text">
        <h2 class="title" tabindex="-1">${title}</h2>
        <p class="soft">${text} ${this.keeps ? 'What you see stays on this page until you leave it.' : ''}</p>
        <div class="actions">${action === 'new_session' ? this.#startNew() : this.#reconnect()}</div>
      </div>
    </div>`;
  }

  #startNew(): TemplateResult {
    return button({
      label: this.prompt ? 'New session, same prompt' : 'Start a new session',
      kind: 'primary',
      press: () => this.dispatchEvent(new IntentEvent({ type: 'new_session', prompt: this.prompt })),
    });
  }

  #reconnect(): TemplateResult {
    return button({
      label: 'Connect again',
      kind: 'primary',
      press: () => this.dispatchEvent(new IntentEvent({ type: 'reconnect' })),
    });
  }
}
