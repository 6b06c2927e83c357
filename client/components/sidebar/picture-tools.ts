/** What can be done with the picture in view besides approving it: download, copy, discard, start over. */
import { html, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { imageFileName } from '../../../shared/file-name.ts';
import type { Attempt } from '../../../shared/model.ts';
import { IntentEvent } from '../../model/intent.ts';
import { isPending, type ReceivedImage, type SessionState } from '../../session/session-state.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import { ImageSavedEvent } from '../ui/events.ts';
import * as icons from '../ui/icons.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import '../ui/copy-button.ts';

@element('proof-tools')
export class PictureTools extends LocalizedElement {
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

      .save {
        align-items: start;
      }

      .save > * {
        display: grid;
        flex: 1 1 auto;
      }

      .save > .button {
        display: flex;
      }

      .remove {
        justify-content: space-evenly;
      }
    `,
  ];

  /** The attempt in view; absent while one of several has to be selected. */
  @property({ attribute: false }) accessor attempt: Attempt | undefined;
  /** Its bytes, once they are here. */
  @property({ attribute: false }) accessor picture: ReceivedImage | undefined;
  @property({ type: Boolean }) accessor approved = false;
  /** Whether this person may save the image. */
  @property({ type: Boolean }) accessor savable = false;
  /** Whether this person may discard the attempt. */
  @property({ type: Boolean }) accessor discards = false;
  @property({ type: Boolean, attribute: 'starts-over' }) accessor startsOver = false;
  @property({ attribute: false }) accessor pending: SessionState['pending'] = [];
  @property({ type: Boolean }) accessor unavailable = false;
  /** The picture has just come into view, and not by an act of this person. */
  @property({ type: Boolean }) accessor resting = false;

  override render(): TemplateResult {
    return html`${this.#save()}
      ${
        this.discards || this.startsOver
          ? html`<div class="row remove">${this.#discard()} ${this.#startOver()}</div>`
          : nothing
      }`;
  }

  #save(): TemplateResult | typeof nothing {
    const { picture, attempt } = this;
    if (!picture || !attempt) return nothing;
    if (!this.savable) return this.#saveLater();
    const name = imageFileName(attempt.prompt, picture.reference.mediaType, this.approved);
    const saved = (): unknown => this.dispatchEvent(new ImageSavedEvent(attempt.image.imageId));
    return html`<div class="row save">
        <a class=${`button ${this.approved ? 'primary' : ''}`} href=${picture.url} download=${name} @click=${saved}>
          ${icons.download()}<span>${this.t('tools.download')}</span>
        </a>
        <proof-copy .label=${this.t('tools.copy')} .content=${picture.blob} @copied=${saved}></proof-copy>
      </div>`;
  }

  #saveLater(): TemplateResult {
    const off = { unavailable: true } as const;
    return html`<div class="row save" role="group" aria-describedby="later">
        ${button({ label: this.t('tools.download'), icon: icons.download(), ...off })}
        ${button({ label: this.t('tools.copy'), icon: icons.copy(), ...off })}
      </div>
      <p id="later" class="small soft">${this.t('tools.saveLater')}</p>`;
  }

  #discard(): TemplateResult | typeof nothing {
    const { attempt } = this;
    if (!attempt || !this.discards) return nothing;
    return button({
      label: this.t('tools.discard', { number: attempt.number }),
      icon: icons.cross(),
      kind: 'quiet',
      once: true,
      decides: true,
      resting: this.resting,
      busy: isPending(this.pending, 'discard'),
      unavailable: this.unavailable,
      press: () => this.dispatchEvent(new IntentEvent({ type: 'discard', imageId: attempt.image.imageId })),
    });
  }

  #startOver(): TemplateResult | typeof nothing {
    if (!this.startsOver) return nothing;
    return button({
      label: this.t('common.startOver'),
      icon: icons.startOver(),
      kind: 'quiet',
      busy: isPending(this.pending, 'start_over'),
      unavailable: this.unavailable,
      press: () => this.dispatchEvent(new Event('start-over', { bubbles: true, composed: true })),
    });
  }
}
