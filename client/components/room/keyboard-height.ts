/** Sets `--keyboard-height`: how much of the window's bottom an on-screen keyboard covers, where the window doesn't shrink for it. */
import type { LitElement, ReactiveController } from 'lit';

export class KeyboardHeight implements ReactiveController {
  readonly #host: LitElement;

  constructor(host: LitElement) {
    this.#host = host;
    host.addController(this);
  }

  hostConnected(): void {
    for (const type of ['resize', 'scroll']) visualViewport?.addEventListener(type, this.#measure);
  }

  hostDisconnected(): void {
    for (const type of ['resize', 'scroll']) visualViewport?.removeEventListener(type, this.#measure);
  }

  /** A person who zooms in sees less of the window, too: then the height says nothing of a keyboard. */
  readonly #measure = (): void => {
    if (!visualViewport) return;
    const { height, offsetTop, scale } = visualViewport;
    const covered = scale > 1.01 ? 0 : Math.max(0, Math.round(innerHeight - height - offsetTop));
    this.#host.style.setProperty('--keyboard-height', `${covered}px`);
  };
}
