/** A pane that shows one picture, or two over each other, at the placement it is given. It reports wheels and pointers as zoom actions. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, query } from 'lit/decorators.js';
import { keyed } from 'lit/directives/keyed.js';
import { base } from '../ui/base.styles.ts';
import { element } from '../ui/element.ts';
import { Pointers, wheelAction, ZoomActionEvent } from './pane-input.ts';
import { ACTUAL_PIXELS, type Placement, type Point, type ZoomAction } from './zoom.ts';
import { zoomPane } from './zoom-pane.styles.ts';

/** A picture in the pane. */
export interface PanePicture {
  readonly imageId: string;
  /** Absent until its bytes are here. */
  readonly url?: string | undefined;
  /** Why it cannot be shown; there is no `url` then. */
  readonly problem?: string | undefined;
  readonly alt: string;
  readonly placement: Placement;
}

/** Dispatches `ZoomActionEvent`s. */
@element('proof-zoom-pane')
export class ZoomPane extends LitElement {
  static override styles = [base, zoomPane];

  /** One, or two of which each has one side of the split. */
  @property({ attribute: false }) accessor pictures: readonly PanePicture[] = [];
  @property({ attribute: false }) accessor label = '';
  /** Where the left picture ends and the right one begins, in pixels from the left edge. */
  @property({ attribute: false }) accessor split: number | undefined;
  /** Whether the second picture has the left side. */
  @property({ type: Boolean }) accessor mirrored = false;
  /** Whether there is more of the picture than the pane shows. */
  @property({ type: Boolean, reflect: true }) accessor movable = false;
  @query('.surface') private accessor surface!: HTMLElement;

  readonly #pointers = new Pointers();

  override updated(changed: PropertyValues<this>): void {
    if (changed.has('split')) this.surface.style.setProperty('--split', `${this.split ?? 0}px`);
    for (const [index, picture] of this.renderRoot.querySelectorAll<HTMLElement>('.picture').entries()) {
      const placement = this.pictures[index]?.placement;
      if (!placement) continue;
      for (const side of ['left', 'top', 'width', 'height'] as const) {
        picture.style.setProperty(side, `${placement[side]}px`);
      }
    }
  }

  override render(): TemplateResult {
    return html`<div
      class="surface"
      tabindex="0"
      role="group"
      aria-label=${this.label}
      aria-description="Plus and minus zoom, the arrow keys move. 0 shows the whole picture, 1 its actual pixels."
      @wheel=${this.#wheel}
      @pointerdown=${this.#pointerDown}
      @pointermove=${this.#pointerMove}
      @pointerup=${this.#pointerUp}
      @pointercancel=${this.#pointerCancel}
    >
      ${this.pictures.map((picture, index) => this.#picture(picture, index))}
      <slot></slot>
    </div>`;
  }

  #picture({ imageId, url, problem, alt, placement }: PanePicture, index: number): TemplateResult {
    const missing = problem ?? 'On its way';
    const side = this.split === undefined ? '' : (index === 0) === this.mirrored ? ' right' : ' left';
    // An enlarged picture shows its pixels as squares. A rounding error must not do so at actual pixels: whole rows would be lost.
    const isEnlarged = placement.zoom > ACTUAL_PIXELS + 0.001;
    return html`<div class=${`layer${side}`}>
      <div class=${`picture${url ? '' : ' placeholder'}${isEnlarged ? ' enlarged' : ''}`}>
        ${keyed(
          imageId,
          url
            ? html`<img src=${url} alt=${alt} draggable="false" />`
            : html`<span role="img" aria-label=${`${alt}. ${missing}.`}></span>`,
        )}
      </div>
      ${url ? nothing : html`<span class="hint" aria-hidden="true">${problem ?? 'On its way …'}</span>`}
    </div>`;
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    this.#report([wheelAction(event, this.#pointOf(event))]);
  }

  #pointerDown(event: PointerEvent): void {
    if (event.button !== 0) return;
    // Browsers capture touch pointers by themselves.
    if (event.pointerType !== 'touch') this.surface.setPointerCapture(event.pointerId);
    this.#pointers.down(event.pointerId, this.#pointOf(event));
    this.toggleAttribute('held', true);
  }

  #pointerMove(event: PointerEvent): void {
    this.#report(this.#pointers.move(event.pointerId, this.#pointOf(event)));
  }

  #pointerUp(event: PointerEvent): void {
    this.#report(this.#pointers.up(event.pointerId, this.#pointOf(event), event.timeStamp));
    this.toggleAttribute('held', this.#pointers.isDown);
  }

  #pointerCancel(event: PointerEvent): void {
    this.#pointers.cancel(event.pointerId);
    this.toggleAttribute('held', this.#pointers.isDown);
  }

  #pointOf({ clientX, clientY }: MouseEvent): Point {
    const { left, top, width, height } = this.surface.getBoundingClientRect();
    return { x: clientX - left - width / 2, y: clientY - top - height / 2 };
  }

  #report(actions: readonly ZoomAction[]): void {
    for (const action of actions) this.dispatchEvent(new ZoomActionEvent(action));
  }
}
