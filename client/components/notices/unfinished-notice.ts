/** Why the last generation brought fewer pictures than were asked for: it was cancelled, or some candidates failed. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { Generation, GenerationError, LastAction } from '../../../shared/model.ts';
import { IntentEvent } from '../../model/intent.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { person } from '../ui/person.ts';
import { notice } from './notice.styles.ts';

@element('proof-unfinished-notice')
export class UnfinishedNotice extends LitElement {
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
        ${this.error ? nothing : this.#cancelled(cancelReason, generation)} ${failed(generation)}
        ${
          this.decides
            ? html`<div class="actions">
                ${cancelReason ? this.#addButton(cancelReason) : nothing}
                ${failures.some(({ error }) => error.retryable) ? this.#retryButton(failures.length) : nothing}
              </div>`
            : nothing
        }
      </div>
    </div>`;
  }

  #cancelled(reason: string, { candidates }: Generation): TemplateResult {
    const { finished } = this;
    return html`<p class="cancelled">${this.#canceller()} cancelled it${reason ? html`: “<bdi>${reason}</bdi>”` : '.'}</p>
      ${finished > 0 ? html`<p class="soft">${finished} of ${candidates} pictures ${finished === 1 ? 'was' : 'were'} finished before that.</p>` : nothing}`;
  }

  #canceller(): TemplateResult {
    const { lastAction } = this;
    // The server keeps only the last action, and that may be another one by now.
    if (lastAction?.action !== 'cancel') return html`Somebody`;
    return lastAction.participantId === this.participantId ? html`You` : person(lastAction.by);
  }

  #addButton(reason: string): TemplateResult {
    const isAdded = this.draft.split('\n').includes(reason);
    return button({
      label: isAdded ? 'Added to the prompt' : 'Add to the prompt',
      unavailable: isAdded,
      ...(isAdded && { icon: icons.check() }),
      press: () => this.#add(reason),
    });
  }

  #retryButton(count: number): TemplateResult {
    return button({
      label: count === 1 ? 'Try that one again' : `Try those ${count} again`,
      icon: icons.again(),
      busy: this.busy,
      unavailable: this.unavailable,
      press: () => this.dispatchEvent(new IntentEvent({ type: 'retry' })),
    });
  }

  #add(reason: string): void {
    const text = this.draft.trim() ? `${this.draft}\n${reason}` : reason;
    this.dispatchEvent(new IntentEvent({ type: 'draft', text }));
  }
}

/** How many failed, and each reason once. */
function failed({ failures = [], candidates }: Generation): TemplateResult | typeof nothing {
  if (failures.length === 0) return nothing;
  const reasons = [...Map.groupBy(failures, ({ error }) => error.message)];
  return html`<p class="title">${failures.length} of ${pictures(candidates)} failed</p>
    ${
      reasons.length === 1
        ? html`<p>${reasons[0]?.[0]}</p>`
        : html`<ul>
            ${reasons.map(([reason, some]) => html`<li>${pictures(some.length)}: ${reason}</li>`)}
          </ul>`
    }`;
}

const pictures = (count: number): string => `${count} ${count === 1 ? 'picture' : 'pictures'}`;
