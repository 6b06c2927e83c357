/** The product's name, who is here, the connection, and the button to share the session. */
import { html, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { ViewersMessage } from '../../../shared/protocol.ts';
import { viewersLabel } from '../../model/bar-sentences.ts';
import { IntentEvent } from '../../model/intent.ts';
import type { ShownPerson } from '../../model/people.ts';
import type { SessionState } from '../../session/session-state.ts';
import { base } from '../ui/base.styles.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import { sessionPart } from './parts.ts';
import './connection-badge.ts';
import './language-switch.ts';

/** Dispatches `share`, `people` and `shortcuts` to have these dialogs opened. */
@element('proof-top-bar')
export class TopBar extends LocalizedElement {
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

      .avatars {
        display: flex;
        --avatar-size: 1.5rem;
      }

      .narrow {
        display: none;
      }

      /* There are no keys to press, and phones notify only for apps. A narrow bar has no space for either. */
      @media (hover: none) and (pointer: coarse) {
        .desk {
          display: none;
        }
      }

      @container (inline-size < 52rem) {
        .desk,
        .avatars {
          display: none;
        }

        .narrow {
          display: inline-flex;
        }
      }

      @container (inline-size < 24rem) {
        .brand span {
          display: none;
        }
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
  @property({ attribute: false }) accessor people: readonly ShownPerson[] = [];
  @property({ type: Boolean, attribute: 'language-fixed' }) accessor languageFixed = false;

  @property({ attribute: false }) accessor notifications: 'on' | 'off' | 'blocked' | undefined;

  override willUpdate(): void {
    this.toggleAttribute('offline', this.session?.connection.status !== 'online');
  }

  override render(): TemplateResult {
    const { connection, viewers, sessionId, welcome } = this.session ?? {};
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
            @click=${() => this.#request('people')}
          >
            <span class=${this.people.length > 0 ? 'narrow' : ''}>${icons.people()}</span
            ><span class="avatars">${sessionPart.part?.presenting.avatars(this.people, 4)}</span><span class="short figures">${this.#here(viewers)}</span
            ><span class="long figures">${viewersLabel(this.t, viewers)}</span><span class="unseen">${this.t('bar.changeName')}</span>
          </button>`
          : nothing
      }
      ${
        sessionId && !hasEnded
          ? html`<button class="button" type="button" aria-haspopup="dialog" @click=${() => this.#request('share')}>
            ${icons.share()}<span class="label">${this.t('bar.share')}</span>
          </button>`
          : nothing
      }
      ${welcome?.role === 'reviewer' && !hasEnded ? this.#bell() : nothing}
      ${
        viewers && !hasEnded
          ? html`<button
            class="button quiet desk"
            type="button"
            aria-haspopup="dialog"
            title=${this.t('shortcuts.title')}
            @click=${() => this.#request('shortcuts')}
          >
            ${icons.keyboard()}<span class="unseen">${this.t('shortcuts.title')}</span>
          </button>`
          : nothing
      }
      ${this.languageFixed ? nothing : html`<proof-language></proof-language>`}
    </div>`;
  }

  /** The browser asks for its permission only when this is pressed. */
  #bell(): TemplateResult | typeof nothing {
    const { notifications } = this;
    if (notifications === undefined) return nothing;
    const label = this.t(notifications === 'blocked' ? 'notify.blocked' : 'notify.me');
    const on = notifications === 'on';
    return html`<button
      class="button quiet desk bell"
      type="button"
      title=${label}
      aria-pressed=${on ? 'true' : 'false'}
      aria-disabled=${notifications === 'blocked' ? 'true' : nothing}
      @click=${() => notifications !== 'blocked' && this.dispatchEvent(new IntentEvent({ type: 'notify', on: !on }))}
    >
      ${on ? icons.bell() : icons.bellOff()}<span class="unseen">${label}</span>
    </button>`;
  }

  #here({ reviewers, watchers }: ViewersMessage): unknown {
    const unseen = (text: unknown) => html`<span class="unseen">${text}</span>`;
    return this.t.rich('bar.here', { count: reviewers + watchers, unseen });
  }

  #request(dialog: 'share' | 'people' | 'shortcuts'): void {
    this.dispatchEvent(new Event(dialog));
  }
}
