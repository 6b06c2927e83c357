/** Who approved the picture, when, and the digest that names its bytes. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { Decision } from '../../../shared/model.ts';
import { shortDigest } from '../../model/sentences.ts';
import { base } from '../ui/base.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { person } from '../ui/person.ts';
import '../ui/copy-button.ts';

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

@element('proof-approval')
export class ApprovalNote extends LitElement {
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
  @property({ attribute: false }) accessor number: string | undefined;

  override focus(): void {
    this.renderRoot.querySelector('h2')?.focus();
  }

  override render(): TemplateResult | typeof nothing {
    const { decision, number } = this;
    if (!decision) return nothing;
    return html`<h2 tabindex="-1">${icons.check()}${number === undefined ? 'Approved' : `${number} is approved`}</h2>
      <p>
        by ${person(decision.by)}<span class="soft">,
          <time datetime=${decision.at}>${moment.format(new Date(decision.at))}</time></span>
      </p>
      <div class="digest small soft">
        <span>SHA-256 <code>${shortDigest(decision.sha256)}</code></span>
        <proof-copy bare label="Copy digest" .content=${decision.sha256}></proof-copy>
      </div>`;
  }
}
