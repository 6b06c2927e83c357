/** The two links to a session: one to review, one to watch. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { property, query } from 'lit/decorators.js';
import { sessionLink } from '../../model/server-address.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { dialog } from '../ui/dialog.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import '../ui/copy-button.ts';

interface ShareLink {
  readonly id: string;
  readonly title: string;
  /** What it lets people do. */
  readonly lets: string;
  readonly url: string;
}

@element('proof-share')
export class ShareDialog extends LitElement {
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
        <h2 id="title" tabindex="-1" autofocus>Share this session</h2>
        ${button({ label: 'Close', icon: icons.cross(), kind: 'quiet', bare: true, press: () => this.dialog.close() })}
      </header>
      ${this.#links().map((link) => this.#row(link))}
      ${this.sessionKey ? nothing : html`<p class="small soft">You came by the watch link, so that is the one you can pass on.</p>`}
    </dialog>`;
  }

  #row({ id, title, lets, url }: ShareLink): TemplateResult {
    return html`<div class="link">
      <label for=${id}>${title}</label>
      <p class="small soft" id=${`${id}-lets`}>${lets}</p>
      <input id=${id} readonly .value=${url} aria-describedby=${`${id}-lets`} @focus=${selectAll} />
      <proof-copy .content=${url} label="Copy" .name=${`Copy ${title.toLowerCase()}`}></proof-copy>
    </div>`;
  }

  #links(): readonly ShareLink[] {
    if (!this.sessionId) return [];
    const watch = {
      id: 'watch',
      title: 'Watch link',
      lets: 'Lets people follow live, without deciding.',
      url: sessionLink(this.server, this.sessionId, undefined),
    };
    if (!this.sessionKey) return [watch];
    const review = {
      id: 'review',
      title: 'Review link',
      lets: 'Lets people do all that you can: ask for pictures, approve, start over.',
      url: sessionLink(this.server, this.sessionId, this.sessionKey),
    };
    return [review, watch];
  }
}

function selectAll(event: Event): void {
  if (event.target instanceof HTMLInputElement) event.target.select();
}
