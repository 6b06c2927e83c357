/** The slider between two pictures that are shown over each other. It covers its pane, but only its handle takes the pointer. */
import { html, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { base } from '../ui/base.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import { divider } from './divider.styles.ts';

/** What an arrow key moves, in percent; and a page key, or an arrow key with Shift. */
const STEP = 2;
const LARGE_STEP = 10;

export class DivideEvent extends Event {
  static readonly type = 'divide';
  /** How much of the first picture is to be visible, from 0 to 100 percent. */
  readonly share: number;

  constructor(share: number) {
    super(DivideEvent.type);
    this.share = share;
  }
}

@element('proof-divider')
export class Divider extends LocalizedElement {
  static override styles = [base, divider];

  /** How much of the first picture is visible, from 0 to 100 percent. */
  @property({ attribute: false }) accessor share = 50;
  /** The range of the divider, in pixels from the pane's left edge. */
  @property({ attribute: false }) accessor from = 0;
  @property({ attribute: false }) accessor to = 0;
  /** Whether the first picture has the right side. */
  @property({ type: Boolean }) accessor mirrored = false;
  /** Of the first and the second picture. */
  @property({ attribute: false }) accessor numbers: readonly [number, number] = [0, 0];

  #isHeld = false;

  override updated(): void {
    this.style.setProperty('--position', `${dividerPosition(this)}px`);
  }

  override render(): TemplateResult {
    const share = Math.round(this.share);
    const [first, second] = this.numbers;
    return html`<div
      class="handle"
      tabindex="0"
      role="slider"
      aria-label=${this.t('compare.divider')}
      aria-orientation="horizontal"
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow=${share}
      aria-valuetext=${this.t('compare.dividerShares', { first, second, firstShare: share / 100, secondShare: 1 - share / 100 })}
      @keydown=${this.#keyPressed}
      @pointerdown=${this.#pointerDown}
      @pointermove=${this.#pointerMove}
      @pointerup=${this.#pointerUp}
      @pointercancel=${this.#pointerUp}
    >
      <span class="grip">${icons.chevron()}${icons.chevron()}</span>
    </div>`;
  }

  #keyPressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const share = this.#shareAfter(event);
    if (share === undefined) return;
    event.preventDefault();
    this.#report(share);
  }

  #shareAfter({ key, shiftKey }: KeyboardEvent): number | undefined {
    const step = shiftKey ? LARGE_STEP : STEP;
    const towardsRight = this.mirrored ? -step : step;
    switch (key) {
      case 'ArrowRight':
        return this.share + towardsRight;
      case 'ArrowLeft':
        return this.share - towardsRight;
      case 'ArrowUp':
        return this.share + step;
      case 'ArrowDown':
        return this.share - step;
      case 'PageUp':
        return this.share + LARGE_STEP;
      case 'PageDown':
        return this.share - LARGE_STEP;
      case 'Home':
        return 0;
      case 'End':
        return 100;
      default:
        return undefined;
    }
  }

  // Pointer events of the divider don't reach the pane, which would pan.

  #pointerDown(event: PointerEvent): void {
    event.stopPropagation();
    if (event.button !== 0 || !(event.currentTarget instanceof HTMLElement)) return;
    if (event.pointerType !== 'touch') event.currentTarget.setPointerCapture(event.pointerId);
    this.#isHeld = true;
  }

  #pointerMove(event: PointerEvent): void {
    if (!this.#isHeld) return;
    event.stopPropagation();
    const x = event.clientX - this.getBoundingClientRect().left;
    const share = (100 * (x - this.from)) / Math.max(1, this.to - this.from);
    this.#report(this.mirrored ? 100 - share : share);
  }

  #pointerUp(event: PointerEvent): void {
    event.stopPropagation();
    this.#isHeld = false;
  }

  #report(share: number): void {
    this.dispatchEvent(new DivideEvent(Math.min(100, Math.max(0, share))));
  }
}

/** In pixels from the pane's left edge. */
export function dividerPosition({
  share,
  from,
  to,
  mirrored,
}: Pick<Divider, 'share' | 'from' | 'to' | 'mirrored'>): number {
  return from + ((mirrored ? 100 - share : share) / 100) * (to - from);
}
