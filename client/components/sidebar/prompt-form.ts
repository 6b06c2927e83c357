/** The prompt field and the button that sends it. One instance lives through all stages, so that nobody's typing is lost (rule W8). */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import type { Attempt, Options, Supports } from '../../../shared/model.ts';
import { IntentEvent } from '../../model/intent.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { fieldNotes, isSendKey } from './field-notes.ts';
import { promptForm } from './prompt-form.styles.ts';
import './prompt-options.ts';

/** What sending would do: make the first picture, make another one, or nothing while one is being drawn. */
export type PromptPurpose = 'generate' | 'regenerate' | 'wait';

const labels = { generate: 'Prompt', regenerate: 'Prompt', wait: 'Your next prompt' } as const;

@element('proof-prompt')
export class PromptForm extends LitElement {
  static override styles = [base, controls, promptForm];

  @property() accessor purpose: PromptPurpose = 'generate';
  /** What the field is to hold: the session client decides whose text that is (rule W8). */
  @property({ attribute: false }) accessor draft = '';
  /** The picture that the next one starts from. */
  @property({ attribute: false }) accessor attempt: Attempt | undefined;
  @property({ attribute: false }) accessor options: Options = {};
  /** What the server's generator offers. */
  @property({ attribute: false }) accessor supports: Supports | undefined;
  /** What draws where the options name nothing else. */
  @property({ attribute: false }) accessor model = '';
  @property({ type: Boolean }) accessor demo = false;
  /** In UTF-16 units. */
  @property({ attribute: false }) accessor limit = Number.POSITIVE_INFINITY;
  /** The prompt being drawn; while the field holds just that and nobody is in it, the form makes room. */
  @property({ attribute: false }) accessor running: string | undefined;
  @property({ type: Boolean }) accessor busy = false;
  @property({ type: Boolean }) accessor unavailable = false;

  @state() accessor text = '';
  @state() private accessor problem = '';
  @state() private accessor focused = false;
  @query('textarea') private accessor field!: HTMLTextAreaElement;
  /** The field has a focus that nobody asked for. */
  #isLent = false;

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has('draft')) this.text = this.draft;
    this.toggleAttribute(
      'hidden',
      this.running !== undefined && !this.focused && this.text.trim() === this.running.trim(),
    );
  }

  override focus(): void {
    this.field.focus();
  }

  /** Gives the field the focus unasked: what others type still comes in, until a key or a touch makes the focus a person's (rule W8). */
  lendFocus(): void {
    if (this.focused) return;
    this.#isLent = true;
    this.focus();
  }

  /** Puts a text into the field, as if it had been typed. */
  fill(text: string): void {
    this.#typed(text);
    this.focus();
  }

  override render(): TemplateResult {
    return html`<form novalidate @submit=${this.#submitted}>
      <label for="prompt">${labels[this.purpose]}</label>
      <textarea
        id="prompt"
        name="prompt"
        rows="3"
        dir="auto"
        placeholder="A heron at the edge of a misty lake, first light, soft watercolour"
        aria-describedby="problem hint"
        aria-invalid=${this.problem || this.text.length > this.limit ? 'true' : nothing}
        .value=${live(this.text)}
        @input=${() => this.#typed(this.field.value)}
        @focus=${() => !this.#isLent && this.#focusChanged(true)}
        @pointerdown=${this.#claim}
        @beforeinput=${this.#claim}
        @blur=${() => this.#focusChanged(false)}
        @keydown=${this.#keyPressed}
      ></textarea>
      ${fieldNotes({ text: this.text, limit: this.limit, problem: this.problem, subject: 'The prompt' })}
      <p id="hint" class="hint small soft">${this.#hint()}</p>
      <div class="send" ?hidden=${this.purpose === 'wait'}>
        <proof-options
          .options=${this.options}
          .supports=${this.supports}
          .model=${this.model}
          ?demo=${this.demo}
        ></proof-options>
        ${
          this.purpose === 'generate'
            ? button({ label: 'Generate', icon: icons.arrow(), kind: 'primary', ...this.#buttonState() })
            : button({ label: 'Regenerate', icon: icons.again(), ...this.#buttonState() })
        }
      </div>
    </form>`;
  }

  #buttonState(): { type: 'submit'; busy: boolean; unavailable: boolean } {
    return { type: 'submit', busy: this.busy, unavailable: this.unavailable };
  }

  #hint(): string {
    if (this.purpose === 'wait') return 'It waits here until this picture is done.';
    if (this.purpose === 'generate') return '';
    const isSame = this.text.trim() === this.attempt?.prompt.trim();
    const { candidates = 1 } = this.options;
    return isSame
      ? `The same prompt again makes ${candidates === 1 ? 'another picture' : `${candidates} other pictures`}.`
      : 'Regenerate draws the prompt as it stands here now.';
  }

  #typed(text: string): void {
    this.text = text;
    this.problem = '';
    this.dispatchEvent(new IntentEvent({ type: 'draft', text }));
  }

  #claim(): void {
    if (this.#isLent) this.#focusChanged(true);
  }

  #focusChanged(focused: boolean): void {
    this.#isLent = false;
    this.focused = focused;
    this.dispatchEvent(new IntentEvent({ type: 'draft_focus', focused }));
  }

  #keyPressed(event: KeyboardEvent): void {
    if (event.key !== 'Tab') this.#claim();
    if (!isSendKey(event)) return;
    event.preventDefault();
    if (!this.busy && !this.unavailable) this.#send();
  }

  #submitted(event: Event): void {
    event.preventDefault();
    if (!this.busy && !this.unavailable) this.#send();
  }

  #send(): void {
    if (this.purpose === 'wait' || this.text.length > this.limit) return;
    if (!this.text.trim()) {
      this.problem = 'Write a prompt first: what should the picture show?';
      this.focus();
      return;
    }
    const ask = { prompt: this.text, options: this.options };
    const imageId = this.attempt?.image.imageId;
    if (this.purpose === 'generate') this.dispatchEvent(new IntentEvent({ type: 'generate', ...ask }));
    else if (imageId !== undefined) this.dispatchEvent(new IntentEvent({ type: 'regenerate', imageId, ...ask }));
  }
}
