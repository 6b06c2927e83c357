/** One immutable value, with subscribers that are called when it is replaced. */
export class Store<State extends object> {
  readonly #onError: (error: unknown) => void;
  readonly #subscriptions = new Set<{ readonly subscriber: (state: State) => void }>();
  #state: State;

  /** @param onError gets what a subscriber throws; the other subscribers are called all the same (rule R8) */
  constructor(state: State, onError: (error: unknown) => void) {
    this.#state = state;
    this.#onError = onError;
  }

  get state(): State {
    return this.#state;
  }

  /** Calls `subscriber` synchronously at each change; returns the undo. */
  subscribe(subscriber: (state: State) => void): () => void {
    // An object of its own, because the same function may subscribe twice.
    const subscription = { subscriber };
    this.#subscriptions.add(subscription);
    return () => void this.#subscriptions.delete(subscription);
  }

  /** Does nothing when every field is the same. */
  replace(state: State): void {
    if (isSame(state, this.#state)) return;
    this.#state = state;
    for (const { subscriber } of [...this.#subscriptions]) {
      try {
        // Not `state`: a subscriber may cause the next change, and those after it must not end up with the older state.
        subscriber(this.#state);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}

function isSame<State extends object>(one: State, other: State): boolean {
  const entries = Object.entries(one);
  const isEach = ([key, value]: [string, unknown]) => Object.is(value, Reflect.get(other, key));
  return entries.length === Object.keys(other).length && entries.every(isEach);
}
