/** What became of the last ask, where it brought fewer pictures than it was to: somebody cancelled it, or some of them failed. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { Generation, GenerationError, LastAction } from '../../../shared/model.ts';
import { IntentEvent } from '../../model/intent.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { note } from './notice.styles.ts';

@element('proof-unfinished')
export class UnfinishedNote extends LitElement {
  static override styles = [
    base,
    controls,
    note,
    css`
      .said {
        white-space: pre-line;
      }
    `,
  ];

  @property({ attribute: false }) accessor lastGeneration: Generation | undefined;
  @property({ attribute: false }) accessor lastAction: LastAction | undefined;
  /** This person's own connection. */
  @property({ attribute: false }) accessor connectionId: string | undefined;
  /** How many of its pictures were finished. */
  @property({ type: Number }) accessor attemptsOfIt = 0;
  /** Why it failed, in part or as a whole; absent where it was cancelled. */
  @property({ attribute: false }) accessor error: GenerationError | undefined;
  /** What stands in the prompt field. */
  @property({ attribute: false }) accessor draft = '';
  /** Whether this person may ask again. */
  @property({ type: Boolean }) accessor decides = false;
  @property({ type: Boolean }) accessor busy = false;
  @property({ type: Boolean }) accessor unavailable = false;

  /** Nothing of it where the error note says it all, or where this person has cancelled it and said nothing. */
  get #told(): Generation | undefined {
    const { lastGeneration } = this;
    if (!lastGeneration) return undefined;
    if (this.error) return this.attemptsOfIt > 0 ? lastGeneration : undefined;
    const isOwn = this.lastAction?.action === 'cancel' && this.lastAction.connectionId === this.connectionId;
    return lastGeneration.cancelReason || lastGeneration.failures || !isOwn ? lastGeneration : undefined;
  }

  override updated(): void {
    this.toggleAttribute('shown', this.#told !== undefined);
  }

  override render(): TemplateResult {
    // The region stands before its text comes, so that screen readers notice it.
    return html`<div role="status">${this.#told ? this.#note(this.#told) : nothing}</div>`;
  }

  #note(generation: Generation): TemplateResult {
    const { cancelReason = '', failures = [] } = generation;
    return html`<div class="note">
      ${icons.alert()}
      <div class="text">
        ${this.error ? nothing : this.#cancelled(cancelReason, generation)} ${failed(generation)}
        ${
          this.decides
            ? html`<div class="actions">
                ${cancelReason ? this.#carryOver(cancelReason) : nothing}
                ${failures.some(({ error }) => error.retryable) ? this.#again(failures.length) : nothing}
              </div>`
            : nothing
        }
      </div>
    </div>`;
  }

  #cancelled(reason: string, { candidates }: Generation): TemplateResult {
    const kept = this.attemptsOfIt;
    return html`<p class="said">${this.#who()} cancelled it${reason ? html`: “<bdi>${reason}</bdi>”` : '.'}</p>
      ${kept > 0 ? html`<p class="soft">${kept} of ${candidates} pictures ${kept === 1 ? 'was' : 'were'} finished before that.</p>` : nothing}`;
  }

  #who(): TemplateResult {
    const { lastAction } = this;
    // A server keeps only the last act: after another one nobody can tell any more.
    if (lastAction?.action !== 'cancel') return html`Somebody`;
    return lastAction.connectionId === this.connectionId ? html`You` : html`<bdi>${lastAction.by}</bdi>`;
  }

  #carryOver(reason: string): TemplateResult {
    const isThere = this.draft.split('\n').includes(reason);
    return button({
      label: isThere ? 'Added to the prompt' : 'Add to the prompt',
      unavailable: isThere,
      ...(isThere && { icon: icons.check() }),
      press: () => this.#add(reason),
    });
  }

  #again(count: number): TemplateResult {
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
