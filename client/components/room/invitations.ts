/** The part of the share dialog in which the session's creator invites people by name, and revokes that. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Role } from '../../../shared/model.ts';
import { IntentEvent } from '../../model/intent.ts';
import { invitationsOf, LIFETIMES, type Lifetime, type ShownInvitation } from '../../model/invitations.ts';
import { isPending, type SessionState } from '../../session/session-state.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import '../ui/copy-button.ts';
import type { ConfirmDialog } from './confirm-dialog.ts';
import { revokeQuestion } from './questions.ts';
import './confirm-dialog.ts';

const invitedRoles = ['reviewer', 'watcher'] as const satisfies readonly Role[];
const lifetimes = ['hour', 'day', 'week', 'month'] as const satisfies readonly Lifetime[];

@element('proof-invitations')
export class Invitations extends LocalizedElement {
  static override styles = [
    base,
    controls,
    css`
      :host,
      form {
        display: grid;
        gap: 0.75rem;
      }

      form {
        grid-template-columns: 1fr 1fr auto;
        align-items: end;
      }

      form > div {
        display: grid;
        gap: 0.375rem;
        min-inline-size: 0;
      }

      form > .name {
        grid-column: 1 / -1;
      }

      ul {
        display: grid;
        gap: 1rem;
      }

      li {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto auto;
        align-items: center;
        gap: 0.25rem 0.5rem;
      }

      li > div {
        grid-column: 1 / -1;
        overflow-wrap: anywhere;
      }

      li > .button {
        font-size: var(--small);
      }

      @container (inline-size < 34rem) {
        form {
          grid-template-columns: 1fr 1fr;
        }

        form > .button,
        li > input {
          grid-column: 1 / -1;
        }

        li {
          grid-template-columns: auto 1fr;
        }

        li > .button {
          justify-self: start;
        }
      }

      li > input {
        color: var(--ink-soft);
        font-size: var(--small);
        text-overflow: ellipsis;
      }
    `,
  ];

  @property({ attribute: false }) accessor session!: SessionState;
  /** The server's address, with a path if it has one; absent: the root of the page's origin. */
  @property({ attribute: false }) accessor server: string | undefined;
  /** The invitation that was made last, while the dialog was open. */
  @state() private accessor madeName: string | undefined;
  @state() private accessor isNameMissing = false;
  @query('form') private accessor form!: HTMLFormElement | null;
  @query('input.name') private accessor nameField!: HTMLInputElement | null;
  @query('proof-confirm') private accessor confirm!: ConfirmDialog;

  #focusedBefore: Element | null | undefined;

  /** To be called when the dialog is opened. */
  begin(): void {
    this.madeName = undefined;
    this.isNameMissing = false;
  }

  /** Closes the question. */
  close(): void {
    this.confirm.close();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    this.#focusedBefore = this.shadowRoot?.activeElement;
    const before = changed.get('session');
    const made = before && this.session.invitations.slice(before.invitations.length).at(-1);
    if (!made) return;
    this.madeName = made.name;
    this.form?.reset();
  }

  /** The button that revoked an invitation goes with its link. */
  override updated(): void {
    if (this.#focusedBefore && !this.#focusedBefore.isConnected) this.renderRoot.querySelector('h3')?.focus();
  }

  override render(): TemplateResult {
    const invitations = invitationsOf(this.t, this.session, this.server);
    return html`<h3 tabindex="-1">${this.t('invite.title')}</h3>
      <p class="small soft">${this.t('invite.text')}</p>
      ${this.#form()}
      <p class="small" role="status" ?hidden=${this.madeName === undefined}>
        ${this.madeName === undefined ? nothing : this.t('invite.made', { name: this.madeName })}
      </p>
      ${
        invitations.length > 0
          ? html`<ul role="list" aria-label=${this.t('invite.list')}>
            ${repeat(
              invitations,
              ({ keyId }) => keyId,
              (invitation) => this.#invitation(invitation),
            )}
          </ul>`
          : nothing
      }
      <proof-confirm></proof-confirm>`;
  }

  #form(): TemplateResult {
    const { pending, connection, welcome } = this.session;
    return html`<form novalidate @submit=${this.#submitted}>
      <div class="name">
        <label for="name">${this.t('invite.name')}</label>
        <input
          class="name"
          id="name"
          autocomplete="off"
          spellcheck="false"
          maxlength=${welcome?.limits.NAME_CHARACTERS ?? 40}
          aria-required="true"
          aria-invalid=${this.isNameMissing ? 'true' : nothing}
          aria-describedby="problem"
          @input=${() => {
            this.isNameMissing = false;
          }}
        />
        <p id="problem" class="problem" role="alert" ?hidden=${!this.isNameMissing}>
          ${this.isNameMissing ? this.t('invite.nameMissing') : nothing}
        </p>
      </div>
      <div>
        <label for="role">${this.t('invite.role')}</label>
        <select id="role">
          ${invitedRoles.map((role) => html`<option value=${role}>${this.t(`invite.role.${role}`)}</option>`)}
        </select>
      </div>
      <div>
        <label for="lifetime">${this.t('invite.lasts')}</label>
        <select id="lifetime">
          <option value="">${this.t('invite.lasts.session')}</option>
          ${lifetimes.map((lifetime) => html`<option value=${lifetime}>${this.#lifetime(lifetime)}</option>`)}
        </select>
      </div>
      ${button({ label: this.t('invite.send'), type: 'submit', busy: isPending(pending, 'invite'), unavailable: connection.status !== 'online' })}
    </form>`;
  }

  #lifetime(lifetime: Lifetime): string {
    const hours = LIFETIMES[lifetime] / LIFETIMES.hour;
    return hours < 24 ? this.t('invite.lasts.hours', { hours }) : this.t('invite.lasts.days', { days: hours / 24 });
  }

  #invitation(invitation: ShownInvitation): TemplateResult {
    const { keyId, name, summary, url } = invitation;
    const { pending, connection } = this.session;
    const isRevoking = pending.some(
      (command) => command.type === 'revoke' && 'keyId' in command && command.keyId === keyId,
    );
    return html`<li>
      <div>
        <p><bdi class="person" translate="no">${name}</bdi></p>
        <p class="small soft">${summary}</p>
      </div>
      ${
        url === undefined
          ? nothing
          : html`<input
              readonly
              dir="ltr"
              .value=${url}
              aria-label=${this.t('invite.linkFor', { name })}
              @focus=${selectAll}
            />
            <proof-copy .content=${url} .name=${this.t('invite.copy', { name })}></proof-copy>
            ${button({
              label: this.t('revoke.open'),
              name: this.t('revoke.openFor', { name }),
              kind: 'quiet',
              busy: isRevoking,
              unavailable: connection.status !== 'online',
              press: () => this.confirm.ask(revokeQuestion(this.t, invitation)),
            })}`
      }
    </li>`;
  }

  #submitted(event: Event): void {
    event.preventDefault();
    if (!this.form || !this.nameField || isPending(this.session.pending, 'invite')) return;
    const name = this.nameField.value.trim();
    this.isNameMissing = name === '';
    if (this.isNameMissing) return this.nameField.focus();
    const role = invitedRoles.find((one) => one === this.#chosen('role')) ?? 'reviewer';
    const lifetime = lifetimes.find((one) => one === this.#chosen('lifetime'));
    this.dispatchEvent(new IntentEvent({ type: 'invite', name, role, ...(lifetime && { lifetime }) }));
  }

  #chosen(id: 'role' | 'lifetime'): string | undefined {
    return this.renderRoot.querySelector<HTMLSelectElement>(`#${id}`)?.value;
  }
}

function selectAll(event: Event): void {
  if (event.target instanceof HTMLInputElement) event.target.select();
}
