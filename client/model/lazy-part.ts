/** Parts of the page that are loaded after its first screen. */
import type { ReactiveControllerHost } from 'lit';

/** How long to wait before each further try, in milliseconds. */
const WAITS_MS = [500, 2_000];

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const users = new Set<ReactiveControllerHost>();
const missing = new Set<LazyPart<unknown>>();

/** Loaded once, for all elements. It may not be there: the server is out of reach, or has another page by now than the one that is open. */
export class LazyPart<Part> {
  readonly #load: () => Promise<Part>;
  readonly #wait: (ms: number) => Promise<void>;
  #loading: Promise<Part | undefined> | undefined;
  #part: Part | undefined;
  #isNeeded = false;

  /** @param waitFor resolves after so many milliseconds; for tests */
  constructor(load: () => Promise<Part>, waitFor = wait) {
    this.#load = load;
    this.#wait = waitFor;
  }

  /** Undefined until it is here. */
  get part(): Part | undefined {
    return this.#part;
  }

  /** It is needed now, and could not be loaded. */
  get isMissing(): boolean {
    return missing.has(this);
  }

  /** For what is needed now. Tries a few times; undefined where none succeeded: then it is missing, and the next call tries again. */
  load(): Promise<Part | undefined> {
    this.#isNeeded = true;
    return this.preload();
  }

  /** For what may be needed later: the same, but nothing is missing where it does not come. */
  preload(): Promise<Part | undefined> {
    this.#loading ??= this.#tryToLoad();
    return this.#loading;
  }

  async #tryToLoad(): Promise<Part | undefined> {
    try {
      this.#part = await this.#loadPatiently();
      missing.delete(this);
    } catch {
      this.#loading = undefined;
      if (this.#isNeeded) missing.add(this);
      this.#isNeeded = false;
    }
    for (const host of users) host.requestUpdate();
    return this.#part;
  }

  async #loadPatiently(): Promise<Part> {
    for (const ms of WAITS_MS) {
      try {
        return await this.#load();
      } catch {
        await this.#wait(ms);
      }
    }
    return this.#load();
  }
}

/** Updates the host whenever a part has come or is missing. */
export function usesParts(host: ReactiveControllerHost): void {
  host.addController({ hostConnected: () => users.add(host), hostDisconnected: () => users.delete(host) });
}

export const isPartMissing = (): boolean => missing.size > 0;

export function loadMissingParts(): void {
  for (const part of missing) void part.load();
}
