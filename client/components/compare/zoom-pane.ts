/** A window onto a picture, or onto two that lie over each other: shows them where it is told, and tells what hands do. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, query } from 'lit/decorators.js';
import { keyed } from 'lit/directives/keyed.js';
import { base } from '../ui/base.styles.ts';
import { element } from '../ui/element.ts';
import { type Gesture, Pointers, wheelFactor } from './pane-gestures.ts';
import { ACTUAL_PIXELS, type Place, type Point } from './zoom.ts';
import { zoomPane } from './zoom-pane.styles.ts';

/** A picture in the pane. */
export interface Sheet {
  readonly imageId: string;
  /** Absent: its bytes aren't here yet. */
  readonly url?: string | undefined;
  readonly alt: string;
  readonly place: Place;
}

export class PaneGestureEvent extends Event {
  static readonly type = 'pane-gesture';
  readonly gesture: Gesture;

  constructor(gesture: Gesture) {
    super(PaneGestureEvent.type);
    this.gesture = gesture;
  }
}

@element('proof-zoom-pane')
export class ZoomPane extends LitElement {
  static override styles = [base, zoomPane];

  /** One, or two of which each has its own side of the split. */
  @property({ attribute: false }) accessor sheets: readonly Sheet[] = [];
  @property({ attribute: false }) accessor label = '';
  /** Where, from the left edge in pixels, the sheet of the left ends and that of the right begins. */
  @property({ attribute: false }) accessor split: number | undefined;
  /** Whether the second sheet has the left side. */
  @property({ type: Boolean }) accessor mirrored = false;
  /** Whether there is more of the picture than the pane shows. */
  @property({ type: Boolean, reflect: true }) accessor movable = false;
  @query('.surface') private accessor surface!: HTMLElement;

  readonly #pointers = new Pointers();

  override updated(changed: PropertyValues<this>): void {
    if (changed.has('split')) this.surface.style.setProperty('--split', `${this.split ?? 0}px`);
    for (const [index, sheet] of this.renderRoot.querySelectorAll<HTMLElement>('.sheet').entries()) {
      const place = this.sheets[index]?.place;
      if (!place) continue;
      for (const side of ['left', 'top', 'width', 'height'] as const) sheet.style.setProperty(side, `${place[side]}px`);
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
      ${this.sheets.map((sheet, index) => this.#sheet(sheet, index))}
      <slot></slot>
    </div>`;
  }

  #sheet({ imageId, url, alt, place }: Sheet, index: number): TemplateResult {
    const side = this.split === undefined ? '' : (index === 0) === this.mirrored ? ' right' : ' left';
    // Enlarged pixels are shown as they are; a picture a little below them must not lose lines to rounding.
    const isEnlarged = place.zoom > ACTUAL_PIXELS + 0.001;
    return html`<div class=${`layer${side}`}>
      <div class=${`sheet${url ? '' : ' blank'}${isEnlarged ? ' enlarged' : ''}`}>
        ${keyed(
          imageId,
          url
            ? html`<img src=${url} alt=${alt} draggable="false" />`
            : html`<span role="img" aria-label=${`${alt}. On its way.`}></span>`,
        )}
      </div>
      ${url ? nothing : html`<span class="hint" aria-hidden="true">On its way …</span>`}
    </div>`;
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    this.#tell([{ type: 'zoom', factor: wheelFactor(event), at: this.#pointOf(event) }]);
  }

  #pointerDown(event: PointerEvent): void {
    if (event.button !== 0) return;
    // Fingers are captured by themselves.
    if (event.pointerType !== 'touch') this.surface.setPointerCapture(event.pointerId);
    this.#pointers.down(event.pointerId, this.#pointOf(event));
    this.toggleAttribute('held', true);
  }

  #pointerMove(event: PointerEvent): void {
    this.#tell(this.#pointers.move(event.pointerId, this.#pointOf(event)));
  }

  #pointerUp(event: PointerEvent): void {
    this.#tell(this.#pointers.up(event.pointerId, this.#pointOf(event), event.timeStamp));
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

  #tell(gestures: readonly Gesture[]): void {
    for (const gesture of gestures) this.dispatchEvent(new PaneGestureEvent(gesture));
  }
}
