/** Makes texts that scroll reachable by Tab, so that the arrow keys can scroll them; those that fit are no Tab stops. */
import type { LitElement, ReactiveController } from 'lit';

export class FocusableScrollers implements ReactiveController {
  readonly #host: LitElement;
  readonly #selector: string;
  readonly #sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) adapt(target);
  });

  /** @param selector the texts that may scroll, as the host has rendered them */
  constructor(host: LitElement, selector: string) {
    this.#host = host;
    this.#selector = selector;
    host.addController(this);
  }

  hostConnected(): void {
    this.#host.requestUpdate();
  }

  hostUpdated(): void {
    // A text that was replaced by a longer one may have the same size.
    for (const text of this.#host.renderRoot.querySelectorAll(this.#selector)) {
      this.#sizes.observe(text);
      adapt(text);
    }
  }

  hostDisconnected(): void {
    this.#sizes.disconnect();
  }
}

function adapt(text: Element): void {
  // A fraction of a pixel is no reason to scroll.
  if (text.scrollHeight > text.clientHeight + 1) text.setAttribute('tabindex', '0');
  else text.removeAttribute('tabindex');
}
