/** Keyboard focus in the attempt strip: Tab stops at one attempt, and the arrow keys move from there to the others. */
import type { LitElement, ReactiveController } from 'lit';
import type { Attempt } from '../../../shared/model.ts';
import { findAttempt } from '../../model/attempt-tree.ts';

interface StripHost extends LitElement {
  readonly attempts: readonly Attempt[];
  readonly selectedId: string | undefined;
  /** What can have the focus, in order, each with its `data-image-id`. */
  readonly items: readonly HTMLElement[];
}

/** Also keeps the focus when the element that has it goes, because its attempt is discarded or restored. */
export class RovingFocus implements ReactiveController {
  readonly #host: StripHost;
  /** The attempt that had the focus last, or was selected since. */
  #visitedId: string | undefined;
  #selectedId: string | undefined;
  /** The attempt that had the focus when the current update began. */
  #focusedId: string | undefined;

  constructor(host: StripHost) {
    this.#host = host;
    host.addController(this);
  }

  hostUpdate(): void {
    const { shadowRoot, selectedId } = this.#host;
    this.#focusedId = imageIdAt(shadowRoot?.activeElement);
    if (this.#focusedId !== undefined || selectedId !== this.#selectedId) {
      this.#visitedId = this.#focusedId ?? selectedId;
    }
    this.#selectedId = selectedId;
  }

  hostUpdated(): void {
    if (this.#focusedId !== undefined && !this.#host.shadowRoot?.activeElement) this.#recover(this.#focusedId);
  }

  /** The image id of the attempt at which Tab stops. */
  get tabStop(): string | undefined {
    const { attempts, selectedId } = this.#host;
    const stop = findAttempt(attempts, this.#visitedId) ?? findAttempt(attempts, selectedId) ?? attempts.at(-1);
    return stop?.image.imageId;
  }

  /** An attempt has received the focus. */
  visit(imageId: string | undefined): void {
    if (imageId === this.#visitedId) return;
    this.#visitedId = imageId;
    this.#host.requestUpdate();
  }

  /** Moves the focus from the attempt `imageId`; returns whether the key is one that moves it. */
  move(key: string, imageId: string): boolean {
    const { items } = this.#host;
    const index = items.findIndex((item) => item.dataset.imageId === imageId);
    const isRightToLeft = getComputedStyle(this.#host).direction === 'rtl';
    const targets = new Map([
      [isRightToLeft ? 'ArrowLeft' : 'ArrowRight', index + 1],
      [isRightToLeft ? 'ArrowRight' : 'ArrowLeft', index - 1],
      ['Home', 0],
      ['End', items.length - 1],
    ]);
    const target = targets.get(key);
    if (target !== undefined) items[Math.max(0, target)]?.focus();
    return target !== undefined;
  }

  /** Focuses what now stands for the attempt (its button, Undo or Restore), else the Tab stop, else the discarded list. */
  #recover(imageId: string): void {
    const { renderRoot } = this.#host;
    const elements = [...renderRoot.querySelectorAll<HTMLElement>(`[data-image-id='${CSS.escape(imageId)}']`)];
    const buttons = elements.map((element) => (element.matches('button') ? element : element.querySelector('button')));
    const successor = buttons.find((button) => button?.checkVisibility());
    const fallback = renderRoot.querySelector<HTMLElement>(".attempt[tabindex='0'], summary");
    (successor ?? fallback)?.focus();
  }
}

/** The image id of the attempt that an element belongs to. */
export function imageIdAt(target: EventTarget | null | undefined): string | undefined {
  if (!(target instanceof Element)) return undefined;
  return target.closest<HTMLElement>('[data-image-id]')?.dataset.imageId;
}
