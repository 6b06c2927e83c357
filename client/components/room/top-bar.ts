/** The product's name, who is here, the connection, and the button to share the session. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { viewersLabel } from '../../model/sentences.ts';
import type { SessionState } from '../../session/session-state.ts';
import { base } from '../ui/base.styles.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import './connection-badge.ts';

/** Dispatches `share` and `name` to have these dialogs opened. */
@element('proof-top-bar')
export class TopBar extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        container-type: inline-size;
      }

      .bar {
        display: flex;
        align-items: center;
        gap: 0.25rem 1rem;
        min-block-size: 56px;
        padding: 0.375rem 0.75rem 0.375rem 1.25rem;
        border-block-end: 1px solid var(--line);
        background: var(--surface);
      }

      .bar:not(:has(.button)) {
        padding-inline-end: 1.25rem;
      }

      .brand {
        display: flex;
        align-items: center;
        gap: 0.5rem;
        margin-inline-end: auto;
        font-weight: 680;
        letter-spacing: -0.015em;
      }

      .brand .icon {
        inline-size: 1.5rem;
        block-size: 1.5rem;
      }

      .button {
        position: relative;
        font-size: var(--small);
        padding-inline: 0.75rem;
      }

      .short {
        display: none;
      }

      @container (inline-size < 22rem) {
        .label {
          position: absolute;
          inline-size: 1px;
          overflow: hidden;
          clip-path: inset(50%);
        }
      }

      @container (inline-size < 34rem) {
        .bar {
          gap: 0.25rem;
          padding-inline: 1rem 0.5rem;
        }

        :host([offline]) .bar:has(.button) .brand span {
          display: none;
        }

        .long {
          position: absolute;
          inline-size: 1px;
          overflow: hidden;
          clip-path: inset(50%);
          white-space: nowrap;
        }

        .short {
          display: inline;
        }
      }
    `,
  ];

  @property({ attribute: false }) accessor session: SessionState | undefined;

  override willUpdate(): void {
    this.toggleAttribute('offline', this.session?.connection.status !== 'online');
  }

  override render(): TemplateResult {
    const { connection, viewers, sessionId } = this.session ?? {};
    const hasEnded = connection?.status === 'closed';
    return html`<div class="bar">
      <span class="brand" title="Proofroom">${icons.mark()}<span>Proofroom</span></span>
      ${connection ? html`<proof-connection .connection=${connection}></proof-connection>` : nothing}
      ${
        viewers && !hasEnded
          ? html`<button
            class="button quiet"
            type="button"
            aria-haspopup="dialog"
            @click=${() => this.#request('name')}
          >
            ${icons.people()}<span class="short figures">${viewers.reviewers + viewers.watchers}<span class="unseen"> here: </span></span
            ><span class="long figures">${viewersLabel(viewers)}</span><span class="unseen">. Change your name</span>
          </button>`
          : nothing
      }
      ${
        sessionId && !hasEnded
          ? html`<button class="button" type="button" aria-haspopup="dialog" @click=${() => this.#request('share')}>
            ${icons.share()}<span class="label">Share</span>
          </button>`
          : nothing
      }
    </div>`;
  }

  #request(dialog: 'share' | 'name'): void {
    this.dispatchEvent(new Event(dialog));
  }
}
