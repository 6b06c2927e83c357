/** The focus in the strip of attempts: Tab leads to one of them, the arrows to the others, and where one goes it finds what is left. */
import type { LitElement, ReactiveController } from 'lit';
import type { Attempt } from '../../../shared/model.ts';
import { findAttempt } from '../../model/attempt-tree.ts';

interface StripHost extends LitElement {
  readonly attempts: readonly Attempt[];
  /** The one on the mat. */
  readonly openedId: string | undefined;
  /** What stands in the strip, in order, each with its `data-image-id`. */
  readonly parts: readonly HTMLElement[];
}

export class StripFocus implements ReactiveController {
  readonly #host: StripHost;
  /** The one that had the focus last, or was opened since. */
  #visited: string | undefined;
  #openedId: string | undefined;
  #stoodOn: string | undefined;

  constructor(host: StripHost) {
    this.#host = host;
    host.addController(this);
  }

  hostUpdate(): void {
    const { shadowRoot, openedId } = this.#host;
    this.#stoodOn = imageIdAt(shadowRoot?.activeElement);
    if (this.#stoodOn !== undefined || openedId !== this.#openedId) this.#visited = this.#stoodOn ?? openedId;
    this.#openedId = openedId;
  }

  hostUpdated(): void {
    if (this.#stoodOn !== undefined && !this.#host.shadowRoot?.activeElement) this.#land(this.#stoodOn);
  }

  /** The attempt that Tab leads to. */
  get tabStop(): string | undefined {
    const { attempts, openedId } = this.#host;
    const stop = findAttempt(attempts, this.#visited) ?? findAttempt(attempts, openedId) ?? attempts.at(-1);
    return stop?.image.imageId;
  }

  visit(imageId: string | undefined): void {
    if (imageId === this.#visited) return;
    this.#visited = imageId;
    this.#host.requestUpdate();
  }

  /** Whether the key is one that moves along the strip, from `imageId`. */
  move(key: string, imageId: string): boolean {
    const { parts } = this.#host;
    const at = parts.findIndex((part) => part.dataset.imageId === imageId);
    const isMirrored = getComputedStyle(this.#host).direction === 'rtl';
    const places = new Map([
      [isMirrored ? 'ArrowLeft' : 'ArrowRight', at + 1],
      [isMirrored ? 'ArrowRight' : 'ArrowLeft', at - 1],
      ['Home', 0],
      ['End', parts.length - 1],
    ]);
    const place = places.get(key);
    if (place !== undefined) parts[Math.max(0, place)]?.focus();
    return place !== undefined;
  }

  /** What had the focus is gone: the focus goes to what became of that attempt, or else to what is left. */
  #land(imageId: string): void {
    const { renderRoot } = this.#host;
    const heirs = [...renderRoot.querySelectorAll<HTMLElement>(`[data-image-id='${CSS.escape(imageId)}']`)];
    const buttons = heirs.map((heir) => (heir.matches('button') ? heir : heir.querySelector('button')));
    const heir = buttons.find((one) => one?.checkVisibility());
    const rest = renderRoot.querySelector<HTMLElement>(".thumb[tabindex='0'], summary");
    (heir ?? rest)?.focus();
  }
}

/** The attempt that an element stands for, or stands in. */
export function imageIdAt(target: EventTarget | null | undefined): string | undefined {
  if (!(target instanceof Element)) return undefined;
  return target.closest<HTMLElement>('[data-image-id]')?.dataset.imageId;
}
