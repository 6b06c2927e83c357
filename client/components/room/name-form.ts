/** The field for one's own name. Dispatches a `NameEvent` when it is sent. */
import { html, nothing, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import { LocalizedElement } from '../ui/localized-element.ts';

export class NameEvent extends Event {
  static readonly type = 'named';
  readonly name: string;

  constructor(name: string) {
    super(NameEvent.type);
    this.name = name;
  }
}

@element('proof-name-form')
export class NameForm extends LocalizedElement {
  static override styles = [
    base,
    controls,
    css`
      form {
        display: grid;
        gap: 0.5rem;
      }

      footer {
        display: flex;
        flex-wrap: wrap;
        justify-content: end;
        gap: 0.75rem;
        margin-block-start: 0.5rem;
      }
    `,
  ];

  /** In UTF-16 units. */
  @property({ attribute: false }) accessor limit = 40;
  /** The reason for which the name is asked. */
  @property({ attribute: false }) accessor hint = '';
  /** The label of the button that sends it. */
  @property({ attribute: false }) accessor submit = '';
  /** A blank name is not sent. */
  @property({ type: Boolean }) accessor required = false;
  @state() private accessor isMissing = false;
  @query('input') private accessor field!: HTMLInputElement;

  /** Shows a name to change, with the focus on it. */
  begin(name: string): void {
    this.isMissing = false;
    this.field.value = name;
    this.field.focus();
    this.field.select();
  }

  override render(): TemplateResult {
    return html`<form @submit=${this.#submitted}>
      <label for="name">${this.t('people.name')}</label>
      <input
        id="name"
        autocomplete="name"
        spellcheck="false"
        maxlength=${this.limit}
        aria-required=${this.required ? 'true' : nothing}
        aria-invalid=${this.isMissing ? 'true' : nothing}
        aria-describedby="problem hint"
        @input=${() => {
          this.isMissing = false;
        }}
      />
      <p id="problem" class="problem" role="alert" ?hidden=${!this.isMissing}>
        ${this.isMissing ? this.t('people.nameMissing') : nothing}
      </p>
      <p id="hint" class="small soft">${this.hint}</p>
      <footer>
        <slot></slot>
        ${button({ label: this.submit, kind: 'primary', type: 'submit' })}
      </footer>
    </form>`;
  }

  #submitted(event: Event): void {
    event.preventDefault();
    const name = this.field.value.trim();
    this.isMissing = this.required && !/[\p{L}\p{N}\p{S}]/u.test(name);
    if (this.isMissing) this.field.focus();
    else this.dispatchEvent(new NameEvent(name));
  }
}
