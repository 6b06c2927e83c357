/** What the picture is to be like, as far as the server's generator lets one choose: closed until somebody wants it. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import * as v from 'valibot';
import { Options, type Supports } from '../../../shared/model.ts';
import { IntentEvent } from '../../model/intent.ts';
import { AUTOMATIC, billingWords, chosenWords, optionTitles, valueName } from '../../model/option-labels.ts';
import { isCompressed, offerOf, supported } from '../../model/supported-options.ts';
import { base } from '../ui/base.styles.ts';
import { controls } from '../ui/controls.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { promptOptions } from './prompt-options.styles.ts';

/** The options that are chosen from a list. */
type Choice = 'model' | 'size' | 'quality' | 'background' | 'format' | 'partialImages';

const choices = ['model', 'size', 'quality', 'background', 'format', 'partialImages'] as const;

@element('proof-options')
export class PromptOptions extends LitElement {
  static override styles = [base, controls, promptOptions];

  @property({ attribute: false }) accessor options: Options = {};
  /** What the server offers; one that does not say it has sizes, qualities, backgrounds and formats. */
  @property({ attribute: false }) accessor supports: Supports | undefined;
  /** What the server draws with when nobody chooses. */
  @property({ attribute: false }) accessor model = '';
  /** Whether the pictures cost nothing. */
  @property({ type: Boolean }) accessor demo = false;

  override render(): TemplateResult {
    const chosen = chosenWords(this.#options, this.model);
    return html`<details @toggle=${this.#toggled}>
        <summary>
          ${icons.chevron()}Options ${chosen.length ? html`<span class="chosen">${chosen.join(', ')}</span>` : nothing}
        </summary>
        <div class="grid">
          ${this.#candidates()} ${choices.map((choice) => this.#select(choice))} ${this.#compression()}
        </div>
      </details>
      <p class="billed small soft" role="status">${billingWords(this.#options, this.demo)}</p>`;
  }

  /** What is chosen, without what this server does not know. */
  get #options(): Options {
    return supported(this.options, this.supports);
  }

  #toggled(event: Event): void {
    this.toggleAttribute('open', event.target instanceof HTMLDetailsElement && event.target.open);
  }

  /** The value chosen; empty where the choice is left to the server. */
  #valueOf(choice: Choice): string {
    const value = this.#options[choice];
    return value === undefined || value === 'auto' || (choice === 'model' && value === this.model) ? '' : String(value);
  }

  #offered(choice: Choice): readonly string[] {
    const offer = offerOf(this.supports);
    switch (choice) {
      case 'model':
        return (offer.models ?? []).filter((model) => model !== this.model);
      case 'size':
        return offer.sizes ?? [];
      case 'quality':
        return offer.qualities ?? [];
      case 'background':
        return offer.backgrounds ?? [];
      case 'format':
        return offer.formats ?? [];
      case 'partialImages':
        return offer.partialImages ? countTo(0, offer.partialImages) : [];
    }
  }

  #select(choice: Choice): TemplateResult | typeof nothing {
    const current = this.#valueOf(choice);
    // What this page has no way of asking for is not offered, whatever a newer server knows.
    const values = this.#offered(choice).filter((value) => v.is(Options, { [choice]: wireValue(choice, value) }));
    if (values.length === 0) return nothing;
    if (current && !values.includes(current)) values.push(current);
    const unchosen = choice === 'model' && this.model ? `${this.model} (usual)` : AUTOMATIC;
    return html`<label class=${`field ${choice}`}>
      ${optionTitles[choice]}
      <select name=${choice} @change=${(event: Event) => this.#chose(choice, event)}>
        <option value="" .selected=${live(current === '')}>${unchosen}</option>
        ${values.map(
          (value) =>
            html`<option
              value=${value}
              .selected=${live(value === current)}
              ?disabled=${this.#clashes(choice, value)}
            >
              ${choice === 'partialImages' && value === '0' ? 'None' : valueName(value)}
            </option>`,
        )}
      </select>
    </label>`;
  }

  /** JPEG has no transparency. */
  #clashes(choice: Choice, value: string): boolean {
    const { format, background } = this.#options;
    return (
      (choice === 'format' && value === 'jpeg' && background === 'transparent') ||
      (choice === 'background' && value === 'transparent' && format === 'jpeg')
    );
  }

  #candidates(): TemplateResult | typeof nothing {
    const counts = countTo(1, offerOf(this.supports).candidates).filter((count) =>
      v.is(Options, { candidates: Number(count) }),
    );
    if (counts.length < 2) return nothing;
    const current = String(this.#options.candidates ?? 1);
    return html`<fieldset class="field">
      <legend>Pictures at once</legend>
      <div class="segments figures">
        ${counts.map(
          (count) =>
            html`<label class="segment">
              <input
                type="radio"
                name="candidates"
                value=${count}
                .checked=${live(count === current)}
                @change=${() => this.#change('candidates', count === '1' ? undefined : Number(count))}
              />
              <span>${count}</span>
            </label>`,
        )}
      </div>
    </fieldset>`;
  }

  #compression(): TemplateResult | typeof nothing {
    const { format, compression } = this.#options;
    if (!offerOf(this.supports).compression || !isCompressed(format)) return nothing;
    return html`<label class="field">
      Compression, 0 to 100
      <input
        name="compression"
        type="number"
        inputmode="numeric"
        min="0"
        max="100"
        step="1"
        placeholder="Automatic"
        .value=${live(compression === undefined ? '' : String(compression))}
        @change=${this.#compressed}
      />
    </label>`;
  }

  #compressed({ target }: Event): void {
    if (!(target instanceof HTMLInputElement)) return;
    const number = target.value === '' ? Number.NaN : target.valueAsNumber;
    this.#change('compression', Number.isNaN(number) ? undefined : Math.min(100, Math.max(0, Math.round(number))));
    // What was typed may come to the very number that was chosen before.
    this.requestUpdate();
  }

  #chose(choice: Choice, { target }: Event): void {
    if (target instanceof HTMLSelectElement) this.#change(choice, wireValue(choice, target.value));
  }

  #change(name: keyof Options, value: string | number | undefined): void {
    const { [name]: _dropped, ...rest } = this.#options;
    const options = value === undefined ? rest : v.parse(Options, { ...rest, [name]: value });
    this.dispatchEvent(new IntentEvent({ type: 'options', options: supported(options, this.supports) }));
  }
}

/** A list's value as the wire has it. */
function wireValue(choice: Choice, value: string): string | number | undefined {
  if (value === '') return undefined;
  return choice === 'partialImages' ? Number(value) : value;
}

const countTo = (first: number, last: number): string[] =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => String(first + at));
