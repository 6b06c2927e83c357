/** The two links to a session: one to review, one to watch. */
import { html, nothing, type TemplateResult } from 'lit';
import { property, query } from 'lit/decorators.js';
import { sessionLink } from '../../model/server-address.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { dialog } from '../ui/dialog.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import '../ui/copy-button.ts';

interface ShareLink {
  readonly id: string;
  readonly title: string;
  /** What it lets people do. */
  readonly lets: string;
  /** The name of the button that copies it. */
  readonly copy: string;
  readonly url: string;
}

@element('proof-share')
export class ShareDialog extends LocalizedElement {
  static override styles = [
    base,
    controls,
    dialog,
    css`
      .link {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 0.375rem 0.5rem;
      }

      .link > :not(input, proof-copy) {
        grid-column: 1 / -1;
      }

      .link + .link {
        padding-block-start: 1rem;
        border-block-start: 1px solid var(--line);
      }

      input {
        color: var(--ink-soft);
        font-size: var(--small);
        text-overflow: ellipsis;
      }
    `,
  ];

  /** The server's address, with a path if it has one; absent: the root of the page's origin. */
  @property({ attribute: false }) accessor server: string | undefined;
  @property({ attribute: false }) accessor sessionId: string | undefined;
  @property({ attribute: false }) accessor sessionKey: string | undefined;
  @query('dialog') private accessor dialog!: HTMLDialogElement;

  show(): void {
    this.dialog.showModal();
  }

  override render(): TemplateResult {
    return html`<dialog aria-labelledby="title" closedby="any">
      <header>
        <h2 id="title" tabindex="-1" autofocus>${this.t('share.title')}</h2>
        ${button({ label: this.t('common.close'), icon: icons.cross(), kind: 'quiet', bare: true, press: () => this.dialog.close() })}
      </header>
      ${this.#links().map((link) => this.#row(link))}
      ${this.sessionKey ? nothing : html`<p class="small soft">${this.t('share.watchOnly')}</p>`}
    </dialog>`;
  }

  #row({ id, title, lets, copy, url }: ShareLink): TemplateResult {
    return html`<div class="link">
      <label for=${id}>${title}</label>
      <p class="small soft" id=${`${id}-lets`}>${lets}</p>
      <input id=${id} readonly .value=${url} aria-describedby=${`${id}-lets`} @focus=${selectAll} />
      <proof-copy .content=${url} .name=${copy}></proof-copy>
    </div>`;
  }

  #links(): readonly ShareLink[] {
    if (!this.sessionId) return [];
    const watch = {
      id: 'watch',
      title: this.t('share.watch'),
      lets: this.t('share.watchLets'),
      copy: this.t('share.copyWatch'),
      url: sessionLink(this.server, this.sessionId, undefined),
    };
    if (!this.sessionKey) return [watch];
    const review = {
      id: 'review',
      title: this.t('share.review'),
      lets: this.t('share.reviewLets'),
      copy: this.t('share.copyReview'),
      url: sessionLink(this.server, this.sessionId, this.sessionKey),
    };
    return [review, watch];
  }
}

function selectAll(event: Event): void {
  if (event.target instanceof HTMLInputElement) event.target.select();
}
