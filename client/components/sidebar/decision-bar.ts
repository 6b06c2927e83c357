/** The approve button for the picture in view. */
import { html, LitElement, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { ImageReference } from '../../../shared/model.ts';
import { IntentEvent } from '../../model/intent.ts';
import { undecidable } from '../../model/sentences.ts';
import type { PictureProblem } from '../../session/session-state.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';

@element('proof-decision')
export class DecisionBar extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: grid;
        gap: 0.875rem;
      }
    `,
  ];

  /** The image to approve; absent while one of several has to be selected first. */
  @property({ attribute: false }) accessor image: ImageReference | undefined;
  /** Why this person cannot see it: then they cannot approve it either. */
  @property({ attribute: false }) accessor problem: PictureProblem | undefined;
  @property({ type: Boolean }) accessor busy = false;
  @property({ type: Boolean }) accessor unavailable = false;

  override focus(): void {
    this.renderRoot.querySelector('h2')?.focus();
  }

  override render(): TemplateResult {
    if (!this.image) {
      return html`<h2 tabindex="-1">Which of them?</h2>
        <p class="soft">Open one to approve it, or to change it.</p>`;
    }
    if (this.problem) {
      return html`<h2 tabindex="-1">You can’t approve this one here</h2>
        <p class="soft">${undecidable(this.problem)}</p>`;
    }
    return html`<h2 tabindex="-1">Is this the picture?</h2>
      ${button({
        label: 'Approve',
        icon: icons.check(),
        kind: 'approve',
        wide: true,
        busy: this.busy,
        unavailable: this.unavailable,
        press: () => this.#approve(),
      })}`;
  }

  #approve(): void {
    if (this.image) this.dispatchEvent(new IntentEvent({ type: 'approve', image: this.image }));
  }
}
