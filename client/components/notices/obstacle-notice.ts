/** A notice that names the obstacle between the page and its server. The page goes on trying to connect meanwhile. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { obstacles } from '../../model/sentences.ts';
import type { Obstacle } from '../../session/obstacle.ts';
import { base } from '../ui/base.styles.ts';
import { controls } from '../ui/controls.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { notice } from './notice.styles.ts';

@element('proof-obstacle')
export class ObstacleNotice extends LitElement {
  static override styles = [base, controls, notice];

  @property({ attribute: false }) accessor obstacle: Obstacle | undefined;
  /** The server's own page, where people may have to sign in. */
  @property({ attribute: false }) accessor link = '';

  override updated(): void {
    this.toggleAttribute('shown', this.obstacle !== undefined);
  }

  override render(): TemplateResult | typeof nothing {
    if (!this.obstacle) return nothing;
    const { title, text, link } = obstacles[this.obstacle];
    return html`<div class="notice">
      ${icons.alert()}
      <div class="text">
        <h2 class="title">${title}</h2>
        <p>${text} <span class="soft">This page goes on trying.</span></p>
        ${link ? html`<div class="actions">${this.#linkTo(link)}</div>` : nothing}
      </div>
    </div>`;
  }

  #linkTo(label: string): TemplateResult {
    return html`<a class="button" href=${this.link} target="_blank" rel="noopener">${label}</a>`;
  }
}
