/** The list of the keys, and the switch that turns them off. */
import { html, nothing, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import { IntentEvent } from '../../model/intent.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { dialog } from '../ui/dialog.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import { shortcutKeys, shortcutLabels } from './shortcuts.ts';

@element('proof-shortcuts')
export class ShortcutsDialog extends LocalizedElement {
  static override styles = [
    base,
    controls,
    dialog,
    css`
      dl {
        display: grid;
        grid-template-columns: 1fr auto;
        gap: 0.5rem 1rem;
        align-items: center;
      }

      .off :is(dt, dd) {
        color: var(--ink-soft);
      }

      kbd {
        display: inline-block;
        min-inline-size: 1.75rem;
        padding: 0.125rem 0.5rem;
        border: 1px solid var(--edge);
        border-block-end-width: 2px;
        border-radius: 6px;
        background: var(--sunken);
        font: 560 var(--small) / 1.4 var(--mono);
        text-align: center;
      }

      label {
        display: flex;
        align-items: center;
        gap: 0.625rem;
        min-block-size: 44px;
        padding-block-start: 0.5rem;
        border-block-start: 1px solid var(--line);
      }

      input {
        inline-size: 1.25rem;
        block-size: 1.25rem;
        flex: none;
        margin: 0;
        accent-color: var(--ink);
      }
    `,
  ];

  /** Whether the keys do anything. */
  @property({ type: Boolean }) accessor on = false;
  @query('dialog') private accessor dialog!: HTMLDialogElement;

  @state() private accessor open = false;

  async show(): Promise<void> {
    this.open = true;
    await this.updateComplete;
    this.dialog.showModal();
  }

  override render(): TemplateResult {
    return html`<dialog aria-labelledby="title" closedby="any" @close=${() => (this.open = false)}>
      ${this.open ? this.#content() : nothing}
    </dialog>`;
  }

  #content(): TemplateResult {
    return html`<header>
        <h2 id="title">${this.t('shortcuts.title')}</h2>
        ${button({ label: this.t('common.close'), icon: icons.cross(), kind: 'quiet', bare: true, press: () => this.dialog.close() })}
      </header>
      <dl class=${this.on ? '' : 'off'}>
        ${shortcutLabels.map(
          ([action, label]) => html`<dt>${this.t(label)}</dt>
            <dd><kbd>${shortcutKeys[action].toUpperCase()}</kbd></dd>`,
        )}
      </dl>
      <p class="small soft">${this.t('shortcuts.typing')}</p>
      <label>
        <input type="checkbox" .checked=${live(this.on)} @change=${this.#switched} />
        ${this.t('shortcuts.on')}
      </label>`;
  }

  #switched({ target }: Event): void {
    if (target instanceof HTMLInputElement) {
      this.dispatchEvent(new IntentEvent({ type: 'shortcuts', on: target.checked }));
    }
  }
}
