/** The record of decisions: to read, to print and to save as a file. For everybody in the session. */
import { html, nothing, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import { recordFileName } from '../../../shared/file-name.ts';
import { shortDigest } from '../../model/formats.ts';
import { firstWords } from '../../model/sentences.ts';
import { type RecordedPicture, recordedPictures, recordedPrompt, recordFile } from '../../model/session-record.ts';
import { sha256 } from '../../session/environment.ts';
import type { SessionState } from '../../session/session-state.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { dialog } from '../ui/dialog.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { ImageLoader, LazyImageLoader } from '../ui/image-loader.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import type { Thumbnail } from '../viewer/thumbnail.ts';
import { recordStyles } from './record.styles.ts';
import { RecordPage } from './record-page.ts';
import { type RecordParts, recordView } from './record-view.ts';
import '../ui/copy-button.ts';
import '../ui/long-text.ts';
import '../viewer/thumbnail.ts';

/** Pictures that have not come by then are missing on paper. */
const PATIENCE_MS = 15_000;

/** Dispatches `closed`. */
@element('proof-record')
export class RecordDialog extends LocalizedElement {
  static override styles = [
    base,
    controls,
    dialog,
    recordStyles,
    css`
      dialog {
        inline-size: min(52rem, calc(100vw - 2rem));
        grid-template-columns: minmax(0, 1fr);
      }

      header {
        position: sticky;
        inset-block-start: -1.5rem;
        z-index: 1;
        margin: -1.5rem -1.5rem -0.5rem;
        padding: 1.5rem 1.5rem 0.5rem;
        background: var(--surface);
      }

      h4 {
        scroll-margin-block-start: 5rem;
      }

      .actions {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
      }

      .picture proof-thumbnail {
        block-size: auto;
        inline-size: 100%;
        aspect-ratio: clamp(0.5, var(--ratio, 1), 2);
      }

      .entry proof-thumbnail {
        block-size: auto;
        inline-size: 100%;
        aspect-ratio: 1;
      }

      .link {
        padding: 0;
        border: none;
        border-radius: 4px;
        background: none;
        font-weight: 560;
        text-decoration: underline;
        text-decoration-color: var(--edge);
        text-underline-offset: 0.2em;
        cursor: pointer;
      }

      .digest {
        display: flex;
        align-items: center;
        gap: 0.25rem;
        margin-block: -0.625rem;
      }

      .digest details {
        min-inline-size: 0;
      }

      .digest summary {
        margin-inline-start: 0;
        font-weight: inherit;
        white-space: nowrap;
      }

      .digest details[open] {
        padding-block-end: 0.625rem;
      }

      @media (width < 36rem) {
        dialog {
          padding: 1rem;
        }

        header {
          inset-block-start: -1rem;
          margin: -1rem -1rem -0.5rem;
          padding: 1rem 1rem 0.5rem;
        }

        .head {
          grid-template-columns: 5.5rem minmax(0, 1fr);
        }

        .facts {
          display: block;
        }

        .facts dd {
          margin-block-end: 0.375rem;
        }

        .digest {
          margin-block: -0.375rem;
        }

        .digest summary {
          white-space: normal;
        }

        .texts {
          padding-inline-start: 0;
        }

        .entry {
          grid-template-columns: 2.75rem minmax(0, 1fr);
          gap: 0.75rem;
        }
      }
    `,
  ];

  @property({ attribute: false }) accessor session: SessionState | undefined;
  @state() private accessor open = false;
  @state() private accessor isBlocked = false;
  @query('h2') private accessor heading!: HTMLElement;
  @query('dialog') private accessor dialog!: HTMLDialogElement;

  readonly #loader = new ImageLoader(this);
  /** The page that waits for pictures before it is printed. */
  #page: { readonly page: RecordPage; readonly madeAt: string; readonly sessionDigest: string | undefined } | undefined;

  constructor() {
    super();
    new LazyImageLoader(this);
  }

  get imagePlaces(): readonly Thumbnail[] {
    return [...this.renderRoot.querySelectorAll<Thumbnail>('proof-thumbnail')];
  }

  async show(): Promise<void> {
    this.isBlocked = false;
    this.open = true;
    await this.updateComplete;
    this.dialog.showModal();
    this.heading.focus();
  }

  override updated(): void {
    this.#updatePage();
  }

  override render(): TemplateResult {
    const { session } = this;
    return html`<dialog aria-labelledby="title" closedby="any" @close=${this.#closed}>
      ${this.open && session ? this.#content(session) : nothing}
    </dialog>`;
  }

  #closed(): void {
    this.open = false;
    this.dispatchEvent(new Event('closed'));
  }

  #content(session: SessionState): TemplateResult {
    return html`<header>
        <h2 id="title" tabindex="-1">${this.t('record.title')}</h2>
        ${button({ label: this.t('common.close'), icon: icons.cross(), kind: 'quiet', bare: true, press: () => this.dialog.close() })}
      </header>
      <div class="actions">
        ${button({ label: this.t('record.print'), icon: icons.printer(), press: () => void this.#print(session) })}
        ${button({ label: this.t('record.save'), icon: icons.download(), press: () => void this.#save(session) })}
      </div>
      ${this.isBlocked ? html`<p class="problem" role="alert">${this.t('record.blocked')}</p>` : nothing}
      ${recordView(this.t, session, this.#parts)}`;
  }

  readonly #parts: RecordParts = {
    thumbnail: ({ attempt, state, picture }: RecordedPicture) =>
      state === 'gone' || state === 'missing'
        ? html`<span class="soft">${icons.hidden()}</span>`
        : html`<proof-thumbnail .image=${attempt.image} .picture=${picture}></proof-thumbnail>`,
    text: (text) => html`<proof-text .text=${text}></proof-text>`,
    digest: (digest) => html`<div class="digest">
      <details>
        <summary><code>${shortDigest(digest)}</code></summary>
        <code>${digest}</code>
      </details>
      <proof-copy bare .label=${this.t('approval.copyDigest')} .content=${digest}></proof-copy>
    </div>`,
    reference: (imageId, label) =>
      html`<button class="link" type="button" @click=${() => this.#showPicture(imageId)}>${label}</button>`,
  };

  #showPicture(imageId: string): void {
    const pictures = [...this.renderRoot.querySelectorAll<HTMLElement>('.picture')];
    const picture = pictures.find(({ dataset }) => dataset.image === imageId);
    const heading = picture?.querySelector('h4');
    heading?.scrollIntoView({ block: 'start' });
    heading?.focus({ preventScroll: true });
  }

  async #save(session: SessionState): Promise<void> {
    const { snapshot, record } = session;
    if (!snapshot) return;
    const file = recordFile({ snapshot, record }, { now: serverTime(session), session: await digestOf(session) });
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([JSON.stringify(file, null, 2)], { type: 'application/json' }));
    link.download = recordFileName(recordedPrompt(session));
    link.click();
    // Some browsers read it only after the click.
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  /** The window is opened at once: later, the browser no longer takes it for the result of a click. */
  async #print(session: SessionState): Promise<void> {
    const page = RecordPage.open();
    this.isBlocked = page === undefined;
    if (!page) return;
    const madeAt = new Date(serverTime(session)).toISOString();
    this.#page = { page, madeAt, sessionDigest: await digestOf(session) };
    this.#loader.load(
      recordedPictures(session)
        .filter(isComing)
        .map(({ attempt }) => ({ imageId: attempt.image.imageId, isFilled: false })),
    );
    setTimeout(() => this.#printPage(page), PATIENCE_MS);
    this.#updatePage();
  }

  /** Shows what has come since, and prints when everything has. */
  #updatePage(): void {
    const { session } = this;
    if (!this.#page || !session) return;
    const { page, ...about } = this.#page;
    if (page.isClosed) {
      this.#page = undefined;
      return;
    }
    const title = this.t('record.pageTitle', { prompt: firstWords(recordedPrompt(session)) });
    page.show(this.t, { session, title, ...about });
    if (!recordedPictures(session).some(isComing)) this.#printPage(page);
  }

  #printPage(page: RecordPage): void {
    if (this.#page?.page !== page) return;
    this.#page = undefined;
    void page.print();
  }
}

const isComing = ({ state }: RecordedPicture): boolean => state === 'coming';

const serverTime = ({ serverAheadMs = 0 }: SessionState): number => Date.now() + serverAheadMs;

/** Undefined on a page that is no secure context. */
async function digestOf({ sessionId }: SessionState): Promise<string | undefined> {
  if (sessionId === undefined || !('subtle' in crypto)) return undefined;
  return (await sha256(new TextEncoder().encode(sessionId))).slice(0, 12);
}
