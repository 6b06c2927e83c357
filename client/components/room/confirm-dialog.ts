/** Asks for confirmation before a start over removes pictures. */
import { html, type TemplateResult } from 'lit';
import { query, state } from 'lit/decorators.js';
import { IntentEvent } from '../../model/intent.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { dialog } from '../ui/dialog.styles.ts';
import { element } from '../ui/element.ts';
import { LocalizedElement } from '../ui/localized-element.ts';

interface Loss {
  /** How many pictures a start over would remove. */
  readonly pictures: number;
  /** Whether one of them is approved. */
  readonly approved: boolean;
}

@element('proof-confirm')
export class ConfirmDialog extends LocalizedElement {
  static override styles = [base, controls, dialog];

  @query('dialog') private accessor dialog!: HTMLDialogElement;

  @state() private accessor loss: Loss = { pictures: 1, approved: false };

  show(loss: Loss): void {
    this.loss = loss;
    this.dialog.showModal();
  }

  close(): void {
    this.dialog.close();
  }

  override render(): TemplateResult {
    return html`<dialog role="alertdialog" aria-labelledby="title" aria-describedby="text">
      <h2 id="title" tabindex="-1" autofocus>${this.t('startOver.title')}</h2>
      <p id="text" class="soft">${this.#consequence}</p>
      <footer>
        ${button({ label: this.t('startOver.keep', { count: this.loss.pictures }), press: () => this.close() })}
        ${button({ label: this.t('common.startOver'), kind: 'primary', press: () => this.#confirm() })}
      </footer>
    </dialog>`;
  }

  get #consequence(): string {
    const { approved, pictures: count } = this.loss;
    return this.t(approved ? 'startOver.approved' : 'startOver.notApproved', { count });
  }

  #confirm(): void {
    this.close();
    this.dispatchEvent(new IntentEvent({ type: 'start_over' }));
  }
}
