/** The field for what should change in an attempt, and the button that refines it. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import type { Options } from '../../../shared/options.ts';
import { IntentEvent } from '../../model/intent.ts';
import { summaryOf } from '../../model/option-labels.ts';
import { billingNote } from '../../model/sentences.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import { SelectAttemptEvent } from '../ui/events.ts';
import * as icons from '../ui/icons.ts';
import { fieldNotes, isSendKey, textForm } from './text-form.ts';

@element('proof-refine')
export class RefineForm extends LitElement {
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
  /** Why the last generation was cancelled. Stands in the field until it is touched. */
  @property({ attribute: false }) accessor suggestion = '';
  @property({ attribute: false }) accessor options: Options = {};
  /** The model that draws when the options name none. */
  @property({ attribute: false }) accessor model = '';
  @property({ type: Boolean }) accessor demo = false;
  /** A generation is running: the text is kept and cannot be sent yet. */
  @property({ type: Boolean }) accessor waits = false;
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
      <label for="feedback">What should change${this.number === undefined ? '' : ` in No. ${this.number}`}?</label>
      <textarea
        id="feedback"
        name="feedback"
        rows="2"
        dir="auto"
        placeholder=${this.demo ? 'Warmer light, and more of it' : 'Warmer light, and no boat'}
        aria-describedby="problem origin"
        aria-invalid=${this.problem || this.#text.length > this.limit ? 'true' : nothing}
        .value=${live(this.#text)}
        @input=${this.#typed}
        @keydown=${this.#keyPressed}
      ></textarea>
      ${fieldNotes({ text: this.#text, limit: this.limit, problem: this.problem, subject: 'This' })}
      <p id="origin" class="hint small soft">${this.#hint()}</p>
      <div class="send" ?hidden=${this.waits}>
        <p class="chosen small soft">${this.#chosenOptions()}</p>
        ${button({
          label: 'Refine',
          name: this.number === undefined ? undefined : `Refine No. ${this.number}`,
          icon: icons.arrow(),
          type: 'submit',
          busy: this.busy,
          unavailable: this.unavailable,
        })}
      </div>
    </form>`;
  }

  #hint(): string {
    if (this.waits) return 'It waits here until this picture is done.';
    return this.feedback === undefined && this.suggestion ? 'From the cancelled drawing. Change it as you like.' : '';
  }

  /** The options are chosen in the prompt form, and hold for a refinement, too. */
  #chosenOptions(): string {
    const chosen = summaryOf(this.options, this.model);
    return chosen.length > 0 ? `As chosen below: ${chosen.join(', ')}. ${billingNote(this.options, this.demo)}` : '';
  }

  /** Also selects the attempt, so that no newer one takes its place while somebody writes about it. */
  #typed(): void {
    this.dispatchEvent(new IntentEvent({ type: 'unsent', unsent: { feedback: this.field.value } }));
    if (this.imageId !== undefined) this.dispatchEvent(new SelectAttemptEvent(this.imageId));
  }

  #keyPressed(event: KeyboardEvent): void {
    if (!isSendKey(event)) return;
    event.preventDefault();
    this.#send();
  }

  #submitted(event: Event): void {
    event.preventDefault();
    this.#send();
  }

  #send(): void {
    const { imageId, options } = this;
    const text = this.#text;
    if (this.busy || this.unavailable || this.waits || imageId === undefined || text.length > this.limit) return;
    if (!text.trim()) {
      this.problem = 'Say what should change first.';
      this.focus();
      return;
    }
    this.dispatchEvent(new IntentEvent({ type: 'refine', imageId, feedback: text, options }));
  }
}
