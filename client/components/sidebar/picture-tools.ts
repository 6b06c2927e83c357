/** What can be done with the picture on show: take it along, or leave it behind. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { imageFileName } from '../../../shared/file-name.ts';
import type { Attempt } from '../../../shared/model.ts';
import { IntentEvent } from '../../model/intent.ts';
import type { ReceivedImage, SessionState } from '../../session/session-state.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { TakenEvent } from '../viewer/saved-event.ts';
import '../ui/copy-button.ts';

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

      .along {
        align-items: start;
      }

      .along > * {
        display: grid;
        flex: 1 1 auto;
      }

      .along > a {
        display: flex;
      }

      .away {
        justify-content: space-evenly;
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
        <a
          class=${`button ${this.approved ? 'primary' : ''}`}
          href=${picture.url}
          download=${name}
          @click=${() => this.#taken(attempt)}
        >
          ${icons.download()}<span>Download</span>
        </a>
        <proof-copy label="Copy image" .content=${picture.blob} @copied=${() => this.#taken(attempt)}></proof-copy>
      </div>`;
  }

  #taken({ image }: Attempt): void {
    this.dispatchEvent(new TakenEvent(image.imageId));
  }

  #discard(): TemplateResult | typeof nothing {
    const { attempt } = this;
    if (!attempt || !this.discards) return nothing;
    return button({
      label: attempt.number === undefined ? 'Discard' : `Discard No. ${attempt.number}`,
      icon: icons.cross(),
      kind: 'quiet',
      once: true,
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
}
