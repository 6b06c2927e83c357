/** The house's name, who is here, whether it is live, and the way to bring others along. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { viewersWords } from '../../model/sentences.ts';
import type { SessionState } from '../../session/session-state.ts';
import { base } from '../ui/base.styles.ts';
import { controls } from '../ui/controls.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import './connection-badge.ts';

export type TopBarRequest = 'share' | 'name';

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

      .house {
        display: flex;
        align-items: center;
        gap: 0.5rem;
        margin-inline-end: auto;
        font-weight: 680;
        letter-spacing: -0.015em;
      }

      .house .icon {
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

        :host([troubled]) .bar:has(.button) .house span {
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
    this.toggleAttribute('troubled', this.session?.connection.status !== 'online');
  }

  override render(): TemplateResult {
    const { connection, viewers, sessionId } = this.session ?? {};
    const ended = connection?.status === 'closed';
    return html`<div class="bar">
      <span class="house" title="Proofroom">${icons.mark()}<span>Proofroom</span></span>
      ${connection ? html`<proof-connection .connection=${connection}></proof-connection>` : nothing}
      ${
        viewers && !ended
          ? html`<button
            class="button quiet"
            type="button"
            aria-haspopup="dialog"
            @click=${() => this.#request('name')}
          >
            ${icons.people()}<span class="short figures">${viewers.reviewers + viewers.watchers}<span class="unseen"> here: </span></span
            ><span class="long figures">${viewersWords(viewers)}</span><span class="unseen">. Change your name</span>
          </button>`
          : nothing
      }
      ${
        sessionId && !ended
          ? html`<button class="button" type="button" aria-haspopup="dialog" @click=${() => this.#request('share')}>
            ${icons.share()}<span class="label">Share</span>
          </button>`
          : nothing
      }
    </div>`;
  }

  #request(what: TopBarRequest): void {
    this.dispatchEvent(new Event(what));
  }
}
