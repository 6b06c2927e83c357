/** The pictures of one ask, side by side on the mat as they come. A finished one is opened by a click. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, query } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { IntentEvent } from '../../model/intent.ts';
import type { Candidate } from '../../model/viewer-content.ts';
import { PaneSize } from '../compare/pane-size.ts';
import { base } from '../ui/base.styles.ts';
import { element } from '../ui/element.ts';
import { SelectAttemptEvent } from '../ui/events.ts';
import { candidates } from './candidates.styles.ts';
import { DecodedImages } from './decoded-images.ts';
import { columnsFor } from './grid-columns.ts';
import { picture } from './picture.styles.ts';

@element('proof-candidates')
export class Candidates extends LitElement {
  static override styles = [base, picture, candidates];

  @property({ attribute: false }) accessor candidates: readonly Candidate[] = [];
  /** Whether they are still being drawn: blank sheets and previews show that it works. */
  @property({ type: Boolean }) accessor working = false;
  @query('.room') accessor pane!: Element | null;

  readonly #room = new PaneSize(this);
  readonly #images = new DecodedImages(() => this.requestUpdate());
  readonly #asked = new Set<string>();

  override focus(options?: FocusOptions): void {
    this.renderRoot.querySelector('button')?.focus(options);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get('candidates') ?? [];
    for (const { candidate } of before) {
      if (!this.candidates.some((one) => one.candidate === candidate && one.picture)) this.#images.clear(candidate);
    }
    for (const { candidate, picture } of this.candidates) if (picture) this.#images.want(candidate, picture);
  }

  override updated(): void {
    this.#want();
    const cells = this.renderRoot.querySelector<HTMLElement>('.cells');
    if (!cells) return;
    const count = this.candidates.length;
    const ratio = this.candidates[0]?.ratio ?? 1;
    cells.style.setProperty('--count', String(count));
    cells.style.setProperty('--ratio', String(ratio));
    const { size } = this.#room;
    if (size) cells.style.setProperty('--columns', String(columnsFor(size, count, ratio)));
    for (const [at, sheet] of cells.querySelectorAll<HTMLElement>('.sheet').entries()) {
      sheet.style.setProperty('--own', String(this.candidates[at]?.ratio ?? 1));
    }
  }

  override render(): TemplateResult | typeof nothing {
    if (this.candidates.length === 0) return nothing;
    return html`<div class="room"></div>
      <ul
      class="cells"
      role="list"
      aria-label=${`${this.candidates.length} pictures of one prompt`}
      @animationend=${this.#faded}
    >
      ${repeat(
        this.candidates,
        ({ candidate }) => candidate,
        (candidate) => html`<li>${this.#cell(candidate)}</li>`,
      )}
    </ul>`;
  }

  /** Who joins late is sent the newest picture alone (rule W1). */
  #want(): void {
    const imageIds = this.candidates.flatMap(({ imageId, picture }) =>
      imageId === undefined || picture || this.#asked.has(imageId) ? [] : [imageId],
    );
    if (imageIds.length === 0) return;
    for (const imageId of imageIds) this.#asked.add(imageId);
    this.dispatchEvent(new IntentEvent({ type: 'want', imageIds }));
  }

  /** What has faded in does not do it again when its cell becomes a button. */
  #faded({ target }: AnimationEvent): void {
    if (target instanceof HTMLImageElement) target.classList.remove('first');
  }

  #cell(candidate: Candidate): TemplateResult {
    const { kind, picture, words, alt } = candidate;
    // A preview that is still being decoded is none yet.
    const isBlank = kind === 'partial' && !this.#images.shown(candidate.candidate);
    const content = html`<span class="place">${this.#sheet(candidate)}</span>
      <span class="caption figures">${captions[isBlank ? 'blank' : kind](words)}</span>`;
    if (kind !== 'finished' || !picture) return html`<div class=${`cell ${kind}`}>${content}</div>`;
    return html`<button
      class="cell finished"
      type="button"
      aria-label=${`${words}. ${alt}`}
      @click=${() => this.dispatchEvent(new SelectAttemptEvent(picture.reference.imageId))}
    >
      ${content}
    </button>`;
  }

  #sheet({ candidate, kind, number, words, alt }: Candidate): TemplateResult {
    const isDrawn = kind === 'partial' || (kind === 'blank' && number === undefined);
    const image = this.#images.shown(candidate);
    if (image) image.alt = alt;
    return html`<span class="sheet">
      ${image ?? nothing} ${kind === 'failed' ? html`<span class="reason">${words}</span>` : nothing}
      ${this.working && isDrawn ? html`<span class="sweep"></span>` : nothing}
    </span>`;
  }
}

const captions: Readonly<Record<Candidate['kind'], (words: string) => string>> = {
  blank: (words) => words,
  partial: (words) => (words === 'Drawing' ? 'Preview' : `Preview. ${words}`),
  finished: (words) => words,
  failed: () => 'No picture',
};
