/** What is known of a finished picture: what changed since the one it was made from, and what came back. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { Attempt, DiscardedAttempt } from '../../shared/session.ts';
import { type Origin, originOf } from '../attempt-tree.ts';
import { attemptNumber } from '../attempt-words.ts';
import { element } from '../element.ts';
import * as icons from '../icons.ts';
import { OpenEvent } from '../open-event.ts';
import { optionChanges, optionsSet } from '../option-words.ts';
import { attemptFacts } from '../styles/attempt-facts.ts';
import { base } from '../styles/base.ts';
import { controls } from '../styles/controls.ts';
import { diffWords, type TextPart } from '../word-diff.ts';
import { fileSize, shortDigest } from '../words.ts';

const types = { 'image/png': 'PNG', 'image/jpeg': 'JPEG', 'image/webp': 'WebP' } as const;

@element('proof-facts')
export class AttemptFacts extends LitElement {
  static override styles = [base, controls, attemptFacts];

  @property({ attribute: false }) accessor attempt: Attempt | undefined;
  /** Among them, what it was made from. */
  @property({ attribute: false }) accessor attempts: readonly Attempt[] = [];
  @property({ attribute: false }) accessor discarded: readonly DiscardedAttempt[] = [];
  /** What draws where an attempt names no model of its own. */
  @property({ attribute: false }) accessor model = '';

  override render(): TemplateResult | typeof nothing {
    const { attempt } = this;
    if (!attempt) return nothing;
    const origin = originOf(attempt, this.attempts, this.discarded);
    return html`${origin ? this.#changes(attempt, origin) : nothing}
      <details>
        <summary>${icons.chevron()}About this picture</summary>
        <dl class="figures">
          ${this.#facts(attempt, origin).map(([term, value]) => html`<dt>${term}</dt><dd>${value}</dd>`)}
        </dl>
      </details>`;
  }

  #changes(attempt: Attempt, origin: Origin): TemplateResult {
    const { feedback, prompt, options } = attempt;
    const { parent } = origin;
    const isSamePrompt = parent?.prompt === prompt;
    const differing = parent ? optionChanges(parent.options, options) : [];
    const isSame = isSamePrompt && feedback === undefined && differing.length === 0;
    return html`<section class="changes" aria-label="What changed">
      <p class="origin">
        <strong class="figures">${attemptNumber(attempt, this.attempts)}</strong>
        <span class="soft">${this.#originWords(origin)}</span>
      </p>
      ${feedback === undefined ? nothing : html`<blockquote dir="auto">${feedback}</blockquote>`}
      ${parent && !isSamePrompt ? promptChanges(diffWords(parent.prompt, prompt)) : nothing}
      ${
        differing.length > 0
          ? html`<ul class="small figures">
              ${differing.map(
                ({ title, before, after }) =>
                  html`<li>
                    <span class="soft" dir="ltr">${title}:</span>
                    <span dir="ltr">${before}<span aria-hidden="true"> → </span><span class="unseen"> to </span>${after}</span>
                  </li>`,
              )}
            </ul>`
          : nothing
      }
      ${isSame ? html`<p class="small soft">The same prompt again.</p>` : nothing}
    </section>`;
  }

  #originWords({ verb, parent, state }: Origin): TemplateResult | string {
    if (state === 'dropped') return `${verb} from a picture that is no longer kept`;
    const number = attemptNumber(parent, this.attempts);
    if (state === 'discarded') return `${verb} from ${number}, which is discarded`;
    return html`<button
      class="link figures"
      type="button"
      @click=${() => this.dispatchEvent(new OpenEvent(parent.image.imageId))}
    >
      ${verb} from ${number}
    </button>`;
  }

  /** Terms and values, those that people ask for first. */
  #facts(attempt: Attempt, origin: Origin | undefined): [string, string | TemplateResult][] {
    const { image, prompt, options, revisedPrompt, usage, estimatedCost, startedAt, finishedAt } = attempt;
    const { model = this.model, ...others } = options;
    const facts: [string, string | TemplateResult][] = [];
    if (!origin) facts.push(['Picture', attemptNumber(attempt, this.attempts)]);
    facts.push(['Prompt', html`<span class="text" dir="auto">${prompt}</span>`]);
    if (revisedPrompt) facts.push(['Model’s prompt', html`<span class="text" dir="auto">${revisedPrompt}</span>`]);
    if (model) facts.push(['Drawn by', model]);
    // With something to compare with, those that differ stand above; here are all the same, to be looked up.
    facts.push(...optionsSet(others));
    facts.push(['Took', `${Math.round((Date.parse(finishedAt) - Date.parse(startedAt)) / 1000)} s`]);
    if (usage) facts.push(['Tokens', `${count(usage.inputTokens)} in, ${count(usage.outputTokens)} out`]);
    if (estimatedCost) {
      facts.push(['Cost', html`about ${money(estimatedCost)}<span class="soft">, estimated from token usage</span>`]);
    }
    const { width, height, mediaType, byteLength } = image;
    facts.push([
      'Image',
      html`<span dir="ltr">${width} × ${height}, ${types[mediaType]}, ${fileSize(byteLength)}</span>`,
    ]);
    facts.push(['SHA-256', html`<span class="digest">${shortDigest(image.sha256)}</span>`]);
    return facts;
  }
}

const count = (tokens: number): string => tokens.toLocaleString('en');

/** To the cent; what costs less than one, to the first digit that says something. */
function money({ amount, currency }: NonNullable<Attempt['estimatedCost']>): string {
  const digits = amount > 0 && amount < 0.01 ? { maximumSignificantDigits: 1 } : {};
  return new Intl.NumberFormat('en', { style: 'currency', currency, ...digits }).format(amount);
}

function promptChanges(parts: readonly TextPart[]): TemplateResult {
  return html`<p class="text" dir="auto">${parts.map((part, at) => html`${isGlued(parts[at - 1], part) ? ' ' : nothing}${changedPart(part)}`)}</p>`;
}

/** Two words side by side of which only one is in either text: neither has a space between them. */
function isGlued(before: TextPart | undefined, part: TextPart): boolean {
  if (before?.kind !== 'removed' && part.kind !== 'removed') return false;
  return /[\p{L}\p{N}]$/u.test(before?.text ?? '') && /^[\p{L}\p{N}]/u.test(part.text);
}

/** Spaces at the end of a change stay outside of its mark. */
function changedPart({ kind, text }: TextPart): TemplateResult {
  const words = text.trimEnd();
  const space = text.slice(words.length);
  switch (kind) {
    case 'kept':
      return html`${text}`;
    case 'removed':
      return html`<del>${words}</del>${space}`;
    case 'added':
      return html`<ins>${words}</ins>${space}`;
  }
}
