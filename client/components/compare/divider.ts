/** The line between two pictures that lie over each other: dragged, or moved by keys. Covers its pane, and only the line can be hit. */
import { css, html, LitElement, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { base } from '../ui/base.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';

const STEP = 2;
const STRIDE = 10;

export class DivideEvent extends Event {
  static readonly type = 'divide';
  /** How much of the first picture is to be seen, in percent. */
  readonly share: number;

  constructor(share: number) {
    super(DivideEvent.type);
    this.share = share;
  }
}

@element('proof-divider')
export class Divider extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        --at: 0px;
        position: absolute;
        inset: 0;
        pointer-events: none;
      }

      .line {
        position: absolute;
        inset-block: 0;
        left: calc(var(--at) - 22px);
        display: grid;
        place-items: center;
        inline-size: 44px;
        pointer-events: auto;
        cursor: ew-resize;
        touch-action: none;
        user-select: none;
        -webkit-user-select: none;
        outline: none;
      }

      .line::before {
        content: '';
        grid-area: 1 / 1;
        inline-size: 2px;
        block-size: 100%;
        background: #fff;
        box-shadow: 0 0 0 1px rgb(0 0 0 / 0.35);
      }

      .grip {
        grid-area: 1 / 1;
        display: grid;
        grid-template-columns: auto auto;
        place-content: center;
        inline-size: 36px;
        block-size: 36px;
        z-index: 1;
        border-radius: 50%;
        direction: ltr;
        background: #fff;
        color: #1b1c1e;
        box-shadow: 0 0 0 1px rgb(0 0 0 / 0.35), 0 2px 8px rgb(0 0 0 / 0.3);
      }

      .grip .icon {
        inline-size: 14px;
        block-size: 14px;
        margin-inline: -1px;
        stroke-width: 2.4;
      }

      .grip .icon:first-child {
        rotate: 180deg;
      }

      .line:focus-visible .grip {
        /* Seen on light pictures and on dark ones; forced colours paint the outline. */
        outline: 2px solid transparent;
        box-shadow: 0 0 0 3px #1b1c1e, 0 0 0 6px #fff, 0 0 0 7px #1b1c1e;
      }

      @media (forced-colors: active) {
        .line::before {
          forced-color-adjust: none;
          background: CanvasText;
        }

        .grip {
          border: 2px solid CanvasText;
        }
      }
    `,
  ];

  /** How much of the first picture is seen, from 0 to 100 percent. */
  @property({ attribute: false }) accessor share = 50;
  /** Between these, in pixels from the pane's left edge, the line goes. */
  @property({ attribute: false }) accessor from = 0;
  @property({ attribute: false }) accessor to = 0;
  /** Whether the first picture has the right side. */
  @property({ type: Boolean }) accessor mirrored = false;
  /** What the two sides show. */
  @property({ attribute: false }) accessor names: readonly [string, string] = ['', ''];

  #isHeld = false;

  override updated(): void {
    this.style.setProperty('--at', `${lineAt(this)}px`);
  }

  override render(): TemplateResult {
    const share = Math.round(this.share);
    const [first, second] = this.names;
    return html`<div
      class="line"
      tabindex="0"
      role="slider"
      aria-label="Divider"
      aria-orientation="horizontal"
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow=${share}
      aria-valuetext=${`${share}% ${first}, ${100 - share}% ${second}`}
      @keydown=${this.#pressed}
      @pointerdown=${this.#take}
      @pointermove=${this.#drag}
      @pointerup=${this.#leave}
      @pointercancel=${this.#leave}
    >
      <span class="grip">${icons.chevron()}${icons.chevron()}</span>
    </div>`;
  }

  #pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const share = this.#shareAfter(event);
    if (share === undefined) return;
    event.preventDefault();
    this.#tell(share);
  }

  #shareAfter({ key, shiftKey }: KeyboardEvent): number | undefined {
    const step = shiftKey ? STRIDE : STEP;
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
        return this.share + STRIDE;
      case 'PageDown':
        return this.share - STRIDE;
      case 'Home':
        return 0;
      case 'End':
        return 100;
      default:
        return undefined;
    }
  }

  /** The pane beneath is not to be dragged along. */
  #take(event: PointerEvent): void {
    event.stopPropagation();
    if (event.button !== 0 || !(event.currentTarget instanceof HTMLElement)) return;
    if (event.pointerType !== 'touch') event.currentTarget.setPointerCapture(event.pointerId);
    this.#isHeld = true;
  }

  #drag(event: PointerEvent): void {
    if (!this.#isHeld) return;
    event.stopPropagation();
    const x = event.clientX - this.getBoundingClientRect().left;
    const share = (100 * (x - this.from)) / Math.max(1, this.to - this.from);
    this.#tell(this.mirrored ? 100 - share : share);
  }

  #leave(event: PointerEvent): void {
    event.stopPropagation();
    this.#isHeld = false;
  }

  #tell(share: number): void {
    this.dispatchEvent(new DivideEvent(Math.min(100, Math.max(0, share))));
  }
}

interface Divided {
  readonly share: number;
  readonly from: number;
  readonly to: number;
  readonly mirrored: boolean;
}

/** Where the line stands, in pixels from the pane's left edge. */
export function lineAt({ share, from, to, mirrored }: Divided): number {
  const along = ((mirrored ? 100 - share : share) / 100) * (to - from);
  return from + along;
}
