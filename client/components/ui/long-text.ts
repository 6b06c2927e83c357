/** A text of somebody's: a long one shows its first lines, and all of it on demand, so that it pushes nothing off the page. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import { base } from './base.styles.ts';
import { controls } from './controls.styles.ts';
import { css } from './css.ts';
import { element } from './element.ts';
import { LocalizedElement } from './localized-element.ts';

/** The custom property `--lines` says how many lines are shown at first (6). */
@element('proof-text')
export class LongText extends LocalizedElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        min-inline-size: 0;
      }

      p {
        overflow-wrap: anywhere;
        white-space: pre-line;
        text-wrap: wrap;
      }

      .clipped {
        display: -webkit-box;
        overflow: hidden;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: var(--lines, 6);
      }

      button {
        display: block;
        min-block-size: 44px;
        padding: 0;
        border: none;
        border-radius: 4px;
        background: none;
        color: var(--ink);
        font-size: var(--small);
        font-weight: 560;
        text-decoration: underline;
        text-decoration-color: var(--edge);
        text-underline-offset: 0.2em;
        cursor: pointer;
      }
    `,
  ];

  @property({ attribute: false }) accessor text = '';
  @state() private accessor isWhole = false;
  @state() private accessor isLong = false;
  @query('p') private accessor paragraph!: HTMLElement | null;

  readonly #sizes = new ResizeObserver(() => this.#measure());

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('text')) this.isWhole = false;
  }

  override render(): TemplateResult {
    return html`<p class=${this.isWhole ? '' : 'clipped'} dir="auto">${this.text}</p>
      ${
        this.isLong
          ? html`<button type="button" @click=${() => (this.isWhole = !this.isWhole)}>
            ${this.t(this.isWhole ? 'text.showLess' : 'text.showAll')}
          </button>`
          : nothing
      }`;
  }

  override updated(changed: PropertyValues<this>): void {
    if (!this.paragraph || !changed.has('text')) return;
    // Measured with the next frame, also when the text before had the same size. At once, the page would be laid out twice.
    this.#sizes.unobserve(this.paragraph);
    this.#sizes.observe(this.paragraph);
  }

  #measure(): void {
    if (!this.paragraph || this.isWhole) return;
    const { scrollHeight, clientHeight } = this.paragraph;
    // A fraction of a pixel hides nothing.
    this.isLong = scrollHeight > clientHeight + 1;
  }
}
