/** What can be done with the picture on show: take it along, or leave it behind. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { imageFileName } from '../../shared/file-name.ts';
import type { Attempt } from '../../shared/session.ts';
import { copyImage } from '../copy-image.ts';
import { element } from '../element.ts';
import * as icons from '../icons.ts';
import { IntentEvent } from '../intent.ts';
import type { ReceivedImage, SessionState } from '../session-state.ts';
import { base } from '../styles/base.ts';
import { controls } from '../styles/controls.ts';
import { button } from './button.ts';

@element('proof-tools')
export class PictureTools extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: grid;
        gap: 0.5rem;
      }

      .row {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
      }

      .along > * {
        flex: 1 1 auto;
      }

      .away {
        justify-content: space-evenly;
      }

      .problem,
      .done {
        margin-block-start: 0.375rem;
      }
    `,
  ];

  /** The one on show; absent while one of several is to be chosen. */
  @property({ attribute: false }) accessor attempt: Attempt | undefined;
  /** Its bytes, once they are here. */
  @property({ attribute: false }) accessor picture: ReceivedImage | undefined;
  @property({ type: Boolean }) accessor approved = false;
  /** The person may put it aside. */
  @property({ type: Boolean }) accessor discards = false;
  @property({ type: Boolean, attribute: 'starts-over' }) accessor startsOver = false;
  @property({ attribute: false }) accessor pending: SessionState['pending'] = new Set();
  @property({ type: Boolean }) accessor unavailable = false;
  @state() private accessor outcome: 'copied' | 'failed' | undefined;

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has('picture')) this.outcome = undefined;
  }

  override render(): TemplateResult {
    return html`${this.#along()}
      ${
        this.discards || this.startsOver
          ? html`<div class="row away">${this.#discard()} ${this.#startOver()}</div>`
          : nothing
      }`;
  }

  #along(): TemplateResult | typeof nothing {
    const { picture, attempt } = this;
    if (!picture || !attempt) return nothing;
    const name = imageFileName(attempt.prompt, picture.reference.mediaType, this.approved);
    return html`<div class="row along">
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

  #discard(): TemplateResult | typeof nothing {
    const { attempt } = this;
    if (!attempt || !this.discards) return nothing;
    return button({
      label: 'Discard',
      name: attempt.number === undefined ? undefined : `Discard No. ${attempt.number}`,
      icon: icons.cross(),
      kind: 'quiet',
      busy: this.pending.has('discard'),
      unavailable: this.unavailable,
      press: () => this.dispatchEvent(new IntentEvent({ type: 'discard', imageId: attempt.image.imageId })),
    });
  }

  #startOver(): TemplateResult | typeof nothing {
    if (!this.startsOver) return nothing;
    return button({
      label: 'Start over',
      icon: icons.startOver(),
      kind: 'quiet',
      busy: this.pending.has('start_over'),
      unavailable: this.unavailable,
      press: () => this.dispatchEvent(new Event('start-over', { bubbles: true, composed: true })),
    });
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
