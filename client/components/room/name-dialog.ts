/** Who is in the session, and the name that the others see. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { property, query } from 'lit/decorators.js';
import type { ViewersMessage } from '../../../shared/protocol.ts';
import { IntentEvent } from '../../model/intent.ts';
import { viewersLabel } from '../../model/sentences.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { dialog } from '../ui/dialog.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';

@element('proof-name')
export class NameDialog extends LitElement {
  static override styles = [
    base,
    controls,
    dialog,
    css`
      form {
        display: grid;
        gap: 0.5rem;
      }
    `,
  ];

  /** The name that the others see now. */
  @property({ attribute: false }) accessor name = '';
  /** In UTF-16 units. */
  @property({ attribute: false }) accessor limit = 40;
  @property({ attribute: false }) accessor viewers: ViewersMessage | undefined;
  @query('dialog') private accessor dialog!: HTMLDialogElement;
  @query('input') private accessor field!: HTMLInputElement;

  show(): void {
    this.field.value = this.name;
    this.dialog.showModal();
    this.field.select();
  }

  override render(): TemplateResult {
    return html`<dialog aria-labelledby="title" closedby="any">
      <header>
        <h2 id="title">People in this session</h2>
        ${button({ label: 'Close', icon: icons.cross(), kind: 'quiet', bare: true, press: () => this.dialog.close() })}
      </header>
      ${this.viewers ? html`<p class="soft">${viewersLabel(this.viewers)}, you among them.</p>` : nothing}
      <form @submit=${this.#submitted}>
        <label for="name">Your name</label>
        <input id="name" autocomplete="name" spellcheck="false" maxlength=${this.limit} aria-describedby="hint" />
        <p id="hint" class="small soft">It stands beside what you decide. This browser remembers it.</p>
        <footer>${button({ label: 'Save name', kind: 'primary', type: 'submit' })}</footer>
      </form>
    </dialog>`;
  }

  #submitted(event: Event): void {
    event.preventDefault();
    this.dialog.close();
    const name = this.field.value.trim();
    if (name !== this.name) this.dispatchEvent(new IntentEvent({ type: 'name', name }));
  }
}
