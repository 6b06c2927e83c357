/** Below a picture in the comparison: its size in pixels, and what the person can do with it. */
import { html, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { ImageReference } from '../../../shared/model.ts';
import { IntentEvent } from '../../model/intent.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { element } from '../ui/element.ts';
import { SelectAttemptEvent } from '../ui/events.ts';
import * as icons from '../ui/icons.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import { compareSide } from './compare-side.styles.ts';

@element('proof-compare-side')
export class CompareSide extends LocalizedElement {
  static override styles = [base, controls, compareSide];

  @property({ attribute: false }) accessor image!: ImageReference;
  /** The attempt's. */
  @property({ attribute: false }) accessor number = 0;
  /** 1 shows actual pixels; absent where it is the same as the zoom of the whole comparison. */
  @property({ attribute: false }) accessor zoom: number | undefined;
  /** The picture is looked at without another one. It is the one in the viewer, so there is no button to open it there. */
  @property({ type: Boolean, reflect: true }) accessor single = false;
  @property({ type: Boolean }) accessor approved = false;
  /** Whether this person may approve it. */
  @property({ type: Boolean }) accessor decides = false;
  /** The approval of this picture has no answer yet. */
  @property({ type: Boolean }) accessor busy = false;
  /** It can't be approved now. */
  @property({ type: Boolean }) accessor unavailable = false;

  override render(): TemplateResult {
    const { imageId, width, height } = this.image;
    const { number, zoom } = this;
    const open = (): unknown => this.dispatchEvent(new SelectAttemptEvent(imageId));
    return html`<div class="side" role="group" aria-label=${this.t('picture.number', { number })}>
      <span class="facts small soft figures" dir="ltr">${zoom === undefined ? this.t('compare.pixels', { width, height }) : this.t('compare.pixelsAt', { width, height, zoom })}</span>
      ${this.approved ? html`<span class="approved">${icons.check()}${this.t('common.approved')}</span>` : nothing}
      ${this.single ? nothing : button({ label: this.t('compare.open', { number }), press: open })}
      ${this.decides ? this.#approveButton() : nothing}
    </div>`;
  }

  #approveButton(): TemplateResult {
    return button({
      label: this.t('common.approve'),
      name: this.t('compare.approve', { number: this.number }),
      icon: icons.check(),
      kind: 'approve',
      busy: this.busy,
      unavailable: this.unavailable,
      press: () => this.dispatchEvent(new IntentEvent({ type: 'approve', image: this.image })),
    });
  }
}
