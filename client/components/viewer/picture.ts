/** One image in a frame with crop marks. A new image replaces the one before it once it is decoded; a click opens a close look. */
import { html, nothing, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
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

interface Shown {
  readonly image: HTMLImageElement;
  /** The content that the image belongs to. An image keeps its look while the next one is decoded. */
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

  @state() private accessor shown: Shown | undefined;
  @query('.look') private accessor lookButton!: HTMLElement | null;
  #reportedId: string | undefined;
  readonly #image = new DecodedImage(() => this.requestUpdate());

  /** The image id of what is on show. */
  get shownId(): string | undefined {
    return this.shown?.content.picture.reference.imageId;
  }

  override willUpdate(): void {
    const content = 'picture' in this.content ? this.content : undefined;
    this.#image.request(content?.picture);
    const { decoded } = this.#image;
    if (!content) this.shown = undefined;
    else if (decoded?.imageId === content.picture.reference.imageId) this.shown = { image: decoded.element, content };
  }

  override updated(): void {
    if (this.shownId !== this.#reportedId) this.dispatchEvent(new ShownEvent());
    this.#reportedId = this.shownId;
    const frame = this.renderRoot.querySelector<HTMLElement>('.frame');
    frame?.style.setProperty('--ratio', String(ratioOf(this.shown?.content ?? this.content)));
  }

  override render(): TemplateResult | typeof nothing {
    if (this.content.kind === 'empty') return nothing;
    const { shown } = this;
    if (shown) {
      shown.image.className = shown.content.kind;
      shown.image.alt = shown.content.alt;
    }
    return html`<figure class=${`frame ${shown?.content.kind ?? 'placeholder'}`}>
      <span class="marks" aria-hidden="true"></span>
      <div class="canvas" @click=${this.#lookClosely}>
        ${shown?.image ?? nothing}
        ${this.content.kind === 'unviewable' ? this.#reason(this.content.problem) : nothing}
        ${this.drawing ? html`<span class="sweep"></span>` : nothing}
      </div>
      ${shown ? this.#lookButton(shown.content) : nothing} ${this.#caption(shown?.content)}
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
    const content = this.shown?.content;
    if (!content || !('number' in content)) return;
    // A closing dialog gives the focus back to the element that had it: this button, also after a click on the picture.
    this.lookButton?.focus({ preventScroll: true });
    this.dispatchEvent(new CompareEvent(content.picture.reference.imageId));
  }
}

/** Width by height; 1 where it is not known. */
function ratioOf(content: SingleContent): number {
  if ('ratio' in content) return content.ratio;
  return 'picture' in content ? content.picture.reference.width / content.picture.reference.height : 1;
}
