/** For the creator of the session: how many people must approve the same picture. */
import { html, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import { MOST_APPROVALS } from '../../../shared/model.ts';
import { IntentEvent } from '../../model/intent.ts';
import { base } from '../ui/base.styles.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { LocalizedElement } from '../ui/localized-element.ts';

@element('proof-approvals')
export class ApprovalsNeeded extends LocalizedElement {
  static override styles = [
    base,
    controls,
    css`
      summary {
        color: var(--ink-soft);
      }

      .panel {
        display: grid;
        gap: 0.5rem;
        padding-block-end: 0.75rem;
      }

      select {
        max-inline-size: 8rem;
      }
    `,
  ];

  @property({ type: Number }) accessor needed = 1;
  /** The change can't be sent, or has no answer yet. */
  @property({ type: Boolean }) accessor unavailable = false;

  override render(): TemplateResult {
    return html`<details>
      <summary class="figures">${icons.chevron()}${this.t('approvals.needed', { count: this.needed })}</summary>
      <div class="panel">
        <label for="needed">${this.t('approvals.change')}</label>
        <select id="needed" aria-describedby="hint" ?disabled=${this.unavailable} @change=${this.#changed}>
          ${Array.from(
            { length: MOST_APPROVALS },
            (_, at) =>
              html`<option value=${at + 1} .selected=${live(at + 1 === this.needed)}>${this.t('approvals.people', { count: at + 1 })}</option>`,
          )}
        </select>
        <p id="hint" class="small soft">${this.t('approvals.whose')}</p>
      </div>
    </details>`;
  }

  /** The list shows the new number once the server has taken it. */
  #changed({ target }: Event): void {
    if (!(target instanceof HTMLSelectElement)) return;
    const approvals = Number(target.value);
    target.value = String(this.needed);
    this.dispatchEvent(new IntentEvent({ type: 'require_approvals', approvals }));
  }
}
