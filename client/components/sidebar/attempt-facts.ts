/** What is known of an attempt, as terms and values, unfolded on demand. */
import { html, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { Attempt } from '../../../shared/model.ts';
import { fileSize, money, shortDigest } from '../../model/formats.ts';
import { chosenOptions, formatName } from '../../model/option-labels.ts';
import { attemptNumber } from '../../model/sentences.ts';
import type { Texts } from '../../model/texts.ts';
import { base } from '../ui/base.styles.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import '../ui/long-text.ts';

@element('proof-facts')
export class AttemptFacts extends LocalizedElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: block;
        min-inline-size: 0;
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

  override render(): TemplateResult | typeof nothing {
    const { attempt } = this;
    if (!attempt) return nothing;
    return html`<details>
      <summary>${icons.chevron()}${this.t('facts.title')}</summary>
      <dl class="figures">
        ${this.#facts(attempt).map(([term, value]) => html`<dt>${term}</dt><dd>${value}</dd>`)}
      </dl>
    </details>`;
  }

  /** The facts that people look for most come first. */
  #facts(attempt: Attempt): [string, string | TemplateResult][] {
    const { t } = this;
    const { image, prompt, options, revisedPrompt, usage, estimatedCost, startedAt, finishedAt } = attempt;
    const { model = this.model, ...others } = options;
    const facts: [string, string | TemplateResult][] = [
      [t('facts.picture'), attemptNumber(t, attempt)],
      [t('facts.took'), duration(t, Date.parse(finishedAt) - Date.parse(startedAt))],
    ];
    if (usage)
      facts.push([t('facts.tokens'), t('facts.tokensInOut', { input: usage.inputTokens, output: usage.outputTokens })]);
    if (estimatedCost) {
      const amount = money(t, estimatedCost.amount, estimatedCost.currency);
      const soft = (text: unknown) => html`<span class="soft">${text}</span>`;
      facts.push([t('facts.cost'), html`${t.rich('facts.costAbout', { amount, soft })}`]);
    }
    if (model) facts.push([t('facts.drawnBy'), model]);
    facts.push(...chosenOptions(t, others));
    const { width, height, mediaType, byteLength } = image;
    facts.push([
      t('facts.image'),
      t('facts.imageIs', {
        width,
        height,
        format: formatName(mediaType.replace('image/', '')),
        size: fileSize(t, byteLength),
      }),
    ]);
    facts.push(['SHA-256', html`<span class="digest">${shortDigest(image.sha256)}</span>`]);
    facts.push([t('facts.prompt'), html`<proof-text .text=${prompt}></proof-text>`]);
    if (revisedPrompt) facts.push([t('facts.revisedPrompt'), html`<proof-text .text=${revisedPrompt}></proof-text>`]);
    return facts;
  }
}

const duration = (t: Texts, ms: number): string =>
  ms < 1000 ? t('number.underOneSecond', { seconds: 1 }) : t('number.seconds', { seconds: Math.round(ms / 1000) });
