/** The two links to a session, one to review and one to watch; for reviewers also what becomes of them, and of the session. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import type { Role } from '../../../shared/model.ts';
import { accessCommandTypes } from '../../../shared/protocol.ts';
import { viewersLabel } from '../../model/bar-sentences.ts';
import { IntentEvent } from '../../model/intent.ts';
import { keptSentence, keptUntil, rejectionSentence, type Worded } from '../../model/sentences.ts';
import { type SessionLink, sessionLinks } from '../../model/session-links.ts';
import type { SessionState } from '../../session/session-state.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { dialog } from '../ui/dialog.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import { wordedText } from '../ui/worded-text.ts';
import type { ConfirmDialog } from './confirm-dialog.ts';
import type { Invitations } from './invitations.ts';
import { endQuestion, linkQuestion } from './questions.ts';
import './confirm-dialog.ts';
import './invitations.ts';
import '../ui/copy-button.ts';

/** Dispatches `closed`. */
@element('proof-share')
export class ShareDialog extends LocalizedElement {
  static override styles = [
    base,
    controls,
    dialog,
    css`
      .people {
        display: flex;
        align-items: center;
        gap: 0.5rem;
      }

      .link {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 0.375rem 0.5rem;
      }

      .link > :not(input, proof-copy) {
        grid-column: 1 / -1;
      }

      proof-invitations,
      .link,
      .kept,
      .end {
        padding-block-start: 1rem;
        border-block-start: 1px solid var(--line);
      }

      .title {
        font-size: var(--small);
        font-weight: 560;
      }

      input {
        color: var(--ink-soft);
        font-size: var(--small);
        text-overflow: ellipsis;
      }

      .actions {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
      }

      .actions .button {
        font-size: var(--small);
      }

      .actions:has(.quiet) {
        margin-block-end: -0.5rem;
        margin-inline-start: calc(-0.75rem - 1px);
      }

      .end {
        display: grid;
        gap: 0.75rem;
        justify-items: start;
      }

      .end .button {
        font-size: var(--small);
        color: var(--trouble);
      }
    `,
  ];

  /** The server's address, with a path if it has one; absent: the root of the page's origin. */
  @property({ attribute: false }) accessor server: string | undefined;
  @property({ attribute: false }) accessor session: SessionState | undefined;
  /** The link that was closed or replaced while the dialog was open. */
  @state() private accessor changedLink: Role | undefined;
  /** In milliseconds since 1970. */
  @state() private accessor openedAt = 0;
  @query('dialog') private accessor dialog!: HTMLDialogElement;
  @query('proof-invitations') private accessor invitations!: Invitations | null;
  @query('proof-confirm') private accessor confirm!: ConfirmDialog;

  show(): void {
    this.changedLink = undefined;
    this.openedAt = Date.now();
    this.invitations?.begin();
    this.dialog.showModal();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get('session')?.links;
    const links = this.session?.links;
    if (!before || !links) return;
    if (before.watch !== links.watch || before.watchKey !== links.watchKey) this.changedLink = 'watcher';
    if (before.review !== links.review || before.reviewKey !== links.reviewKey) this.changedLink = 'reviewer';
  }

  override updated(): void {
    if (!this.dialog.open) return;
    if (this.session?.connection.status === 'closed') {
      this.confirm.close();
      this.invitations?.close();
      this.dialog.close();
    }
    // The button that closed a link goes with it.
    else if (!this.shadowRoot?.activeElement) {
      this.renderRoot.querySelector<HTMLElement>(`.link.${this.changedLink} .button`)?.focus();
    }
  }

  override render(): TemplateResult {
    const { session } = this;
    const links = session ? sessionLinks(session, this.server) : [];
    const isReviewer = session?.welcome?.role === 'reviewer';
    return html`<dialog aria-labelledby="title" closedby="any" @close=${() => this.dispatchEvent(new Event('closed'))}>
        <header>
          <h2 id="title" tabindex="-1" autofocus>${this.t('share.title')}</h2>
          ${button({ label: this.t('common.close'), icon: icons.cross(), kind: 'quiet', bare: true, press: () => this.dialog.close() })}
        </header>
        ${session?.viewers ? html`<p class="people small soft">${icons.people()} ${this.t('share.peopleNow', { viewers: viewersLabel(this.t, session.viewers) })}</p>` : nothing}
        ${session?.welcome?.creator ? html`<proof-invitations .session=${session} .server=${this.server}></proof-invitations>` : nothing}
        ${links.map((link) => this.#row(link))}
        ${this.#kept(session?.welcome)} ${session?.links ? this.#end(session) : nothing}
        ${isReviewer ? nothing : html`<p class="small soft">${this.t('share.watchOnly')}</p>`}
        ${this.#problem ? html`<div class="problem" role="alert">${wordedText(this.#problem)}</div>` : nothing}
      </dialog>
      <proof-confirm></proof-confirm>`;
  }

  /** Why the last change was not made. */
  get #problem(): Worded | undefined {
    const { rejection, welcome } = this.session ?? {};
    if (!rejection || !accessCommandTypes.some((type) => type === rejection.command)) return undefined;
    return rejectionSentence(this.t, rejection, welcome?.participantId, rejection.at);
  }

  #row(link: SessionLink): TemplateResult {
    const { role, url } = link;
    const title = this.t(`link.${role}`);
    return html`<div class=${`link ${role}`}>
      ${url === undefined ? html`<p class="title">${title}</p>` : html`<label for=${role}>${title}</label>`}
      <p class="small soft" id=${`${role}-use`} role="status">${this.#use(link)}</p>
      ${
        url === undefined
          ? nothing
          : html`<input id=${role} readonly dir="ltr" .value=${url} aria-describedby=${`${role}-use`} @focus=${selectAll} />
            <proof-copy .content=${url} .name=${this.t(`link.${role}.copy`)}></proof-copy>`
      }
      ${link.isManaged ? this.#actions(link) : nothing}
    </div>`;
  }

  #use({ role, url, isManaged }: SessionLink): string {
    const use = this.t(`link.${role}.lets`);
    if (url !== undefined) return this.changedLink === role ? `${this.t('link.isNew')} ${use}` : use;
    return isManaged ? this.t(`link.${role}.closed`) : this.t('link.worksNoLonger');
  }

  #actions({ role, url }: SessionLink): TemplateResult {
    const { pending = [], viewers, connection } = this.session ?? {};
    const common = { unavailable: connection?.status !== 'online' };
    const busy = (type: 'close_link' | 'replace_link') =>
      pending.some((command) => command.type === type && command.role === role);
    const ask = (type: 'close_link' | 'replace_link') =>
      this.confirm.ask(linkQuestion(this.t, type, role, viewers?.watchers ?? 0));
    return html`<div class="actions">
      ${
        url === undefined
          ? button({
              ...common,
              label: this.t(`link.${role}.new`),
              busy: busy('replace_link'),
              press: () => this.dispatchEvent(new IntentEvent({ type: 'replace_link', role })),
            })
          : html`${button({ ...common, label: this.t('link.replace'), name: this.t(`link.${role}.replace`), kind: 'quiet', busy: busy('replace_link'), press: () => ask('replace_link') })}
            ${button({ ...common, label: this.t('common.close'), name: this.t(`link.${role}.close`), kind: 'quiet', busy: busy('close_link'), press: () => ask('close_link') })}`
      }
    </div>`;
  }

  #kept(welcome: SessionState['welcome']): TemplateResult | typeof nothing {
    const sentence = keptSentence(this.t, welcome);
    if (!welcome || sentence === undefined) return nothing;
    return html`<p class="kept small soft">
      ${sentence} ${keptUntil(this.t, welcome, this.openedAt)} ${this.t('share.keptSooner')}
    </p>`;
  }

  #end({ pending, viewers, connection }: SessionState): TemplateResult {
    return html`<div class="end">
      ${button({
        label: this.t('endSession.open'),
        busy: pending.some(({ type }) => type === 'end_session'),
        unavailable: connection.status !== 'online',
        press: () => this.confirm.ask(endQuestion(this.t, viewers ?? { reviewers: 1, watchers: 0 })),
      })}
    </div>`;
  }
}

function selectAll(event: Event): void {
  if (event.target instanceof HTMLInputElement) event.target.select();
}
