/** The options for the next picture: one control for each row of the table that the server's generator knows. */
import { html, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import * as v from 'valibot';
import {
  type Capabilities,
  type OptionName,
  Options,
  optionNames,
  optionProblem,
  optionRow,
  optionTable,
} from '../../../shared/options.ts';
import { noCapabilities } from '../../model/first-screen.ts';
import { IntentEvent } from '../../model/intent.ts';
import { allowedOptions } from '../../model/option-choice.ts';
import { optionTitle, summaryOf, valueLabel } from '../../model/option-labels.ts';
import { billingNote } from '../../model/sentences.ts';
import { base } from '../ui/base.styles.ts';
import { controls } from '../ui/controls.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import { promptOptions } from './prompt-options.styles.ts';

type Table = typeof optionTable;
type NumberOption = { [Name in OptionName]: Table[Name]['control'] extends 'number' ? Name : never }[OptionName];
type ListOption = Exclude<OptionName, NumberOption>;

const isNumberOption = (name: OptionName): name is NumberOption => optionRow(name).control === 'number';

@element('proof-options')
export class PromptOptions extends LocalizedElement {
  static override styles = [base, controls, promptOptions];

  @property({ attribute: false }) accessor options: Options = {};
  @property({ attribute: false }) accessor capabilities: Capabilities = noCapabilities;
  /** The model that draws when none is chosen. */
  @property({ attribute: false }) accessor model = '';
  /** Whether the pictures cost nothing. */
  @property({ type: Boolean }) accessor demo = false;

  override render(): TemplateResult {
    const summary = summaryOf(this.t, this.#allowed, this.model);
    return html`<details @toggle=${this.#toggled}>
        <summary>
          ${icons.chevron()}${this.t('options.title')} ${summary ? html`<span class="chosen">${summary}</span>` : nothing}
        </summary>
        <div class="grid">${optionNames.map((name) => this.#control(name))}</div>
      </details>
      <p class="billed small soft" role="status">${billingNote(this.t, this.#allowed, this.demo)}</p>`;
  }

  get #allowed(): Options {
    return allowedOptions(this.options, this.capabilities);
  }

  #toggled(event: Event): void {
    this.toggleAttribute('open', event.target instanceof HTMLDetailsElement && event.target.open);
  }

  #control(name: OptionName): TemplateResult | typeof nothing {
    if (isNumberOption(name)) return this.#numberField(name);
    return name === 'candidates' ? this.#segments(name) : this.#select(name);
  }

  #select(name: ListOption): TemplateResult | typeof nothing {
    const current = this.#valueOf(name);
    const values = this.#valuesOf(name);
    if (values.length === 0) return nothing;
    // A size may be chosen that the generator draws without listing it.
    if (current && !values.includes(current)) values.push(current);
    return html`<label class=${`field ${name}`}>
      ${optionTitle(this.t, name)}
      <select name=${name} @change=${({ target }: Event) => this.#selected(name, target)}>
        <option value="" .selected=${live(current === '')}>
          ${name === 'model' && this.model ? this.t('options.usualModel', { model: this.model }) : this.t('options.automatic')}
        </option>
        ${values.map(
          (value) =>
            html`<option
              value=${value}
              .selected=${live(value === current)}
              ?disabled=${this.#isInConflict(name, value)}
            >
              ${valueLabel(this.t, name, value)}
            </option>`,
        )}
      </select>
    </label>`;
  }

  /** The chosen value; empty where the choice is left to the generator. */
  #valueOf(name: ListOption): string {
    const value = this.#allowed[name];
    const isUsual = value === undefined || value === 'auto' || (name === 'model' && value === this.model);
    return isUsual ? '' : String(value);
  }

  /** The values to choose from. What this version could not send is left out, whatever a newer server knows. */
  #valuesOf(name: ListOption): string[] {
    const { least = 0, schema } = optionRow(name);
    const known = this.capabilities[optionTable[name].capability];
    const values: readonly string[] = typeof known === 'number' ? countTo(least, known) : (known ?? []);
    const isUsualModel = (value: string): boolean => name === 'model' && value === this.model;
    return values.filter((value) => v.is(schema, sentValue(name, value)) && !isUsualModel(value));
  }

  /** Whether the value conflicts with another one that was chosen from a list. A number in conflict is dropped instead. */
  #isInConflict(name: ListOption, value: string): boolean {
    const options = { ...this.#allowed, [name]: sentValue(name, value) };
    return optionNames.some((other) => !isNumberOption(other) && optionRow(other).conflict?.(options) !== undefined);
  }

  #selected(name: ListOption, target: EventTarget | null): void {
    if (target instanceof HTMLSelectElement) this.#choose(name, sentValue(name, target.value));
  }

  #segments(name: ListOption): TemplateResult | typeof nothing {
    const counts = this.#valuesOf(name);
    if (counts.length === 0) return nothing;
    const [least] = counts;
    const current = this.#valueOf(name) || least;
    return html`<fieldset class="field">
      <legend>${optionTitle(this.t, name)}</legend>
      <div class="segments figures">
        ${counts.map(
          (count) =>
            html`<label class="segment">
              <input
                type="radio"
                name=${name}
                value=${count}
                .checked=${live(count === current)}
                @change=${() => this.#choose(name, count === least ? undefined : Number(count))}
              />
              <span>${count}</span>
            </label>`,
        )}
      </div>
    </fieldset>`;
  }

  /** Shown only where the other options leave it a meaning. */
  #numberField(name: NumberOption): TemplateResult | typeof nothing {
    const [least, most] = rangeOf(name);
    if (optionProblem(name, { ...this.#allowed, [name]: least }, this.capabilities) !== undefined) return nothing;
    return html`<label class="field">
      ${this.t(`option.${name}.range`, { least, most })}
      <input
        name=${name}
        type="number"
        inputmode="numeric"
        min=${least}
        max=${most}
        step="1"
        placeholder=${this.t('options.automatic')}
        .value=${live(String(this.#allowed[name] ?? ''))}
        @change=${({ target }: Event) => this.#numberEntered(name, target)}
      />
    </label>`;
  }

  #numberEntered(name: NumberOption, target: EventTarget | null): void {
    if (!(target instanceof HTMLInputElement)) return;
    const [least, most] = rangeOf(name);
    const number = target.value === '' ? Number.NaN : target.valueAsNumber;
    this.#choose(name, Number.isNaN(number) ? undefined : Math.min(most, Math.max(least, Math.round(number))));
    // The rounded number may be the one that was chosen before: then no property changes, and the field still shows what was typed.
    this.requestUpdate();
  }

  #choose(name: OptionName, value: string | number | undefined): void {
    const { [name]: _replaced, ...rest } = this.#allowed;
    const options = value === undefined ? rest : v.parse(Options, { ...rest, [name]: value });
    this.dispatchEvent(new IntentEvent({ type: 'options', options: allowedOptions(options, this.capabilities) }));
  }
}

/** A list's value as it is sent; undefined leaves the choice to the generator. */
function sentValue(name: ListOption, value: string): string | number | undefined {
  if (value === '') return undefined;
  return optionRow(name).control === 'count' ? Number(value) : value;
}

/** Empty where there is no choice. */
const countTo = (least: number, most: number): string[] =>
  most > least ? Array.from({ length: most - least + 1 }, (_, at) => String(least + at)) : [];

/** The least and the most that an option's schema takes. */
function rangeOf(name: NumberOption): [least: number, most: number] {
  const [, , { requirement: least }, { requirement: most }] = optionTable[name].schema.pipe;
  return [least, most];
}
