/** Asks for confirmation before a start over removes pictures. */
import { html, LitElement, type TemplateResult } from 'lit';
import { query, state } from 'lit/decorators.js';
import { IntentEvent } from '../../model/intent.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { dialog } from '../ui/dialog.styles.ts';
import { element } from '../ui/element.ts';

interface Loss {
  /** How many pictures a start over would remove. */
  readonly pictures: number;
  /** Whether one of them is approved. */
  readonly approved: boolean;
}

@element('proof-confirm')
export class ConfirmDialog extends LitElement {
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
      <h2 id="title" tabindex="-1" autofocus>Start over?</h2>
      <p id="text" class="soft">${consequence(this.loss)}</p>
      <footer>
        ${button({ label: this.loss.pictures > 1 ? 'Keep the pictures' : 'Keep the picture', press: () => this.close() })}
        ${button({ label: 'Start over', kind: 'primary', press: () => this.#confirm() })}
      </footer>
    </dialog>`;
  }

  #confirm(): void {
    this.close();
    this.dispatchEvent(new IntentEvent({ type: 'start_over' }));
  }
}

function consequence({ pictures, approved }: Loss): string {
  if (approved && pictures > 1) {
    return `One of these ${pictures} pictures is approved. Starting over takes all of them from everybody in this session: save first what is still needed.`;
  }
  if (approved) {
    return 'The picture is approved. Starting over takes it from everybody in this session: save it first where it is still needed.';
  }
  return pictures > 1
    ? `None of these ${pictures} pictures is approved. Starting over removes all of them and the prompt, for everybody in this session.`
    : "This picture isn't approved. Starting over removes it and the prompt, for everybody in this session.";
}
