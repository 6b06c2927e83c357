/** A list of the languages that there are, each by its own name. */
import { html, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import { IntentEvent } from '../../model/intent.ts';
import { languageName, languages } from '../../model/language.ts';
import { base } from '../ui/base.styles.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { LocalizedElement } from '../ui/localized-element.ts';

@element('proof-language')
export class LanguageSwitch extends LocalizedElement {
  static override styles = [
    base,
    controls,
    css`
      label {
        position: relative;
        display: flex;
        align-items: center;
      }

      .icon {
        position: absolute;
        inset-inline-start: 0.75rem;
        pointer-events: none;
      }

      select {
        inline-size: auto;
        padding-inline-start: 2.5rem;
        border-color: transparent;
        background-color: transparent;
        color: var(--ink-soft);
        font-size: var(--small);
        font-weight: 500;
      }

      select:hover {
        background-color: var(--sunken);
      }

      /* Only the icon: the list opens as wide as it needs. */
      @container (inline-size < 34rem) {
        select {
          inline-size: 2.75rem;
          padding-inline: 2.75rem 0;
          background-image: none;
        }
      }
    `,
  ];

  override render(): TemplateResult {
    return html`<label>
      <span class="unseen">${this.t('language.label')}</span>${icons.globe()}
      <select @change=${this.#chosen}>
        ${languages.map(
          (language) =>
            html`<option value=${language} lang=${language} .selected=${live(language === this.t.language)}>
              ${languageName(language)}
            </option>`,
        )}
      </select>
    </label>`;
  }

  #chosen({ target }: Event): void {
    if (target instanceof HTMLSelectElement) {
      this.dispatchEvent(new IntentEvent({ type: 'language', language: target.value }));
    }
  }
}
