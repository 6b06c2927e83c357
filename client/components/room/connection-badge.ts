/** Whether the page is connected, or when it tries again. */
import { html, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { connectionLabel, secondsToNextTry } from '../../model/bar-sentences.ts';
import type { ConnectionState } from '../../session/session-state.ts';
import { base } from '../ui/base.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import { type Clock, systemClock, Ticker } from '../ui/ticker.ts';

@element('proof-connection')
export class ConnectionBadge extends LocalizedElement {
  static override styles = [
    base,
    css`
      p {
        display: flex;
        align-items: center;
        gap: 0.5rem;
        font-size: var(--small);
        font-weight: 500;
        color: var(--ink-soft);
      }

      .dot {
        inline-size: 8px;
        block-size: 8px;
        flex: none;
        border: 2px solid var(--edge);
        border-radius: 50%;
      }

      .online .dot {
        border-color: var(--approve);
        background: var(--approve);
      }

      .connecting .dot,
      .reconnecting .dot {
        animation: wait 1.4s ease-in-out infinite alternate;
      }

      @container (inline-size < 34rem) {
        .long {
          display: none;
        }
      }

      @keyframes wait {
        to {
          opacity: 0.25;
        }
      }
    `,
  ];

  @property({ attribute: false }) accessor connection: ConnectionState = { status: 'connecting' };
  @property({ attribute: false }) accessor clock: Clock = systemClock;

  constructor() {
    super();
    new Ticker(this);
  }

  get ticks(): boolean {
    return this.connection.status === 'reconnecting';
  }

  override render(): TemplateResult {
    return html`<p class=${`figures ${this.connection.status}`}>
      <span class="dot"></span><span>${connectionLabel(this.t, this.connection)}${this.#countdown()}</span>
    </p>`;
  }

  #countdown(): TemplateResult | typeof nothing {
    const left = secondsToNextTry(this.connection, this.clock.now());
    if (!left) return nothing;
    const long = (text: unknown) => html`<span class="long">${text}</span>`;
    return html`${this.t.rich('connection.nextTry', { seconds: left, long })}`;
  }
}
