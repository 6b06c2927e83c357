/** The candidates of one generation in a grid, in order, as they arrive. A click on a finished one selects it. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, query } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { pictureProblems } from '../../model/sentences.ts';
import type { CandidateContent } from '../../model/viewer-content.ts';
import { base } from '../ui/base.styles.ts';
import { element } from '../ui/element.ts';
import { ElementSize } from '../ui/element-size.ts';
import { SelectAttemptEvent } from '../ui/events.ts';
import * as icons from '../ui/icons.ts';
import { ImageLoader } from '../ui/image-loader.ts';
import { candidates } from './candidates.styles.ts';
import { DecodedImage } from './decoded-image.ts';
import { canvas } from './picture.styles.ts';

const captions = {
  placeholder: (label) => label,
  partial: (label) => (label === 'Drawing' ? 'Preview' : `Preview. ${label}`),
  finished: (label) => label,
  failed: () => 'No picture',
  unviewable: (label) => label,
} as const satisfies Record<CandidateContent['kind'], (label: string) => string>;

@element('proof-candidates')
export class Candidates extends LitElement {
  static override styles = [base, canvas, candidates];

  @property({ attribute: false }) accessor candidates: readonly CandidateContent[] = [];
  /** The generation is running; the unfinished candidates show it. */
  @property({ type: Boolean }) accessor drawing = false;
  @query('.available') private accessor available!: Element | null;

  readonly #available = new ElementSize(this, () => this.available);
  readonly #loader = new ImageLoader(this);
  /** By candidate. */
  readonly #images = new Map<number, DecodedImage>();

  override focus(options?: FocusOptions): void {
    this.renderRoot.querySelector('button')?.focus(options);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('candidates')) return;
    const listed = new Set(this.candidates.map(({ candidate }) => candidate));
    for (const candidate of this.#images.keys()) if (!listed.has(candidate)) this.#images.delete(candidate);
    for (const { candidate, picture } of this.candidates) {
      const image = this.#images.get(candidate) ?? new DecodedImage(this.#decoded);
      this.#images.set(candidate, image);
      image.request(picture);
    }
  }

  override updated(): void {
    // After a late join the server sends only the newest image by itself (rule W1).
    this.#loader.load(
      this.candidates.flatMap(({ kind, imageId, picture }) =>
        imageId === undefined || kind === 'unviewable' ? [] : [{ imageId, isFilled: picture !== undefined }],
      ),
    );
    const grid = this.renderRoot.querySelector<HTMLElement>('.grid');
    if (!grid) return;
    const count = this.candidates.length;
    const ratio = this.candidates[0]?.ratio ?? 1;
    grid.style.setProperty('--count', String(count));
    grid.style.setProperty('--ratio', String(ratio));
    const { size } = this.#available;
    if (size) grid.style.setProperty('--columns', String(columnsFor(size, count, ratio)));
    for (const [index, canvas] of grid.querySelectorAll<HTMLElement>('.canvas').entries()) {
      canvas.style.setProperty('--own-ratio', String(this.candidates[index]?.ratio ?? 1));
    }
  }

  override render(): TemplateResult | typeof nothing {
    if (this.candidates.length === 0) return nothing;
    return html`<div class="available"></div>
      <ul
        class="grid"
        role="list"
        aria-label=${`${this.candidates.length} pictures of one prompt`}
        @animationend=${this.#fadedIn}
      >
        ${repeat(
          this.candidates,
          ({ candidate }) => candidate,
          (candidate) => html`<li>${this.#candidate(candidate)}</li>`,
        )}
      </ul>`;
  }

  /** The first image of a candidate fades in; a later one is the same drawn further, and replaces it at once. */
  readonly #decoded = (image: HTMLImageElement, previous: HTMLImageElement | undefined): void => {
    if (!previous) image.classList.add('first');
    this.requestUpdate();
  };

  /** A candidate that becomes a button moves its image to another parent; without this it would fade in again. */
  #fadedIn({ target }: AnimationEvent): void {
    if (target instanceof HTMLImageElement) target.classList.remove('first');
  }

  #candidate(content: CandidateContent): TemplateResult {
    const { candidate, kind, imageId, label, alt } = content;
    const isPreviewReady = this.#images.get(candidate)?.decoded !== undefined;
    const caption = captions[kind === 'partial' && !isPreviewReady ? 'placeholder' : kind];
    const body = html`<span class="slot">${this.#canvas(content)}</span>
      <span class="caption figures">${caption(label)}</span>`;
    if (kind !== 'finished' && kind !== 'unviewable') return html`<div class=${`candidate ${kind}`}>${body}</div>`;
    return html`<button
      class=${`candidate ${kind}`}
      type="button"
      aria-label=${`${label}. ${kind === 'finished' ? alt : pictureProblems[content.problem].title}`}
      @click=${() => this.dispatchEvent(new SelectAttemptEvent(imageId))}
    >
      ${body}
    </button>`;
  }

  #canvas(content: CandidateContent): TemplateResult {
    const { candidate, kind, imageId, alt } = content;
    const isUnfinished = kind === 'partial' || (kind === 'placeholder' && imageId === undefined);
    const image = this.#images.get(candidate)?.decoded?.element;
    if (image) image.alt = alt;
    return html`<span class="canvas">
      ${image ?? nothing} ${reasonOf(content)}
      ${this.drawing && isUnfinished ? html`<span class="sweep"></span>` : nothing}
    </span>`;
  }
}

/** Why there is no picture to see. */
function reasonOf(content: CandidateContent): TemplateResult | typeof nothing {
  if (content.kind === 'failed') return html`<span class="reason">${content.label}</span>`;
  if (content.kind !== 'unviewable') return nothing;
  return html`<span class="reason">${icons.hidden()}${pictureProblems[content.problem].title}</span>`;
}

/** Between two candidates, and the caption below each, in pixels: about what the styles say. */
const GAP = 20;
const CAPTION = 32;

/** The number of columns in which candidates of that ratio (width by height) are largest; of two that are equal, the smaller. */
function columnsFor(available: { width: number; height: number }, count: number, ratio: number): number {
  const widthIn = (columns: number): number => {
    const rows = Math.ceil(count / columns);
    const height = (available.height - (rows - 1) * GAP) / rows - CAPTION;
    return Math.min((available.width - (columns - 1) * GAP) / columns, height * ratio);
  };
  let best = 1;
  for (let columns = 2; columns <= count; columns += 1) if (widthIn(columns) > widthIn(best)) best = columns;
  return best;
}
