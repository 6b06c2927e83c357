/** A button that copies a text or an image to the clipboard, and tells whether that worked. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { base } from './base.styles.ts';
import { button } from './button.ts';
import { controls } from './controls.styles.ts';
import { css } from './css.ts';
import { element } from './element.ts';
import * as icons from './icons.ts';
import { LocalizedElement } from './localized-element.ts';
import { type Clock, systemClock, Ticker } from './ticker.ts';

/** How long the button says that it has copied. */
const COPIED_MS = 3_000;

/** Dispatches `copied` when the content is on the clipboard. */
@element('proof-copy')
export class CopyButton extends LocalizedElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: inline-grid;
      }
    `,
  ];

  @property({ attribute: false }) accessor content: string | Blob = '';
  /** `Copy` if it is absent. */
  @property({ attribute: false }) accessor label: string | undefined;
  /** For screen readers, where there are several on a page; begins with the label. */
  @property({ attribute: false }) accessor name: string | undefined;
  /** Shows only the icon; screen readers still read the label. */
  @property({ type: Boolean }) accessor bare = false;
  @property({ attribute: false }) accessor clock: Clock = systemClock;
  @state() private accessor outcome: 'copied' | 'failed' | undefined;

  #copiedAt = 0;

  constructor() {
    super();
    new Ticker(this);
  }

  get ticks(): boolean {
    return this.outcome === 'copied';
  }

  override willUpdate(changed: PropertyValues<this>): void {
    const isOver = this.outcome === 'copied' && this.clock.now() - this.#copiedAt >= COPIED_MS;
    if (changed.has('content') || isOver) this.outcome = undefined;
  }

  override render(): TemplateResult {
    const isCopied = this.outcome === 'copied';
    const label = this.label ?? this.t('common.copy');
    return html`${button({
      label: isCopied ? this.t('common.copied') : label,
      icon: isCopied ? icons.check() : icons.copy(),
      name: this.name ?? label,
      kind: this.bare ? 'quiet' : 'plain',
      bare: this.bare,
      press: () => void this.#copy(),
    })}
      <span class="unseen" role="status">${isCopied ? this.#messages.copied : ''}</span>
      ${this.outcome === 'failed' ? html`<p class="problem" role="alert">${this.#messages.failed}</p>` : nothing}`;
  }

  get #messages(): { readonly copied: string; readonly failed: string } {
    return typeof this.content === 'string'
      ? { copied: this.t('copy.textCopied'), failed: this.t('copy.textFailed') }
      : { copied: this.t('copy.imageCopied'), failed: this.t('copy.imageFailed') };
  }

  /** A page that is not secure has no clipboard; then the message says what to do instead. */
  async #copy(): Promise<void> {
    const { content } = this;
    const written = writeToClipboard(content).then(
      () => 'copied' as const,
      () => 'failed' as const,
    );
    this.outcome = undefined;
    // Screen readers announce a message only when it changes, so the last one is removed first.
    await this.updateComplete;
    const outcome = await written;
    this.#copiedAt = this.clock.now();
    if (content === this.content) this.outcome = outcome;
    if (outcome === 'copied') this.dispatchEvent(new Event('copied'));
  }
}

/** @throws where there is no such clipboard (an insecure page, a browser that copies no images), or access to it is denied */
async function writeToClipboard(content: string | Blob): Promise<void> {
  if (typeof content === 'string') await navigator.clipboard.writeText(content);
  // The promise is passed as it is: after an `await`, Safari no longer takes the call for the result of a click.
  else await navigator.clipboard.write([new ClipboardItem({ 'image/png': toPng(content) })]);
}

/** PNG is the only image type that every browser accepts on the clipboard. */
async function toPng(blob: Blob): Promise<Blob> {
  if (blob.type === 'image/png') return blob;
  const bitmap = await createImageBitmap(blob);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas.convertToBlob({ type: 'image/png' });
}
