/** Says that the pictures come from the demo painter, and how to get real ones. */
import { html, LitElement, type TemplateResult } from 'lit';
import { base } from '../ui/base.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';

@element('proof-demo')
export class DemoBanner extends LitElement {
  static override styles = [
    base,
    css`
      p {
        padding: 0.5rem 1.25rem;
        border-block-end: 1px solid var(--line);
        background: var(--sunken);
        color: var(--ink-soft);
        font-size: var(--small);
        line-height: 1.45;
      }

      strong {
        color: var(--ink);
        font-weight: 620;
      }

      code {
        font-family: var(--mono);
        font-size: 0.75rem;
        color: var(--ink);
      }
    `,
  ];

  override render(): TemplateResult {
    return html`<p>
      <strong>Demo.</strong> A built-in painter draws these pictures, not a model. For real ones, set
      <code>OPENAI_API_KEY</code> and restart the server.
    </p>`;
  }
}
