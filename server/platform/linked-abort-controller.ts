/**
 * Aborts when it is told to, and when its parent does. `AbortSignal.any` is no substitute: Node keeps such a signal for ever while a
 * listener of it is not removed and reaches one of the signals it is made of.
 */
export class LinkedAbortController extends AbortController {
  readonly #parent: AbortSignal;
  readonly #onParentAbort: () => void;

  constructor(parent: AbortSignal) {
    super();
    this.#parent = parent;
    this.#onParentAbort = () => this.abort(parent.reason);
    parent.addEventListener('abort', this.#onParentAbort);
    if (parent.aborted) this.#onParentAbort();
  }

  /** Ends the link to the parent. May be called twice. */
  dispose(): void {
    this.#parent.removeEventListener('abort', this.#onParentAbort);
  }
}
