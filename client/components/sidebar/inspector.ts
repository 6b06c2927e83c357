/** For reviewers who look into how things work: what draws, and the last snapshot as JSON, which holds no image bytes and no key. */
import { html, nothing, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import type { SnapshotMessage, WelcomeMessage } from '../../../shared/protocol.ts';
import { base } from '../ui/base.styles.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import '../ui/copy-button.ts';

@element('proof-inspector')
export class Inspector extends LocalizedElement {
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

      dl {
        display: grid;
        grid-template-columns: auto 1fr;
        gap: 0.25rem 1rem;
        margin-block-end: 0.5rem;
        font-size: var(--small);
      }

      dt {
        color: var(--ink-soft);
      }

      dd {
        overflow-wrap: anywhere;
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
  @property({ attribute: false }) accessor generator: WelcomeMessage['generator'] | undefined;
  @state() private accessor open = false;

  override render(): TemplateResult {
    const { name = '', model = '' } = this.generator ?? {};
    return html`<details>
      <summary>${icons.chevron()}${this.t('state.details')}</summary>
      <dl>
        <dt>${this.t('state.generator')}</dt>
        <dd>${name}</dd>
        <dt>${this.t('option.model')}</dt>
        <dd>${model}</dd>
        <dt>${this.t('state.revision')}</dt>
        <dd class="figures">${this.snapshot?.revision}</dd>
      </dl>
      <details @toggle=${this.#toggled}>
        <summary>${icons.chevron()}${this.t('state.title')}</summary>
        ${this.open ? this.#panel() : nothing}
      </details>
    </details>`;
  }

  #panel(): TemplateResult {
    const json = JSON.stringify(this.snapshot, null, 2) ?? '';
    return html`<div class="panel">
      <pre tabindex="0" role="region" aria-label=${this.t('state.json')}>${json}</pre>
      <proof-copy .label=${this.t('state.copy')} .content=${json}></proof-copy>
    </div>`;
  }

  #toggled(event: Event): void {
    this.open = event.target instanceof HTMLDetailsElement && event.target.open;
  }
}
