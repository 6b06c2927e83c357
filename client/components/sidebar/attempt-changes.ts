/** What changed in an attempt since the one that it was made from (rule M9). */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { Attempt, DiscardedAttempt } from '../../../shared/model.ts';
import { type Origin, originOf } from '../../model/attempt-tree.ts';
import { optionChanges } from '../../model/option-labels.ts';
import { attemptNumber } from '../../model/sentences.ts';
import { diffWords, type TextPart } from '../../model/word-diff.ts';
import { base } from '../ui/base.styles.ts';
import { controls } from '../ui/controls.styles.ts';
import { element } from '../ui/element.ts';
import { SelectAttemptEvent } from '../ui/events.ts';
import { FocusableScrollers } from '../ui/focusable-scrollers.ts';
import { attemptChanges } from './attempt-changes.styles.ts';

@element('proof-changes')
export class AttemptChanges extends LitElement {
  static override styles = [base, controls, attemptChanges];

  @property({ attribute: false }) accessor attempt: Attempt | undefined;
  /** Those that the session keeps. */
  @property({ attribute: false }) accessor attempts: readonly Attempt[] = [];
  @property({ attribute: false }) accessor discarded: readonly DiscardedAttempt[] = [];

  constructor() {
    super();
    new FocusableScrollers(this, 'blockquote, .text');
  }

  /** Scrolls a long text to its first change. */
  override updated(changed: PropertyValues<this>): void {
    const before = changed.get('attempt');
    if (!changed.has('attempt') || before?.image.imageId === this.attempt?.image.imageId) return;
    const text = this.renderRoot.querySelector<HTMLElement>('.changes > .text');
    const change = text?.querySelector<HTMLElement>('del, ins');
    if (text && change) text.scrollTop = change.offsetTop - text.clientHeight / 4;
  }

  override render(): TemplateResult | typeof nothing {
    const { attempt } = this;
    const origin = attempt && originOf(attempt, this.attempts, this.discarded);
    return attempt && origin ? this.#changes(attempt, origin) : nothing;
  }

  #changes(attempt: Attempt, origin: Origin): TemplateResult {
    const { feedback, prompt, options } = attempt;
    const { parent } = origin;
    const isSamePrompt = parent?.prompt === prompt;
    const differing = parent ? optionChanges(parent.options, options) : [];
    const isSame = isSamePrompt && feedback === undefined && differing.length === 0;
    return html`<section class="changes" aria-label="What changed">
      <p class="origin">
        <strong class="figures">${attemptNumber(attempt)}</strong>
        <span class="soft">${this.#originText(origin)}</span>
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

  #originText({ verb, parent, state }: Origin): TemplateResult | string {
    if (state === 'dropped') return `${verb} from a picture that is no longer kept`;
    const number = attemptNumber(parent);
    if (state === 'discarded') return `${verb} from ${number}, which is discarded`;
    return html`<button
      class="link figures"
      type="button"
      @click=${() => this.dispatchEvent(new SelectAttemptEvent(parent.image.imageId))}
    >
      ${verb} from ${number}
    </button>`;
  }
}

function promptChanges(parts: readonly TextPart[]): TemplateResult {
  return html`<p class="text" dir="auto">${parts.map((part, at) => html`${needsSpace(parts[at - 1], part) ? ' ' : nothing}${changedPart(part)}`)}</p>`;
}

/** The last word of a text has no space after it, so the part that follows it here would run into it. */
function needsSpace(before: TextPart | undefined, part: TextPart): boolean {
  if (before?.kind !== 'removed' && part.kind !== 'removed') return false;
  return /[\p{L}\p{N}]$/u.test(before?.text ?? '') && /^[\p{L}\p{N}]/u.test(part.text);
}

/** The spaces at the end of a change are not marked. */
function changedPart({ kind, text }: TextPart): TemplateResult {
  const trimmed = text.trimEnd();
  const space = text.slice(trimmed.length);
  switch (kind) {
    case 'kept':
      return html`${text}`;
    case 'removed':
      return html`<del>${trimmed}</del>${space}`;
    case 'added':
      return html`<ins>${trimmed}</ins>${space}`;
  }
}
