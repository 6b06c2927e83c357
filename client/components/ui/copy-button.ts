/** A button that puts a text or an image on the clipboard, and says so. */
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { base } from './base.styles.ts';
import { button } from './button.ts';
import { controls } from './controls.styles.ts';
import { copyImage } from './copy-image.ts';
import { element } from './element.ts';
import * as icons from './icons.ts';

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
  /** For screen readers, where several stand side by side; begins with the label. */
  @property({ attribute: false }) accessor name: string | undefined;
  /** The icon alone, the label for screen readers. */
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
      <span class="unseen" role="status">${isCopied ? this.#words.copied : ''}</span>
      ${this.outcome === 'failed' ? html`<p class="problem" role="alert">${this.#words.failed}</p>` : nothing}`;
  }

  get #words(): { readonly copied: string; readonly failed: string } {
    return typeof this.content === 'string' ? ofText : ofImage;
  }

  /** Without a secure page there is no clipboard; then the person is told what to do instead. */
  async #copy(): Promise<void> {
    const { content } = this;
    const outcome = await put(content).then(
      () => 'copied' as const,
      () => 'failed' as const,
    );
    if (content === this.content) this.outcome = outcome;
    if (outcome === 'copied') this.dispatchEvent(new Event('copied'));
  }
}

const ofText = { copied: 'Copied to the clipboard.', failed: 'Select the text and copy it.' };
const ofImage = {
  copied: 'The image is on the clipboard.',
  failed: 'This browser does not let the page copy images here. Download it instead.',
};

async function put(content: string | Blob): Promise<void> {
  if (typeof content === 'string') await navigator.clipboard.writeText(content);
  else await copyImage(content);
}
