/** A button that copies a text or an image to the clipboard, and tells whether that worked. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { base } from './base.styles.ts';
import { button } from './button.ts';
import { controls } from './controls.styles.ts';
import { css } from './css.ts';
import { element } from './element.ts';
import * as icons from './icons.ts';

/** Dispatches `copied` when the content is on the clipboard. */
@element('proof-copy')
export class CopyButton extends LitElement {
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
  @property() accessor label = 'Copy';
  /** For screen readers, where there are several on a page; begins with the label. */
  @property({ attribute: false }) accessor name: string | undefined;
  /** Shows only the icon; screen readers still read the label. */
  @property({ type: Boolean }) accessor bare = false;
  @state() private accessor outcome: 'copied' | 'failed' | undefined;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('content')) this.outcome = undefined;
  }

  override render(): TemplateResult {
    const isCopied = this.outcome === 'copied';
    return html`${button({
      label: isCopied ? 'Copied' : this.label,
      icon: isCopied ? icons.check() : icons.copy(),
      name: isCopied ? undefined : this.name,
      kind: this.bare ? 'quiet' : 'plain',
      bare: this.bare,
      press: () => void this.#copy(),
    })}
      <span class="unseen" role="status">${isCopied ? this.#messages.copied : ''}</span>
      ${this.outcome === 'failed' ? html`<p class="problem" role="alert">${this.#messages.failed}</p>` : nothing}`;
  }

  get #messages(): { readonly copied: string; readonly failed: string } {
    return typeof this.content === 'string' ? textMessages : imageMessages;
  }

  /** A page that is not secure has no clipboard; then the message says what to do instead. */
  async #copy(): Promise<void> {
    const { content } = this;
    const outcome = await writeToClipboard(content).then(
      () => 'copied' as const,
      () => 'failed' as const,
    );
    if (content === this.content) this.outcome = outcome;
    if (outcome === 'copied') this.dispatchEvent(new Event('copied'));
  }
}

const textMessages = { copied: 'Copied to the clipboard.', failed: 'Select the text and copy it.' };
const imageMessages = {
  copied: 'The image is on the clipboard.',
  failed: 'This browser does not let the page copy images here. Download it instead.',
};

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
