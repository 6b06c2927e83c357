/**
 * Aborts when it is told to, and when one of its parents does. `AbortSignal.any` is no substitute: Node keeps such a signal for ever while
 * a listener of it is not removed and reaches one of the signals it is made of.
 */
export class LinkedAbortController extends AbortController {
  readonly #links: readonly { readonly parent: AbortSignal; readonly onAbort: () => void }[];

  constructor(...parents: readonly AbortSignal[]) {
    super();
    this.#links = parents.map((parent) => ({ parent, onAbort: () => this.abort(parent.reason) }));
    for (const { parent, onAbort } of this.#links) {
      parent.addEventListener('abort', onAbort);
      if (parent.aborted) onAbort();
    }
  }

  /** Ends the links to the parents. May be called twice. */
  dispose(): void {
    for (const { parent, onAbort } of this.#links) parent.removeEventListener('abort', onAbort);
  }
}
