/** Who approved the picture, when, and the digest that names its bytes. */
import { html, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { Decision } from '../../../shared/model.ts';
import { moment, shortDigest } from '../../model/formats.ts';
import { base } from '../ui/base.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import { person } from '../ui/person.ts';
import '../ui/copy-button.ts';

@element('proof-approval')
export class ApprovalNote extends LocalizedElement {
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.5rem;
        padding: 1.125rem 1.25rem;
        border: 1px solid var(--line);
        border-block-start: 3px solid var(--approve);
        border-radius: var(--radius);
        background: var(--surface);
      }

      h2 {
        display: flex;
        align-items: center;
        gap: 0.5rem;
      }

      h2 .icon {
        color: var(--approve);
      }

      p {
        overflow-wrap: anywhere;
      }

      .digest {
        display: flex;
        align-items: center;
        justify-content: space-between;
        margin-block: -0.375rem -0.5rem;
        margin-inline-end: -0.5rem;
      }

      code {
        font-family: var(--mono);
        font-size: 0.75rem;
      }
    `,
  ];

  @property({ attribute: false }) accessor decision: Decision | undefined;
  /** The approved attempt's number, where another attempt is in view. */
  @property({ attribute: false }) accessor number: number | undefined;

  override focus(): void {
    this.renderRoot.querySelector('h2')?.focus();
  }

  override render(): TemplateResult | typeof nothing {
    const { decision, number } = this;
    if (!decision) return nothing;
    const title = number === undefined ? this.t('approval.approved') : this.t('approval.otherApproved', { number });
    const by = this.t.rich('approval.by', {
      name: decision.by,
      person,
      when: moment(this.t, decision.at),
      soft: (content) => html`<span class="soft">${content}</span>`,
      time: (content) => html`<time datetime=${decision.at}>${content}</time>`,
    });
    return html`<h2 tabindex="-1">${icons.check()}${title}</h2>
      <p>${by}</p>
      <div class="digest small soft">
        <span>${this.t.rich('approval.digest', { digest: shortDigest(decision.sha256), code: (text) => html`<code>${text}</code>` })}</span>
        <proof-copy bare .label=${this.t('approval.copyDigest')} .content=${decision.sha256}></proof-copy>
      </div>`;
  }
}
