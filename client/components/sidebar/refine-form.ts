/** The field for what should change in an attempt, and the button that refines it. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import type { Options } from '../../../shared/options.ts';
import { IntentEvent } from '../../model/intent.ts';
import { summaryOf } from '../../model/option-labels.ts';
import { billingNote } from '../../model/sentences.ts';
import type { UnsentInput } from '../../model/unsent-input.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import { SelectAttemptEvent } from '../ui/events.ts';
import * as icons from '../ui/icons.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import { fieldNotes, isSendKey, keysHint, textForm } from './text-form.ts';

@element('proof-refine')
export class RefineForm extends LocalizedElement {
  static override styles = [
    base,
    controls,
    textForm,
    css`
      textarea {
        min-block-size: 4.75rem;
      }

      .chosen {
        flex: 1 1 8rem;
        align-self: center;
      }
    `,
  ];

  /** The attempt to refine; without one, nothing is sent. */
  @property({ attribute: false }) accessor imageId: string | undefined;
  /** That attempt's number. */
  @property({ attribute: false }) accessor number: number | undefined;
  /** The longest feedback, in UTF-16 units. */
  @property({ attribute: false }) accessor limit = Number.POSITIVE_INFINITY;
  /** What this person has typed; absent: the field was not touched. */
  @property({ attribute: false }) accessor feedback: string | undefined;
  /** Changes that somebody asked for, or why the last generation was cancelled. Stands in the field until it is touched. */
  @property({ attribute: false }) accessor suggestion = '';
  @property({ attribute: 'suggested-by' }) accessor suggestedBy: 'cancel' | 'changes' = 'cancel';
  @property({ attribute: false }) accessor options: Options = {};
  /** The model that draws when the options name none. */
  @property({ attribute: false }) accessor model = '';
  @property({ type: Boolean }) accessor demo = false;
  /** A generation is running: the text is kept and cannot be sent yet. */
  @property({ type: Boolean }) accessor waits = false;
  /** The session does not keep the attempt any more: the text stays with it and cannot be sent. */
  @property({ type: Boolean }) accessor gone = false;
  /** Receives what is typed. */
  @property({ attribute: false }) accessor typed: (text: string) => Partial<UnsentInput> = (feedback) => ({ feedback });
  @property({ type: Boolean }) accessor busy = false;
  @property({ type: Boolean }) accessor unavailable = false;

  @state() private accessor problem = '';
  @query('textarea') private accessor field!: HTMLTextAreaElement;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('feedback') || changed.has('suggestion')) this.problem = '';
  }

  get #text(): string {
    return this.feedback ?? this.suggestion;
  }

  override focus(): void {
    this.field.focus();
  }

  override render(): TemplateResult {
    return html`<form novalidate @submit=${this.#submitted}>
      <label for="feedback">${this.number === undefined ? this.t('refine.label') : this.t('refine.labelOf', { number: this.number })}</label>
      <textarea
        id="feedback"
        name="feedback"
        rows="2"
        dir="auto"
        placeholder=${this.t(this.demo ? 'refine.demoPlaceholder' : 'refine.placeholder')}
        aria-describedby="problem origin keys"
        aria-invalid=${this.problem || this.#text.length > this.limit ? 'true' : nothing}
        .value=${live(this.#text)}
        @input=${this.#typed}
        @keydown=${this.#keyPressed}
      ></textarea>
      ${fieldNotes(this.t, { text: this.#text, limit: this.limit, problem: this.problem, tooLong: 'text.tooLong' })}
      <p id="origin" class="hint small soft">${this.#hint()}</p>
      <div class="send" ?hidden=${this.waits || this.gone}>
        <p class="chosen small soft"><span>${this.#chosenOptions()}</span> ${keysHint(this.t)}</p>
        ${button({
          label: this.t('refine.refine'),
          name: this.number === undefined ? undefined : this.t('refine.refineOf', { number: this.number }),
          icon: icons.arrow(),
          type: 'submit',
          busy: this.busy,
          unavailable: this.unavailable,
        })}
      </div>
    </form>`;
  }

  #hint(): string {
    if (this.gone) return this.t('refine.gone');
    if (this.waits) return this.t('prompt.waits');
    return this.feedback === undefined && this.suggestion ? this.t(`refine.suggestedBy.${this.suggestedBy}`) : '';
  }

  /** The options are chosen in the prompt form, and hold for a refinement, too. */
  #chosenOptions(): string {
    const options = summaryOf(this.t, this.options, this.model);
    return options && `${this.t('refine.chosen', { options })} ${billingNote(this.t, this.options, this.demo)}`;
  }

  /** Also selects the attempt, so that no newer one takes its place while somebody writes about it. */
  #typed(): void {
    this.dispatchEvent(new IntentEvent({ type: 'unsent', unsent: this.typed(this.field.value) }));
    if (this.imageId !== undefined) this.dispatchEvent(new SelectAttemptEvent(this.imageId));
  }

  #keyPressed(event: KeyboardEvent): void {
    if (!isSendKey(event)) return;
    event.preventDefault();
    if (!event.repeat) this.#send();
  }

  #submitted(event: Event): void {
    event.preventDefault();
    this.#send();
  }

  #send(): void {
    const { imageId, options } = this;
    const text = this.#text;
    if (this.busy || this.unavailable || this.waits || this.gone || imageId === undefined || text.length > this.limit)
      return;
    if (!text.trim()) {
      this.problem = this.t('refine.empty');
      this.focus();
      return;
    }
    this.dispatchEvent(new IntentEvent({ type: 'refine', imageId, feedback: text, options }));
  }
}
