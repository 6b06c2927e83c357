/** What is known of a finished picture: what it took, and what it is. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { Attempt } from '../../../shared/model.ts';
import { attemptNumber } from '../../model/attempt-label.ts';
import { optionsSet } from '../../model/option-labels.ts';
import { fileSize, shortDigest } from '../../model/sentences.ts';
import { base } from '../ui/base.styles.ts';
import { controls } from '../ui/controls.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { attemptFacts } from './attempt-facts.styles.ts';

const types = { 'image/png': 'PNG', 'image/jpeg': 'JPEG', 'image/webp': 'WebP' } as const;

@element('proof-facts')
export class AttemptFacts extends LitElement {
  static override styles = [base, controls, attemptFacts];

  @property({ attribute: false }) accessor attempt: Attempt | undefined;
  /** Those that the session keeps. */
  @property({ attribute: false }) accessor attempts: readonly Attempt[] = [];
  /** What draws where an attempt names no model of its own. */
  @property({ attribute: false }) accessor model = '';

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

  /** Terms and values, those that people ask for first. */
  #facts(attempt: Attempt): [string, string | TemplateResult][] {
    const { image, prompt, options, revisedPrompt, usage, estimatedCost, startedAt, finishedAt } = attempt;
    const { model = this.model, ...others } = options;
    const facts: [string, string | TemplateResult][] = [
      ['Picture', attemptNumber(attempt, this.attempts)],
      ['Took', duration(Date.parse(finishedAt) - Date.parse(startedAt))],
    ];
    if (usage) facts.push(['Tokens', `${count(usage.inputTokens)} in, ${count(usage.outputTokens)} out`]);
    if (estimatedCost) {
      facts.push(['Cost', html`about ${money(estimatedCost)}<span class="soft">, estimated from token usage</span>`]);
    }
    if (model) facts.push(['Drawn by', model]);
    facts.push(...optionsSet(others));
    const { width, height, mediaType, byteLength } = image;
    facts.push([
      'Image',
      html`<span dir="ltr">${width} × ${height}, ${types[mediaType]}, ${fileSize(byteLength)}</span>`,
    ]);
    facts.push(['SHA-256', html`<span class="digest">${shortDigest(image.sha256)}</span>`]);
    facts.push(['Prompt', html`<span class="text" dir="auto">${prompt}</span>`]);
    if (revisedPrompt) facts.push(['Model’s prompt', html`<span class="text" dir="auto">${revisedPrompt}</span>`]);
    return facts;
  }
}

const duration = (ms: number): string => (ms < 1000 ? 'under 1 s' : `${Math.round(ms / 1000)} s`);
const count = (tokens: number): string => tokens.toLocaleString('en');

/** To the cent; what costs less than one, to the first digit that says something. */
function money({ amount, currency }: NonNullable<Attempt['estimatedCost']>): string {
  const digits = amount > 0 && amount < 0.01 ? { maximumSignificantDigits: 1 } : {};
  return new Intl.NumberFormat('en', { style: 'currency', currency, ...digits }).format(amount);
}
