/** What can be done with the picture on show: take it along, or leave it behind. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { imageFileName } from '../../shared/file-name.ts';
import { copyImage } from '../copy-image.ts';
import { element } from '../element.ts';
import * as icons from '../icons.ts';
import type { ReceivedImage } from '../session-state.ts';
import { base } from '../styles/base.ts';
import { controls } from '../styles/controls.ts';
import { button } from './button.ts';

@element('proof-tools')
export class PictureTools extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      .row {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
      }

      .row > * {
        flex: 1 1 auto;
      }

      .problem,
      .done {
        margin-block-start: 0.375rem;
      }
    `,
  ];

  @property({ attribute: false }) accessor picture: ReceivedImage | undefined;
  @property({ attribute: false }) accessor prompt = '';
  @property({ type: Boolean }) accessor approved = false;
  @state() private accessor outcome: 'copied' | 'failed' | undefined;

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has('picture')) this.outcome = undefined;
  }

  override render(): TemplateResult | typeof nothing {
    const { picture } = this;
    if (!picture) return nothing;
    const name = imageFileName(this.prompt, picture.reference.mediaType, this.approved);
    return html`<div class="row">
        <a class=${`button ${this.approved ? 'primary' : ''}`} href=${picture.url} download=${name}>
          ${icons.download()}<span>Download</span>
        </a>
        ${button({
          label: this.outcome === 'copied' ? 'Copied' : 'Copy image',
          icon: this.outcome === 'copied' ? icons.check() : icons.copy(),
          press: () => void this.#copy(picture),
        })}
      </div>
      <span class="unseen" role="status">${this.outcome === 'copied' ? 'The image is on the clipboard.' : ''}</span>
      ${
        this.outcome === 'failed'
          ? html`<p class="problem" role="alert">This browser does not let the page copy images here. Download it instead.</p>`
          : nothing
      }`;
  }

  async #copy(picture: ReceivedImage): Promise<void> {
    try {
      await copyImage(picture.blob);
      this.outcome = 'copied';
    } catch {
      this.outcome = 'failed';
    }
  }
}
