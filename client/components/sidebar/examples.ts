/** A few prompts to begin with, while the prompt field is empty. */
import { html, LitElement, type TemplateResult } from 'lit';
import { base } from '../ui/base.styles.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';

const examples = [
  'A sailing boat off a winter coast, linocut in two inks',
  'Still life with wild flowers, morning light',
  'Poster for a night train to Lisbon, bold flat shapes',
] as const;

export class ExampleEvent extends Event {
  static readonly type = 'example';
  readonly prompt: string;

  constructor(prompt: string) {
    super(ExampleEvent.type);
    this.prompt = prompt;
  }
}

@element('proof-examples')
export class Examples extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      h3 {
        font-size: var(--small);
        font-weight: 560;
        color: var(--ink-soft);
      }

      ul {
        margin-block-start: 0.375rem;
        border-block-start: 1px solid var(--line);
      }

      li {
        border-block-end: 1px solid var(--line);
      }

      button {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: 1rem;
        inline-size: 100%;
        min-block-size: 48px;
        padding: 0.625rem 0.25rem;
        border: 0;
        background: none;
        text-align: start;
        cursor: pointer;
        transition: padding var(--quick);
      }

      button .icon {
        color: var(--ink-soft);
        opacity: 0.6;
      }

      button:hover,
      button:focus-visible {
        padding-inline-start: 0.625rem;
      }

      button:hover .icon {
        opacity: 1;
      }
    `,
  ];

  override render(): TemplateResult {
    return html`<h3>Or begin with one of these</h3>
      <ul>
        ${examples.map(
          (prompt) =>
            html`<li>
              <button type="button" @click=${() => this.dispatchEvent(new ExampleEvent(prompt))}>
                <span>${prompt}</span>${icons.arrow()}
              </button>
            </li>`,
        )}
      </ul>`;
  }
}
