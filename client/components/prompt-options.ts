/** Size, quality, background and format: closed until somebody wants them. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import * as v from 'valibot';
import { Options } from '../../shared/session.ts';
import { element } from '../element.ts';
import * as icons from '../icons.ts';
import { base } from '../styles/base.ts';
import { controls } from '../styles/controls.ts';

type Field = 'size' | 'quality' | 'background' | 'format';

const choices = {
  size: { '1024x1024': 'Square', '1536x1024': 'Landscape', '1024x1536': 'Portrait' },
  quality: { low: 'Low', medium: 'Medium', high: 'High' },
  background: { opaque: 'Opaque', transparent: 'Transparent' },
  format: { png: 'PNG', jpeg: 'JPEG', webp: 'WebP' },
} as const satisfies Record<Field, Record<string, string>>;

const titles = { size: 'Size', quality: 'Quality', background: 'Background', format: 'Format' } as const;
const fields: readonly Field[] = ['size', 'quality', 'background', 'format'];

export class OptionsChangeEvent extends Event {
  static readonly type = 'options-change';
  readonly options: Options;

  constructor(options: Options) {
    super(OptionsChangeEvent.type);
    this.options = options;
  }
}

@element('proof-options')
export class PromptOptions extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      .grid {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr));
        gap: 0.75rem;
        padding-block: 0.25rem 0.5rem;
      }

      label {
        display: grid;
        gap: 0.375rem;
        font-weight: 500;
        color: var(--ink-soft);
      }

      select {
        color: var(--ink);
        padding-inline-end: 0.25rem;
      }

      summary {
        max-inline-size: 100%;
      }

      .chosen {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
        font-weight: 420;
        color: var(--ink-soft);
      }
    `,
  ];

  @property({ attribute: false }) accessor options: Options = {};

  override render(): TemplateResult {
    const chosen = fields.flatMap((field) => labelOf(field, this.options[field]) ?? []);
    return html`<details @toggle=${this.#toggled}>
      <summary>
        ${icons.chevron()}Options ${chosen.length ? html`<span class="chosen">${chosen.join(', ')}</span>` : nothing}
      </summary>
      <div class="grid">${fields.map((field) => this.#select(field))}</div>
    </details>`;
  }

  #toggled(event: Event): void {
    this.toggleAttribute('open', event.target instanceof HTMLDetailsElement && event.target.open);
  }

  #select(field: Field): TemplateResult {
    const current = this.options[field] ?? '';
    const entries = Object.entries<string>(choices[field]);
    // A size of its own kind, chosen elsewhere, stays choosable.
    if (current && current !== 'auto' && !entries.some(([value]) => value === current))
      entries.push([current, current]);
    return html`<label>
      ${titles[field]}
      <select name=${field} @change=${(event: Event) => this.#changed(field, event)}>
        <option value="" ?selected=${!current || current === 'auto'}>Automatic</option>
        ${entries.map(
          ([value, label]) =>
            html`<option value=${value} ?selected=${value === current} ?disabled=${this.#clashes(field, value)}>
              ${label}
            </option>`,
        )}
      </select>
    </label>`;
  }

  /** JPEG has no transparency. */
  #clashes(field: Field, value: string): boolean {
    return (
      (field === 'format' && value === 'jpeg' && this.options.background === 'transparent') ||
      (field === 'background' && value === 'transparent' && this.options.format === 'jpeg')
    );
  }

  #changed(field: Field, event: Event): void {
    if (!(event.target instanceof HTMLSelectElement)) return;
    const { [field]: _dropped, ...rest } = this.options;
    const { value } = event.target;
    this.dispatchEvent(new OptionsChangeEvent(value ? withField(rest, field, value) : rest));
  }
}

function labelOf(field: Field, value: string | undefined): string | undefined {
  if (!value || value === 'auto') return undefined;
  return Object.entries<string>(choices[field]).find(([choice]) => choice === value)?.[1] ?? value;
}

function withField(options: Options, field: Field, value: string): Options {
  return v.parse(Options, { ...options, [field]: value });
}
