/** Asks before an unapproved picture goes. */
import { html, LitElement, type TemplateResult } from 'lit';
import { query } from 'lit/decorators.js';
import { element } from '../element.ts';
import { IntentEvent } from '../intent.ts';
import { base } from '../styles/base.ts';
import { controls } from '../styles/controls.ts';
import { dialog } from '../styles/dialog.ts';
import { button } from './button.ts';

@element('proof-confirm')
export class ConfirmDialog extends LitElement {
  static override styles = [base, controls, dialog];

  @query('dialog') private accessor dialog!: HTMLDialogElement;

  show(): void {
    this.dialog.showModal();
  }

  close(): void {
    this.dialog.close();
  }

  override render(): TemplateResult {
    return html`<dialog role="alertdialog" aria-labelledby="title" aria-describedby="text">
      <h2 id="title" tabindex="-1" autofocus>Start over?</h2>
      <p id="text" class="soft">
        This picture isn't approved. Starting over removes it and the prompt, for everybody in this session.
      </p>
      <footer>
        ${button({ label: 'Keep the picture', press: () => this.close() })}
        ${button({ label: 'Start over', kind: 'primary', press: () => this.#confirm() })}
      </footer>
    </dialog>`;
  }

  #confirm(): void {
    this.close();
    this.dispatchEvent(new IntentEvent({ type: 'start_over' }));
  }
}
