/** Asks for confirmation before a person takes something from others, and for the reason where there has to be one. */
import { html, nothing, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import { IntentEvent } from '../../model/intent.ts';
import { type UnsentInput, withNote } from '../../model/unsent-input.ts';
import { fieldNotes, textForm } from '../sidebar/text-form.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { dialog } from '../ui/dialog.styles.ts';
import { element } from '../ui/element.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import type { Question } from './questions.ts';

@element('proof-confirm')
export class ConfirmDialog extends LocalizedElement {
  static override styles = [
    base,
    controls,
    dialog,
    textForm,
    css`
      textarea {
        min-block-size: 4.75rem;
      }
    `,
  ];

  @property({ attribute: false }) accessor unsent: UnsentInput = {};
  @state() private accessor question: Question | undefined;
  @state() private accessor problem = '';
  @query('dialog') private accessor dialog!: HTMLDialogElement;
  @query('textarea') private accessor field!: HTMLTextAreaElement | null;

  ask(question: Question): void {
    this.question = question;
    this.problem = '';
    this.dialog.showModal();
  }

  close(): void {
    this.dialog.close();
  }

  get #reason(): string {
    const imageId = this.question?.reason?.imageId;
    return (imageId && this.unsent.notes?.[imageId]) ?? '';
  }

  override render(): TemplateResult {
    const { title, text, keep = '', confirm = '', reason } = this.question ?? {};
    return html`<dialog role="alertdialog" aria-labelledby="title" aria-describedby="text">
      <h2 id="title" tabindex="-1" autofocus>${title}</h2>
      <p id="text" class="soft">${text}</p>
      ${reason ? this.#reasonField(reason) : nothing}
      <footer>
        ${button({ label: keep, press: () => this.close() })}
        ${button({ label: confirm, kind: 'primary', press: () => this.#confirm() })}
      </footer>
    </dialog>`;
  }

  #reasonField({ label, limit }: NonNullable<Question['reason']>): TemplateResult {
    const { problem } = this;
    const text = this.#reason;
    return html`<form @submit=${(event: Event) => event.preventDefault()}>
      <label for="reason">${label}</label>
      <textarea
        id="reason"
        rows="2"
        dir="auto"
        aria-describedby="problem"
        aria-invalid=${problem || text.length > limit ? 'true' : nothing}
        .value=${text}
        @input=${this.#typed}
      ></textarea>
      ${fieldNotes(this.t, { text, limit, problem, tooLong: 'text.tooLong' })}
    </form>`;
  }

  #typed({ target }: Event): void {
    const { reason } = this.question ?? {};
    if (!reason || !(target instanceof HTMLTextAreaElement)) return;
    this.problem = '';
    const unsent = withNote(this.unsent, reason.imageId, target.value);
    this.dispatchEvent(new IntentEvent({ type: 'unsent', unsent }));
  }

  #confirm(): void {
    const { question } = this;
    if (!question) return;
    const text = this.#reason;
    const { intent, reason } = question;
    if (reason && (!text.trim() || text.length > reason.limit)) {
      if (!text.trim()) this.problem = this.t('decision.reasonEmpty');
      this.field?.focus();
      return;
    }
    this.close();
    this.dispatchEvent(new IntentEvent(typeof intent === 'function' ? intent(text) : intent));
  }
}
