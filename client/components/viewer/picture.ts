/** One image in a frame with crop marks. A new image fades in over the one before it; a click opens a close look. */
import { html, nothing, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { MessageKey } from '../../model/texts.ts';
import type { ImageContent, SingleContent } from '../../model/viewer-content.ts';
import type { PictureProblem } from '../../session/session-state.ts';
import { base } from '../ui/base.styles.ts';
import { element } from '../ui/element.ts';
import { CompareEvent, ShownEvent } from '../ui/events.ts';
import * as icons from '../ui/icons.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import { DecodedImage } from './decoded-image.ts';
import { canvas, picture } from './picture.styles.ts';

interface Layer {
  readonly image: HTMLImageElement;
  /** The content that the image belongs to. A layer keeps its look while another one fades in above it. */
  readonly content: ImageContent;
}

const captions = {
  partial: 'picture.captionPreview',
  previous: 'picture.captionPrevious',
  finished: undefined,
  approved: 'common.approved',
  declined: 'outcome.declined',
} as const satisfies Record<ImageContent['kind'], MessageKey | undefined>;

@element('proof-picture')
export class Picture extends LocalizedElement {
  static override styles = [base, canvas, picture];

  @property({ attribute: false }) accessor content: SingleContent = { kind: 'empty' };
  /** A generation is running; the canvas shows it. */
  @property({ type: Boolean }) accessor drawing = false;

  /** The image on show, last, and under it the one that it replaces, until it has faded in. */
  @state() private accessor layers: readonly Layer[] = [];
  @query('.look') private accessor lookButton!: HTMLElement | null;
  #reportedId: string | undefined;
  readonly #image = new DecodedImage(() => this.requestUpdate());

  /** The image id of what is on show. */
  get shownId(): string | undefined {
    return this.layers.at(-1)?.content.picture.reference.imageId;
  }

  override willUpdate(): void {
    const content = 'picture' in this.content ? this.content : undefined;
    this.#image.request(content?.picture);
    if (!content) {
      this.layers = [];
      return;
    }
    const { decoded } = this.#image;
    if (decoded?.imageId !== content.picture.reference.imageId) return;
    const top = this.layers.at(-1);
    const under = top?.image === decoded.element ? this.layers.slice(0, -1) : this.layers.slice(-1);
    this.layers = [...under, { image: decoded.element, content }];
  }

  override updated(): void {
    if (this.shownId !== this.#reportedId) this.dispatchEvent(new ShownEvent());
    this.#reportedId = this.shownId;
    const frame = this.renderRoot.querySelector<HTMLElement>('.frame');
    frame?.style.setProperty('--ratio', String(ratioOf(this.layers.at(-1)?.content ?? this.content)));
  }

  override render(): TemplateResult | typeof nothing {
    if (this.content.kind === 'empty') return nothing;
    const top = this.layers.at(-1);
    for (const layer of this.layers) {
      layer.image.className = layer.content.kind;
      layer.image.alt = layer === top ? layer.content.alt : '';
    }
    return html`<figure class=${`frame ${top?.content.kind ?? 'placeholder'}`}>
      <span class="marks" aria-hidden="true"></span>
      <div class="canvas" @animationend=${this.#fadedIn} @click=${this.#lookClosely}>
        ${repeat(
          this.layers,
          ({ image }) => image,
          ({ image }) => image,
        )}
        ${this.content.kind === 'unviewable' ? this.#reason(this.content.problem) : nothing}
        ${this.drawing ? html`<span class="sweep"></span>` : nothing}
      </div>
      ${top ? this.#lookButton(top.content) : nothing} ${this.#caption(top?.content)}
    </figure>`;
  }

  #reason(problem: PictureProblem): TemplateResult {
    return html`<div class="reason">
      ${icons.hidden()}<strong>${this.t(`problem.${problem}`)}</strong><span>${this.t(`problem.${problem}.text`)}</span>
    </div>`;
  }

  /** For keyboards and screen readers. It covers the picture but lets the mouse through, so that the picture can be dragged away. */
  #lookButton(content: ImageContent): TemplateResult {
    const hasNumber = 'number' in content;
    // A preview has no close look; its button is kept because it may have the focus.
    return html`<button
      class="look"
      type="button"
      aria-label=${hasNumber ? this.t('picture.lookCloselyAt', { number: content.number }) : this.t('picture.lookClosely')}
      aria-disabled=${hasNumber ? nothing : 'true'}
      tabindex=${hasNumber ? nothing : '-1'}
      @click=${this.#lookClosely}
    ></button>`;
  }

  #caption(content: ImageContent | undefined): TemplateResult | typeof nothing {
    if (!content) {
      const isComing = this.content.kind === 'placeholder' && this.content.isComing;
      return isComing ? html`<figcaption class="caption coming">${this.t('common.onItsWay')}</figcaption>` : nothing;
    }
    const { kind } = content;
    const caption = captions[kind];
    if (!caption) return nothing;
    return html`<figcaption class="caption">${kind === 'approved' ? icons.check() : kind === 'declined' ? icons.cross() : nothing}${this.t(caption)}</figcaption>`;
  }

  #lookClosely(): void {
    const content = this.layers.at(-1)?.content;
    if (!content || !('number' in content)) return;
    // A closing dialog gives the focus back to the element that had it: this button, also after a click on the picture.
    this.lookButton?.focus({ preventScroll: true });
    this.dispatchEvent(new CompareEvent(content.picture.reference.imageId));
  }

  #fadedIn(event: AnimationEvent): void {
    const top = this.layers.at(-1);
    if (top && event.target === top.image) this.layers = [top];
  }
}

/** Width by height; 1 where it is not known. */
function ratioOf(content: SingleContent): number {
  if ('ratio' in content) return content.ratio;
  return 'picture' in content ? content.picture.reference.width / content.picture.reference.height : 1;
}
