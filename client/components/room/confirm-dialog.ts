/** Asks for confirmation before a person takes something from others. */
import { html, LitElement, type TemplateResult } from 'lit';
import { query, state } from 'lit/decorators.js';
import { IntentEvent } from '../../model/intent.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { dialog } from '../ui/dialog.styles.ts';
import { element } from '../ui/element.ts';
import type { Question } from './questions.ts';

@element('proof-confirm')
export class ConfirmDialog extends LitElement {
  static override styles = [base, controls, dialog];

  @query('dialog') private accessor dialog!: HTMLDialogElement;

  @state() private accessor question: Question | undefined;

  ask(question: Question): void {
    this.question = question;
    this.dialog.showModal();
  }

  close(): void {
    this.dialog.close();
  }

  override render(): TemplateResult {
    const { title, text, keep = '', confirm = '' } = this.question ?? {};
    return html`<dialog role="alertdialog" aria-labelledby="title" aria-describedby="text">
      <h2 id="title" tabindex="-1" autofocus>${title}</h2>
      <p id="text" class="soft">${text}</p>
      <footer>
        ${button({ label: keep, press: () => this.close() })}
        ${button({ label: confirm, kind: 'primary', press: () => this.#confirm() })}
      </footer>
    </dialog>`;
  }

  #confirm(): void {
    this.close();
    if (this.question) this.dispatchEvent(new IntentEvent(this.question.intent));
  }
}
