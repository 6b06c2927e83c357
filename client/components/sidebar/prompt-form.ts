/** The prompt field with its options. One instance is kept through all stages, so that typed text is not lost (rule W8). */
import { html, nothing, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import type { Attempt } from '../../../shared/model.ts';
import type { Capabilities, Options } from '../../../shared/options.ts';
import { noCapabilities } from '../../model/first-screen.ts';
import { IntentEvent } from '../../model/intent.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import { fieldNotes, isSendKey, keysHint, textForm } from './text-form.ts';

/** What sending does: it asks for the first picture, or for another one; or nothing is sent, as in a running generation. */
export type PromptPurpose = 'generate' | 'regenerate' | 'wait';

@element('proof-prompt')
export class PromptForm extends LocalizedElement {
  static override styles = [
    base,
    controls,
    textForm,
    css`
      :host([folded]) {
        display: none;
      }

      :host([purpose='generate']) textarea {
        min-block-size: 8.5rem;
        padding: 1.125rem 1.25rem;
        font-size: 1.125rem;
        box-shadow: var(--shadow);
      }

      /* A long prompt leaves the controls around it where they are. */
      :host(:not([purpose='generate'])) textarea {
        max-block-size: clamp(6.5rem, 20dvh, 18rem);
      }

      proof-options {
        flex: 1 1 6rem;
        min-inline-size: 0;
        /* The summary of the options is cut off at its end; without this it would make the form wider. */
        contain: inline-size;
      }

      proof-options[open] {
        flex-basis: 100%;
      }

      /* Until they are loaded, their title stands in their place. */
      proof-options:not(:defined) {
        display: block !important;
      }
    `,
  ];

  @property() accessor purpose: PromptPurpose = 'generate';
  /** The text for the field. The session client decides whose text that is (rule W8). */
  @property({ attribute: false }) accessor draft = '';
  /** The attempt to regenerate from. */
  @property({ attribute: false }) accessor attempt: Attempt | undefined;
  @property({ attribute: false }) accessor options: Options = {};
  @property({ attribute: false }) accessor capabilities: Capabilities = noCapabilities;
  /** The model that draws when the options name none. */
  @property({ attribute: false }) accessor model = '';
  @property({ type: Boolean }) accessor demo = false;
  /** The longest prompt, in UTF-16 units. */
  @property({ attribute: false }) accessor limit = Number.POSITIVE_INFINITY;
  /** The prompt of the running generation. The form hides while the field holds the same text and has no focus. */
  @property({ attribute: false }) accessor running: string | undefined;
  @property({ type: Boolean }) accessor busy = false;
  @property({ type: Boolean }) accessor unavailable = false;
  /** The session is being created: what is sent now goes out once it is there. */
  @property({ type: Boolean }) accessor opening = false;

  @state() private accessor text = '';
  @state() private accessor problem = '';
  @state() private accessor focused = false;
  /** The person has sent the text, and the session is not there yet. */
  @state() private accessor waits = false;
  @query('textarea') private accessor field!: HTMLTextAreaElement;
  /** The page has put the focus into the field, and the person has not used it yet. */
  #isFocusTentative = false;

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has('draft')) this.text = this.draft;
    // Chromium lays out the page at once where `hidden` is set, in the middle of its update.
    this.toggleAttribute(
      'folded',
      this.running !== undefined && !this.focused && this.text.trim() === this.running.trim(),
    );
  }

  override updated(): void {
    if (!this.waits || this.opening || this.unavailable) return;
    this.waits = false;
    this.#send();
  }

  override focus(): void {
    this.field.focus();
  }

  /** Focuses the field for the person. Until they press a key or click, the text of others still replaces its content (rule W8). */
  focusTentatively(): void {
    if (this.focused) return;
    this.#isFocusTentative = true;
    this.focus();
  }

  /** Sets the text as if it had been typed. */
  fill(text: string): void {
    this.#typed(text);
    this.focus();
  }

  override render(): TemplateResult {
    return html`<form novalidate @submit=${this.#submitted}>
      <label for="prompt">${this.t(this.purpose === 'wait' ? 'prompt.nextLabel' : 'prompt.label')}</label>
      <textarea
        id="prompt"
        name="prompt"
        rows="3"
        dir="auto"
        placeholder=${this.t('prompt.placeholder')}
        aria-describedby="problem hint keys"
        aria-invalid=${this.problem || this.text.length > this.limit ? 'true' : nothing}
        .value=${live(this.text)}
        @input=${() => this.#typed(this.field.value)}
        @focus=${() => !this.#isFocusTentative && this.#focusChanged(true)}
        @pointerdown=${this.#confirmFocus}
        @beforeinput=${this.#confirmFocus}
        @blur=${() => this.#focusChanged(false)}
        @keydown=${this.#keyPressed}
      ></textarea>
      ${fieldNotes(this.t, { text: this.text, limit: this.limit, problem: this.problem, tooLong: 'prompt.tooLong' })}
      <p class="hint small soft">
        <span id="hint">${this.#hint()}</span> ${this.purpose === 'wait' ? nothing : keysHint(this.t)}
      </p>
      <div class="send" ?hidden=${this.purpose === 'wait'}>
        <proof-options
          .options=${this.options}
          .capabilities=${this.capabilities}
          .model=${this.model}
          ?demo=${this.demo}
          >${this.opening ? html`<summary>${icons.chevron()}${this.t('options.title')}</summary>` : nothing}</proof-options
        >
        ${
          this.purpose === 'generate'
            ? button({ label: this.t('prompt.generate'), icon: icons.arrow(), kind: 'primary', ...this.#buttonState() })
            : button({
                label: this.t('prompt.regenerate'),
                icon: icons.again(),
                shortcut: 'regenerate',
                ...this.#buttonState(),
              })
        }
      </div>
    </form>`;
  }

  #buttonState(): { type: 'submit'; busy: boolean; unavailable: boolean } {
    return { type: 'submit', busy: this.busy || this.waits, unavailable: this.unavailable && !this.opening };
  }

  #hint(): string {
    if (this.purpose === 'wait') return this.t('prompt.waits');
    if (this.purpose === 'generate') return '';
    const isSame = this.text.trim() === this.attempt?.prompt.trim();
    const { candidates: count = 1 } = this.options;
    return isSame ? this.t('prompt.samePrompt', { count }) : this.t('prompt.otherPrompt');
  }

  #typed(text: string): void {
    this.text = text;
    this.problem = '';
    this.dispatchEvent(new IntentEvent({ type: 'draft', text }));
  }

  #confirmFocus(): void {
    if (this.#isFocusTentative) this.#focusChanged(true);
  }

  #focusChanged(focused: boolean): void {
    this.#isFocusTentative = false;
    this.focused = focused;
    this.dispatchEvent(new IntentEvent({ type: 'draft_focus', focused }));
  }

  #keyPressed(event: KeyboardEvent): void {
    if (event.key !== 'Tab') this.#confirmFocus();
    if (!isSendKey(event)) return;
    event.preventDefault();
    if (!event.repeat) this.#sendIfPossible();
  }

  #submitted(event: Event): void {
    event.preventDefault();
    this.#sendIfPossible();
  }

  #sendIfPossible(): void {
    if (this.busy || this.waits) return;
    if (this.opening && this.text.trim()) this.waits = true;
    else if (!this.unavailable) this.#send();
  }

  #send(): void {
    if (this.purpose === 'wait' || this.text.length > this.limit) return;
    if (!this.text.trim()) {
      this.problem = this.t('prompt.empty');
      this.focus();
      return;
    }
    const { text: prompt, options } = this;
    const imageId = this.attempt?.image.imageId;
    if (this.purpose === 'generate') this.dispatchEvent(new IntentEvent({ type: 'generate', prompt, options }));
    else if (imageId !== undefined)
      this.dispatchEvent(new IntentEvent({ type: 'regenerate', imageId, prompt, options }));
  }
}
