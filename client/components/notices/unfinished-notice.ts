/** Why the last generation brought fewer pictures than were asked for: it was cancelled, or some candidates failed. */
import { html, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { Generation, GenerationError, LastAction } from '../../../shared/model.ts';
import { IntentEvent } from '../../model/intent.ts';
import { failureSentence } from '../../model/sentences.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import { person } from '../ui/person.ts';
import { wordedText } from '../ui/worded-text.ts';
import { notice } from './notice.styles.ts';
import './retry.ts';

@element('proof-unfinished-notice')
export class UnfinishedNotice extends LocalizedElement {
  static override styles = [
    base,
    controls,
    notice,
    css`
      .cancelled {
        white-space: pre-line;
      }
    `,
  ];

  @property({ attribute: false }) accessor lastGeneration: Generation | undefined;
  @property({ attribute: false }) accessor lastAction: LastAction | undefined;
  /** This person. */
  @property({ attribute: false }) accessor participantId: string | undefined;
  /** How many of its pictures were finished. */
  @property({ type: Number }) accessor finished = 0;
  /** Why it failed, in part or as a whole; absent if it was cancelled. */
  @property({ attribute: false }) accessor error: GenerationError | undefined;
  /** How far the server's clock is ahead of this one, in milliseconds. */
  @property({ attribute: false }) accessor serverAheadMs: number | undefined;
  /** The text of the prompt field. */
  @property({ attribute: false }) accessor draft = '';
  /** Whether this person may try again. */
  @property({ type: Boolean }) accessor decides = false;
  @property({ type: Boolean }) accessor busy = false;
  @property({ type: Boolean }) accessor unavailable = false;

  /** Undefined where the error notice says it all, or where this person cancelled it and gave no reason. */
  get #shown(): Generation | undefined {
    const { lastGeneration } = this;
    if (!lastGeneration) return undefined;
    if (this.error) return this.finished > 0 ? lastGeneration : undefined;
    const isOwn = this.lastAction?.action === 'cancel' && this.lastAction.participantId === this.participantId;
    return lastGeneration.cancelReason || lastGeneration.failures || !isOwn ? lastGeneration : undefined;
  }

  override updated(): void {
    this.toggleAttribute('shown', this.#shown !== undefined);
  }

  override render(): TemplateResult {
    // The region exists before its text, so that screen readers announce the text.
    return html`<div role="status">${this.#shown ? this.#notice(this.#shown) : nothing}</div>`;
  }

  #notice(generation: Generation): TemplateResult {
    const { cancelReason = '', failures = [] } = generation;
    return html`<div class="notice">
      ${icons.alert()}
      <div class="text">
        ${this.error ? nothing : this.#cancelled(cancelReason, generation)} ${this.#failed(generation)}
        ${
          this.decides
            ? html`<div class="actions">
                ${cancelReason ? this.#addButton(cancelReason) : nothing}
                ${failures.some(({ error }) => error.retryable) ? this.#retry(generation) : nothing}
              </div>`
            : nothing
        }
      </div>
    </div>`;
  }

  #cancelled(reason: string, { candidates }: Generation): TemplateResult {
    const { finished } = this;
    const by = this.#canceller;
    const text = reason
      ? this.t.rich('unfinished.cancelledBecause', { ...by, reason, person })
      : this.t.rich('unfinished.cancelled', { ...by, person });
    return html`<p class="cancelled">${text}</p>
      ${finished > 0 ? html`<p class="soft">${this.t('unfinished.finishedBefore', { finished, candidates })}</p>` : nothing}`;
  }

  get #canceller(): { readonly who: 'you' | 'somebody' | 'other'; readonly name: string } {
    const { lastAction } = this;
    // The server keeps only the last action, and that may be another one by now.
    if (lastAction?.action !== 'cancel') return { who: 'somebody', name: '' };
    return { who: lastAction.participantId === this.participantId ? 'you' : 'other', name: lastAction.by };
  }

  /** How many failed, and each reason once. */
  #failed({ failures = [], candidates }: Generation): TemplateResult | typeof nothing {
    if (failures.length === 0) return nothing;
    const reasons = [...Map.groupBy(failures, ({ error }) => failureSentence(this.t, error).text).values()];
    const [first] = failures;
    return html`<p class="title">${this.t('unfinished.failed', { failed: failures.length, candidates })}</p>
      ${
        reasons.length === 1 && first
          ? wordedText(failureSentence(this.t, first.error))
          : html`<ul>
              ${reasons.map((some) => html`<li>${this.#reason(some)}</li>`)}
            </ul>`
      }`;
  }

  #reason(failures: NonNullable<Generation['failures']>): unknown {
    const [first] = failures;
    if (!first) return nothing;
    const { text: reason, language } = failureSentence(this.t, first.error);
    const text = (content: unknown) => html`<span lang=${language}>${content}</span>`;
    return this.t.rich('unfinished.failedBecause', { count: failures.length, reason, text });
  }

  #addButton(reason: string): TemplateResult {
    const isAdded = this.draft.split('\n').includes(reason);
    return button({
      label: this.t(isAdded ? 'unfinished.added' : 'unfinished.add'),
      unavailable: isAdded,
      ...(isAdded && { icon: icons.check() }),
      press: () => this.#add(reason),
    });
  }

  #retry({ generationId, failures = [] }: Generation): TemplateResult {
    const limited = failures.find(({ error }) => error.code === 'rate_limited');
    return html`<proof-retry
      aria-live="off"
      .label=${this.t('unfinished.retry', { count: failures.length })}
      .error=${limited?.error}
      .generationId=${generationId}
      .serverAheadMs=${this.serverAheadMs}
      ?busy=${this.busy}
      ?unavailable=${this.unavailable}
    ></proof-retry>`;
  }

  #add(reason: string): void {
    const text = this.draft.trim() ? `${this.draft}\n${reason}` : reason;
    this.dispatchEvent(new IntentEvent({ type: 'draft', text }));
  }
}
