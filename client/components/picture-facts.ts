/** What is known of a finished picture: how it was asked for, and what came back. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { Attempt } from '../../shared/session.ts';
import { element } from '../element.ts';
import * as icons from '../icons.ts';
import { base } from '../styles/base.ts';
import { controls } from '../styles/controls.ts';
import { fileSize } from '../words.ts';

const types = { 'image/png': 'PNG', 'image/jpeg': 'JPEG', 'image/webp': 'WebP' } as const;

@element('proof-facts')
export class PictureFacts extends LitElement {
  static override styles = [
    base,
    controls,
    css`
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
        white-space: pre-line;
      }
    `,
  ];

  @property({ attribute: false }) accessor attempt: Attempt | undefined;
  /** What drew it. */
  @property({ attribute: false }) accessor model = '';

  override render(): TemplateResult | typeof nothing {
    if (!this.attempt) return nothing;
    return html`<details>
      <summary>${icons.chevron()}About this picture</summary>
      <dl class="figures">
        ${factsOf(this.attempt, this.model).map(([term, value]) => html`<dt>${term}</dt><dd>${value}</dd>`)}
      </dl>
    </details>`;
  }
}

function factsOf({ image, revisedPrompt, usage, startedAt, finishedAt }: Attempt, model: string): [string, string][] {
  const seconds = Math.round((Date.parse(finishedAt) - Date.parse(startedAt)) / 1000);
  const facts: [string, string][] = [];
  if (model) facts.push(['Drawn by', model]);
  facts.push(['Took', `${seconds} s`]);
  facts.push(['Image', `${image.width} × ${image.height}, ${types[image.mediaType]}, ${fileSize(image.byteLength)}`]);
  if (usage) facts.push(['Tokens', usage.totalTokens.toLocaleString('en')]);
  if (revisedPrompt) facts.push(['Model’s prompt', revisedPrompt]);
  return facts;
}
