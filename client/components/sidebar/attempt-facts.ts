/** What is known of an attempt, as terms and values, unfolded on demand. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { Attempt } from '../../../shared/model.ts';
import { chosenOptions, valueLabel } from '../../model/option-labels.ts';
import { attemptNumber, fileSize, shortDigest } from '../../model/sentences.ts';
import { base } from '../ui/base.styles.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import { FocusableScrollers } from '../ui/focusable-scrollers.ts';
import * as icons from '../ui/icons.ts';

@element('proof-facts')
export class AttemptFacts extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: block;
        min-inline-size: 0;
      }

      .text {
        display: block;
        max-block-size: 15rem;
        overflow-y: auto;
        white-space: pre-line;
      }

      summary {
        color: var(--ink-soft);
      }

      dl {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: 0.5rem 1rem;
        padding-block: 0.25rem 0.5rem;
        font-size: var(--small);
        line-height: 1.5;
      }

      dt {
        color: var(--ink-soft);
      }

      dd {
        overflow-wrap: anywhere;
      }

      .digest {
        font-family: var(--mono);
      }
    `,
  ];

  @property({ attribute: false }) accessor attempt: Attempt | undefined;
  /** The model of an attempt that names none. */
  @property({ attribute: false }) accessor model = '';

  constructor() {
    super();
    new FocusableScrollers(this, '.text');
  }

  override render(): TemplateResult | typeof nothing {
    const { attempt } = this;
    if (!attempt) return nothing;
    return html`<details>
      <summary>${icons.chevron()}About this picture</summary>
      <dl class="figures">
        ${this.#facts(attempt).map(([term, value]) => html`<dt>${term}</dt><dd>${value}</dd>`)}
      </dl>
    </details>`;
  }

  /** The facts that people look for most come first. */
  #facts(attempt: Attempt): [string, string | TemplateResult][] {
    const { image, prompt, options, revisedPrompt, usage, estimatedCost, startedAt, finishedAt } = attempt;
    const { model = this.model, ...others } = options;
    const facts: [string, string | TemplateResult][] = [
      ['Picture', attemptNumber(attempt)],
      ['Took', duration(Date.parse(finishedAt) - Date.parse(startedAt))],
    ];
    if (usage) facts.push(['Tokens', `${count(usage.inputTokens)} in, ${count(usage.outputTokens)} out`]);
    if (estimatedCost) {
      facts.push(['Cost', html`about ${money(estimatedCost)}<span class="soft">, estimated from token usage</span>`]);
    }
    if (model) facts.push(['Drawn by', model]);
    facts.push(...chosenOptions(others));
    const { width, height, mediaType, byteLength } = image;
    facts.push([
      'Image',
      html`<span dir="ltr">${width} × ${height}, ${valueLabel('format', mediaType.replace('image/', ''))}, ${fileSize(byteLength)}</span>`,
    ]);
    facts.push(['SHA-256', html`<span class="digest">${shortDigest(image.sha256)}</span>`]);
    facts.push(['Prompt', html`<span class="text" dir="auto">${prompt}</span>`]);
    if (revisedPrompt) facts.push(['Model’s prompt', html`<span class="text" dir="auto">${revisedPrompt}</span>`]);
    return facts;
  }
}

const duration = (ms: number): string => (ms < 1000 ? 'under 1 s' : `${Math.round(ms / 1000)} s`);
const count = (tokens: number): string => tokens.toLocaleString('en');

/** To the cent; below one cent, to one significant digit. */
function money({ amount, currency }: NonNullable<Attempt['estimatedCost']>): string {
  const digits = amount > 0 && amount < 0.01 ? { maximumSignificantDigits: 1 } : {};
  return new Intl.NumberFormat('en', { style: 'currency', currency, ...digits }).format(amount);
}
