/** A notice that names the obstacle between the page and its server. The page goes on trying to connect meanwhile. */
import { html, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { obstacleLinks } from '../../model/sentences.ts';
import type { Obstacle } from '../../session/obstacle.ts';
import { base } from '../ui/base.styles.ts';
import { controls } from '../ui/controls.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import { notice } from './notice.styles.ts';

@element('proof-obstacle')
export class ObstacleNotice extends LocalizedElement {
  static override styles = [base, controls, notice];

  @property({ attribute: false }) accessor obstacle: Obstacle | undefined;
  /** The server's own page, where people may have to sign in. */
  @property({ attribute: false }) accessor link = '';

  override updated(): void {
    this.toggleAttribute('shown', this.obstacle !== undefined);
  }

  override render(): TemplateResult | typeof nothing {
    if (!this.obstacle) return nothing;
    const link = obstacleLinks[this.obstacle];
    return html`<div class="notice">
      ${icons.alert()}
      <div class="text">
        <h2 class="title">${this.t(`obstacle.${this.obstacle}`)}</h2>
        <p>${this.t(`obstacle.${this.obstacle}.text`)} <span class="soft">${this.t('obstacle.goesOn')}</span></p>
        ${link ? html`<div class="actions">${this.#linkTo(this.t(link))}</div>` : nothing}
      </div>
    </div>`;
  }

  #linkTo(label: string): TemplateResult {
    return html`<a class="button" href=${this.link} target="_blank" rel="noopener">${label}</a>`;
  }
}
