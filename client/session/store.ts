/** One immutable value and those who want to know when it is replaced. */
export class Store<State extends object> {
  readonly #onFailure: (error: unknown) => void;
  readonly #subscriptions = new Set<{ readonly listener: (state: State) => void }>();
  #state: State;

  /** @param onFailure hears what a listener throws; the other listeners are told all the same */
  constructor(state: State, onFailure: (error: unknown) => void) {
    this.#state = state;
    this.#onFailure = onFailure;
  }

  get state(): State {
    return this.#state;
  }

  /** Calls `listener` synchronously at each change; returns the undo. */
  subscribe(listener: (state: State) => void): () => void {
    const subscription = { listener };
    this.#subscriptions.add(subscription);
    return () => void this.#subscriptions.delete(subscription);
  }

  /** A change that changes nothing is none. */
  replace(state: State): void {
    if (isSame(state, this.#state)) return;
    this.#state = state;
    for (const { listener } of [...this.#subscriptions]) {
      try {
        // A listener may cause the next change; those after it are told the newest state, never an older one last.
        listener(this.#state);
      } catch (error) {
        this.#onFailure(error);
      }
    }
  }
}

function isSame<State extends object>(one: State, other: State): boolean {
  const entries = Object.entries(one);
  const isEach = ([key, value]: [string, unknown]) => Object.is(value, Reflect.get(other, key));
  return entries.length === Object.keys(other).length && entries.every(isEach);
}
