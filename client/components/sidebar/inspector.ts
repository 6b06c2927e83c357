/** The last snapshot as JSON, unfolded on demand. A snapshot holds no image bytes and no key. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import type { SnapshotMessage } from '../../../shared/protocol.ts';
import { base } from '../ui/base.styles.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import '../ui/copy-button.ts';

@element('proof-inspector')
export class Inspector extends LitElement {
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
        justify-items: start;
      }

      pre {
        inline-size: 100%;
        max-block-size: 26rem;
        padding: 1rem;
        overflow: auto;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--sunken);
        font-family: var(--mono);
        font-size: 0.75rem;
        line-height: 1.6;
        tab-size: 2;
      }
    `,
  ];

  @property({ attribute: false }) accessor snapshot: SnapshotMessage | undefined;
  @state() private accessor open = false;

  override render(): TemplateResult {
    return html`<details @toggle=${this.#toggled}>
      <summary>${icons.chevron()}Session state</summary>
      ${this.open ? this.#panel() : nothing}
    </details>`;
  }

  #panel(): TemplateResult {
    const json = JSON.stringify(this.snapshot, null, 2) ?? '';
    return html`<div class="panel">
      <pre tabindex="0" role="region" aria-label="Session state as JSON">${json}</pre>
      <proof-copy label="Copy JSON" .content=${json}></proof-copy>
    </div>`;
  }

  #toggled(event: Event): void {
    this.open = event.target instanceof HTMLDetailsElement && event.target.open;
  }
}
