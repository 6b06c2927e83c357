/** Says what should change in a picture. One instance lives through all stages, so that what is typed outlives a failure and a refusal. */
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import type { Options } from '../../shared/session.ts';
import { element } from '../element.ts';
import * as icons from '../icons.ts';
import { IntentEvent } from '../intent.ts';
import { OpenEvent } from '../open-event.ts';
import { billingWords, chosenWords } from '../option-words.ts';
import { base } from '../styles/base.ts';
import { controls } from '../styles/controls.ts';
import { promptForm } from '../styles/prompt-form.ts';
import { joined, type Unsent } from '../unsent.ts';
import { button } from './button.ts';
import { fieldNotes, isSendKey } from './field-notes.ts';

@element('proof-refine')
export class RefineForm extends LitElement {
  static override styles = [
    base,
    controls,
    promptForm,
    css`
      textarea {
        min-block-size: 4.75rem;
      }

      .with {
        flex: 1 1 8rem;
        align-self: center;
      }
    `,
  ];

  /** The picture that the words are about; while there is none, nothing is sent. */
  @property({ attribute: false }) accessor imageId: string | undefined;
  /** The number of that picture, as people know it. */
  @property({ attribute: false }) accessor number: number | undefined;
  /** In UTF-16 units. */
  @property({ attribute: false }) accessor limit = Number.POSITIVE_INFINITY;
  /** Why the last drawing was cancelled: lent to an empty field, and taken back with the reason unless somebody made it theirs. */
  @property({ attribute: false }) accessor suggestion = '';
  /** The feedback of the newest attempt: what was sent in those words has become a picture. */
  @property({ attribute: false }) accessor accepted: string | undefined;
  /** Which attempt that is, so that the same words may be sent twice. */
  @property({ attribute: false }) accessor acceptedId: string | undefined;
  @property({ attribute: false }) accessor options: Options = {};
  /** What draws where the options name nothing else. */
  @property({ attribute: false }) accessor model = '';
  @property({ type: Boolean }) accessor demo = false;
  /** Another picture is being drawn: what is written here waits for its turn. */
  @property({ type: Boolean }) accessor waits = false;
  /** What a tab that was reloaded finds again. */
  @property({ attribute: false }) accessor unsent: Unsent = {};
  @property({ type: Boolean }) accessor busy = false;
  @property({ type: Boolean }) accessor unavailable = false;

  @state() private accessor text = '';
  @state() private accessor problem = '';
  /** The field holds the suggestion, which nobody has touched. */
  @state() private accessor isLent = false;
  @query('textarea') private accessor field!: HTMLTextAreaElement;
  /** What this person last asked for, until it has become a picture. */
  @state() private accessor sent: string | undefined;
  /** As the tab knows it. */
  #told: Pick<Unsent, 'feedback' | 'askedFeedback'> = {};

  override willUpdate(changed: PropertyValues<this>): void {
    if (!this.hasUpdated) this.#findAgain(this.unsent);
    const isNew = changed.has('accepted') || changed.has('acceptedId');
    if (isNew && this.sent !== undefined && this.accepted?.trim() === this.sent) {
      if (this.text.trim() === this.sent) this.#hold('');
      this.sent = undefined;
    }
    if (changed.has('suggestion')) this.#borrow();
  }

  #findAgain({ feedback, askedFeedback }: Unsent): void {
    this.#hold(feedback ?? '');
    this.sent = askedFeedback;
    this.#told = { feedback, askedFeedback };
  }

  override updated(): void {
    const feedback = (!this.isLent && this.text) || undefined;
    if (feedback === this.#told.feedback && this.sent === this.#told.askedFeedback) return;
    this.#told = { feedback, askedFeedback: this.sent };
    this.dispatchEvent(new IntentEvent({ type: 'unsent', unsent: this.#told }));
  }

  /** Takes in words that were written elsewhere, after those that stand here. */
  takeOver(words: string): void {
    this.#hold(joined(this.isLent ? '' : this.text, words));
  }

  clear(): void {
    this.#hold('');
  }

  get hasWords(): boolean {
    return this.text.trim() !== '';
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
        aria-invalid=${this.problem || this.text.length > this.limit ? 'true' : nothing}
        .value=${live(this.text)}
        @input=${this.#typed}
        @keydown=${this.#keyPressed}
      ></textarea>
      ${fieldNotes({ text: this.text, limit: this.limit, problem: this.problem, subject: 'This' })}
      <p id="origin" class="hint small soft">${this.#hint()}</p>
      <div class="send" ?hidden=${this.waits}>
        <p class="with small soft">${this.#withOptions()}</p>
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
    return this.isLent ? 'From the cancelled drawing. Change it as you like.' : '';
  }

  /** They are chosen elsewhere on the page, and count here too. */
  #withOptions(): string {
    const chosen = chosenWords(this.options, this.model);
    return chosen.length > 0 ? `As chosen below: ${chosen.join(', ')}. ${billingWords(this.options, this.demo)}` : '';
  }

  /** Who writes about a picture looks at it: nothing new takes its place, and the words stay about this one. */
  #typed(): void {
    this.#hold(this.field.value);
    if (this.imageId !== undefined) this.dispatchEvent(new OpenEvent(this.imageId));
  }

  #hold(text: string): void {
    this.text = text;
    this.problem = '';
    this.isLent = false;
  }

  #borrow(): void {
    if (this.isLent) this.#hold('');
    if (!this.suggestion || this.text.trim()) return;
    this.#hold(this.suggestion);
    this.isLent = true;
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
    const { imageId, text, options } = this;
    if (this.busy || this.unavailable || this.waits || imageId === undefined || text.length > this.limit) return;
    if (!text.trim()) {
      this.problem = 'Say what should change first.';
      this.focus();
      return;
    }
    this.isLent = false;
    this.sent = text.trim();
    this.dispatchEvent(new IntentEvent({ type: 'refine', imageId, feedback: text, options }));
  }
}
