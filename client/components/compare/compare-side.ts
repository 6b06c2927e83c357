/** What is known of a compared picture, or of one that is looked at closely, and what can be done with it. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { ImageReference } from '../../../shared/model.ts';
import { IntentEvent } from '../../model/intent.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { element } from '../ui/element.ts';
import { SelectAttemptEvent } from '../ui/events.ts';
import * as icons from '../ui/icons.ts';

@element('proof-compare-side')
export class CompareSide extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      .side {
        display: flex;
        align-items: center;
        justify-content: end;
        gap: 0.5rem;
        block-size: 44px;
      }

      .side .button {
        min-block-size: 44px;
        padding-inline: 0.625rem;
        font-size: var(--small);
        font-weight: 560;
        white-space: nowrap;
      }

      .facts {
        flex: 1;
        min-inline-size: 0;
        line-height: 1.3;
      }

      .approved {
        display: inline-flex;
        align-items: center;
        gap: 0.375em;
        min-block-size: 28px;
        padding-inline: 0.75em;
        border-radius: 99px;
        background: var(--approve);
        color: var(--on-approve);
        font-size: var(--small);
        font-weight: 620;
      }

      /* Two sides share the width: no room for the facts beside the buttons. */
      @container (40rem <= inline-size < 48rem) {
        :host(:not([alone])) .facts {
          visibility: hidden;
        }
      }

      @container (inline-size >= 60rem) {
        .side .button {
          padding-inline: 0.875rem;
          font-size: var(--body);
        }
      }

      @media (forced-colors: active) {
        .approved {
          border: 1px solid CanvasText;
        }
      }
    `,
  ];

  @property({ attribute: false }) accessor image!: ImageReference;
  /** Such as `No. 3`. */
  @property({ attribute: false }) accessor name = '';
  /** Such as `150%`, where this picture's isn't that of the whole comparison. */
  @property({ attribute: false }) accessor zoom: string | undefined;
  /** There is no other: it is the one on the mat. */
  @property({ type: Boolean, reflect: true }) accessor alone = false;
  @property({ type: Boolean }) accessor approved = false;
  /** Whether this person may approve it. */
  @property({ type: Boolean }) accessor decides = false;
  /** An approval is on its way, of whichever picture. */
  @property({ type: Boolean }) accessor busy = false;
  @property({ type: Boolean }) accessor unavailable = false;

  #approving: string | undefined;

  override render(): TemplateResult {
    const { imageId, width, height } = this.image;
    return html`<div class="side" role="group" aria-label=${this.name}>
      <span class="facts small soft figures" dir="ltr">${width}&nbsp;×&nbsp;${height}${this.zoom ? ` at ${this.zoom}` : ''}</span>
      ${this.approved ? html`<span class="approved">${icons.check()}Approved</span>` : nothing}
      ${this.alone ? nothing : button({ label: `Open ${this.name}`, press: () => this.dispatchEvent(new SelectAttemptEvent(imageId)) })}
      ${this.decides ? this.#approveButton() : nothing}
    </div>`;
  }

  #approveButton(): TemplateResult {
    return button({
      label: 'Approve',
      name: `Approve ${this.name}`,
      icon: icons.check(),
      kind: 'approve',
      busy: this.busy && this.#approving === this.image.imageId,
      unavailable: this.unavailable || this.busy,
      press: () => {
        this.#approving = this.image.imageId;
        this.dispatchEvent(new IntentEvent({ type: 'approve', image: this.image }));
      },
    });
  }
}
