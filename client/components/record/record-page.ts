/** The record as a page of its own, to be printed or saved as PDF: in another window, since the page around may be anybody's. */
import { html, nothing, render } from 'lit';
import { timestamp } from '../../model/formats.ts';
import type { RecordedPicture } from '../../model/session-record.ts';
import type { Texts } from '../../model/texts.ts';
import type { SessionState } from '../../session/session-state.ts';
import { base } from '../ui/base.styles.ts';
import { css } from '../ui/css.ts';
import { tokens } from '../ui/tokens.styles.ts';
import { recordStyles } from './record.styles.ts';
import { type RecordParts, recordView } from './record-view.ts';

const page = css`
  /* Paper is white, whatever the screen is. */
  :host {
    --proofroom-rem: 16px;
    --surface: #ffffff;
    color-scheme: light;
    display: block;
    max-inline-size: 50rem;
    margin-inline: auto;
    padding: 2rem 1.5rem;
    background: #ffffff;
    color: var(--ink);
    font: normal 400 var(--body) / 1.5 var(--font);
  }

  header {
    margin-block-end: 1.25rem;
  }

  h1 {
    margin: 0 0 0.25rem;
    font-size: var(--title);
    font-weight: 640;
    line-height: 1.2;
  }

  .outcome {
    margin-block-end: 0.75rem;
  }

  h3 {
    margin-block: 1.5rem 0.5rem;
    break-after: avoid;
  }

  img {
    display: block;
    max-inline-size: 100%;
    max-block-size: 14rem;
    border: 1px solid var(--line);
    object-fit: contain;
  }

  .text {
    white-space: pre-line;
    text-wrap: wrap;
    orphans: 3;
    widows: 3;
  }

  .texts {
    padding-inline-start: 0;
  }

  .digest {
    white-space: normal;
    overflow-wrap: anywhere;
  }

  @media print {
    :host {
      max-inline-size: none;
      padding: 0;
      font-size: 10pt;
    }
  }
`;

/** Without margins of its own, a browser would print to the edge of the paper or leave that to the person. */
const paper = '@page { margin: 16mm 14mm; } html { background: #ffffff; color-scheme: light; } body { margin: 0; }';

const parts: RecordParts = {
  thumbnail: ({ picture }: RecordedPicture) => (picture ? html`<img src=${picture.url} alt="" />` : nothing),
  text: (text) => html`<p class="text" dir="auto">${text}</p>`,
  digest: (sha256) => html`<code class="digest">${sha256}</code>`,
  reference: (_imageId, label) => html`<strong>${label}</strong>`,
};

export interface RecordPageContent {
  readonly session: SessionState;
  /** The title of the page, which is also the name of the file that a browser saves. */
  readonly title: string;
  /** As in the server's log. */
  readonly sessionDigest: string | undefined;
  readonly madeAt: string;
}

export class RecordPage {
  readonly #window: Window;
  readonly #root: ShadowRoot;

  private constructor(window: Window, root: ShadowRoot) {
    this.#window = window;
    this.#root = root;
  }

  /** Undefined where the browser opens no window: outside of a click, or by its settings. */
  static open(): RecordPage | undefined {
    const opened = window.open('', '_blank');
    const view = opened?.document.defaultView;
    if (!opened || !view) return undefined;
    const { document } = opened;
    // Style elements would need the page's policy to allow them (rule S5); sheets that a script makes don't.
    const sheetOf = (text: string) => {
      const sheet = new view.CSSStyleSheet();
      sheet.replaceSync(text);
      return sheet;
    };
    const host = document.createElement('main');
    const root = host.attachShadow({ mode: 'open' });
    document.adoptedStyleSheets = [sheetOf(paper)];
    root.adoptedStyleSheets = [tokens, base, recordStyles, page].map(({ cssText }) => sheetOf(cssText));
    document.body.replaceChildren(host);
    return new RecordPage(opened, root);
  }

  /** The person has closed it. */
  get isClosed(): boolean {
    return this.#window.closed;
  }

  show(t: Texts, { session, title, sessionDigest, madeAt }: RecordPageContent): void {
    const { document } = this.#window;
    document.title = title;
    document.documentElement.lang = t.language;
    document.documentElement.dir = t.direction;
    const content = html`<header>
        <h1>${title}</h1>
        <p class="small soft figures">
          ${t('record.madeAt', { when: timestamp(t, madeAt) })}
          ${sessionDigest === undefined ? nothing : t.rich('record.session', { digest: sessionDigest, code: (text) => html`<code>${text}</code>` })}
        </p>
      </header>
      ${recordView(t, session, parts)}`;
    render(content, this.#root, { creationScope: document });
  }

  /** Opens the browser's print dialog, once the pictures that are shown have been decoded. */
  async print(): Promise<void> {
    const images = [...this.#root.querySelectorAll('img')];
    await Promise.allSettled(images.map((image) => image.decode()));
    if (this.isClosed) return;
    this.#window.focus();
    this.#window.print();
  }
}
