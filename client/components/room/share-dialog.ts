/** The two links to a session, one to review and one to watch; for reviewers also what becomes of them, and of the session. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import type { Role } from '../../../shared/model.ts';
import { accessCommandTypes } from '../../../shared/protocol.ts';
import { IntentEvent } from '../../model/intent.ts';
import { viewersLabel } from '../../model/sentences.ts';
import { type SessionLink, sessionLinks } from '../../model/session-links.ts';
import type { SessionState } from '../../session/session-state.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { dialog } from '../ui/dialog.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import type { ConfirmDialog } from './confirm-dialog.ts';
import { endQuestion, linkQuestion } from './questions.ts';
import './confirm-dialog.ts';
import '../ui/copy-button.ts';

const titles = { reviewer: 'Review link', watcher: 'Watch link' } as const satisfies Record<Role, string>;

/** What an open link lets people do. */
const uses = {
  reviewer: 'Lets people do all that you can: ask for pictures, approve, start over.',
  watcher: 'Lets people follow live, without deciding.',
} as const satisfies Record<Role, string>;

/** Dispatches `closed`. */
@element('proof-share')
export class ShareDialog extends LitElement {
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

      .link,
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
  @query('dialog') private accessor dialog!: HTMLDialogElement;
  @query('proof-confirm') private accessor confirm!: ConfirmDialog;

  show(): void {
    this.changedLink = undefined;
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
          <h2 id="title" tabindex="-1" autofocus>Share this session</h2>
          ${button({ label: 'Close', icon: icons.cross(), kind: 'quiet', bare: true, press: () => this.dialog.close() })}
        </header>
        ${session?.viewers ? html`<p class="people small soft">${icons.people()} ${viewersLabel(session.viewers)} now</p>` : nothing}
        ${links.map((link) => this.#row(link))}
        ${session?.links ? this.#end(session) : nothing}
        ${isReviewer ? nothing : html`<p class="small soft">You came by the watch link, so that is the one you can pass on.</p>`}
        ${this.#problem ? html`<p class="problem" role="alert">${this.#problem}</p>` : nothing}
      </dialog>
      <proof-confirm></proof-confirm>`;
  }

  /** Why the last change was not made. */
  get #problem(): string | undefined {
    const { rejection } = this.session ?? {};
    return accessCommandTypes.some((type) => type === rejection?.command) ? rejection?.message : undefined;
  }

  #row(link: SessionLink): TemplateResult {
    const { role, url } = link;
    const title = titles[role];
    return html`<div class=${`link ${role}`}>
      ${url === undefined ? html`<p class="title">${title}</p>` : html`<label for=${role}>${title}</label>`}
      <p class="small soft" id=${`${role}-use`} role="status">${this.#use(link)}</p>
      ${
        url === undefined
          ? nothing
          : html`<input id=${role} readonly .value=${url} aria-describedby=${`${role}-use`} @focus=${selectAll} />
            <proof-copy .content=${url} label="Copy" .name=${`Copy ${title.toLowerCase()}`}></proof-copy>`
      }
      ${link.isManaged ? this.#actions(link) : nothing}
    </div>`;
  }

  #use({ role, url, isManaged }: SessionLink): string {
    if (url !== undefined) return this.changedLink === role ? `This link is new. ${uses[role]}` : uses[role];
    if (isManaged) return role === 'watcher' ? 'Closed: nobody can watch.' : 'Closed: no more reviewers can come.';
    return 'The one that you came by works no longer. Whoever opened the session can give you another.';
  }

  #actions({ role, url }: SessionLink): TemplateResult {
    const { pending = [], viewers, connection } = this.session ?? {};
    const title = titles[role].toLowerCase();
    const common = { unavailable: connection?.status !== 'online' };
    const busy = (type: 'close_link' | 'replace_link') =>
      pending.some((command) => command.type === type && command.role === role);
    const ask = (type: 'close_link' | 'replace_link') =>
      this.confirm.ask(linkQuestion(type, role, viewers?.watchers ?? 0));
    return html`<div class="actions">
      ${
        url === undefined
          ? button({
              ...common,
              label: `New ${title}`,
              busy: busy('replace_link'),
              press: () => this.dispatchEvent(new IntentEvent({ type: 'replace_link', role })),
            })
          : html`${button({ ...common, label: 'Replace', name: `Replace ${title}`, kind: 'quiet', busy: busy('replace_link'), press: () => ask('replace_link') })}
            ${button({ ...common, label: 'Close', name: `Close ${title}`, kind: 'quiet', busy: busy('close_link'), press: () => ask('close_link') })}`
      }
    </div>`;
  }

  #end({ pending, viewers, connection }: SessionState): TemplateResult {
    return html`<div class="end">
      ${button({
        label: 'End session for everybody …',
        busy: pending.some(({ type }) => type === 'end_session'),
        unavailable: connection.status !== 'online',
        press: () => this.confirm.ask(endQuestion(viewers ?? { reviewers: 1, watchers: 0 })),
      })}
    </div>`;
  }
}

function selectAll(event: Event): void {
  if (event.target instanceof HTMLInputElement) event.target.select();
}
