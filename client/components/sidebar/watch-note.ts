/** Tells somebody who may not decide that they are watching, and what happens now. */
import { html, LitElement, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { WelcomeMessage } from '../../../shared/protocol.ts';
import { type WatchedStage, watchSentence } from '../../model/sentences.ts';
import { base } from '../ui/base.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';

@element('proof-watch-note')
export class WatchNote extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        gap: 0.375rem;
      }

      h2 {
        display: flex;
        align-items: center;
        gap: 0.5rem;
      }
    `,
  ];

  @property({ attribute: false }) accessor stage: WatchedStage = 'initial_input';
  @property({ attribute: false }) accessor ownRole: WelcomeMessage['role'] = 'watcher';

  override focus(): void {
    this.renderRoot.querySelector('h2')?.focus();
  }

  override render(): TemplateResult {
    return html`<h2 tabindex="-1">${icons.eye()}You are watching</h2>
      <p class="soft">${watchSentence(this.stage, this.ownRole)}</p>`;
  }
}
