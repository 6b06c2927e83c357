/** Signals in the memory of one process. Several servers may share them, as tests do. */
import type { Clock } from '../platform/clock.ts';
import type { Signal, Signals } from '../session/signals.ts';

interface Kept {
  readonly value: unknown;
  /** By the monotonic clock. */
  readonly until: number;
}

/** The part that all servers share. */
interface Shared {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** By session and key. */
  readonly kept: Map<string, Map<string, Kept>>;
  readonly servers: Set<MemorySignals>;
}

export class MemorySignalBoard {
  readonly #shared: Shared;

  constructor(clock: Shared['clock']) {
    this.#shared = { clock, kept: new Map(), servers: new Set() };
  }

  /** The signals as one more server sees them. */
  forServer(): MemorySignals {
    return new MemorySignals(this.#shared);
  }
}

export class MemorySignals implements Signals {
  readonly #shared: Shared;
  readonly #listeners = new Map<string, Set<(signal: Signal) => void>>();

  constructor(shared: Shared) {
    this.#shared = shared;
    shared.servers.add(this);
  }

  async set(sessionId: string, key: string, value: unknown, keptMs: number): Promise<boolean> {
    this.#keep(sessionId, key, value, keptMs);
    for (const server of [...this.#shared.servers]) if (server !== this) server.receive(sessionId, { key, value });
    return true;
  }

  async read(sessionId: string): Promise<readonly Signal[]> {
    this.#dropOld(sessionId);
    return [...(this.#shared.kept.get(sessionId) ?? [])].map(([key, { value }]) => ({ key, value }));
  }

  async subscribe(sessionId: string, listener: (signal: Signal) => void): Promise<() => void> {
    const listeners = this.#listeners.get(sessionId) ?? new Set();
    this.#listeners.set(sessionId, listeners);
    // One listener may subscribe twice.
    const tell = (signal: Signal) => listener(signal);
    listeners.add(tell);
    return () => {
      listeners.delete(tell);
      if (listeners.size === 0 && this.#listeners.get(sessionId) === listeners) this.#listeners.delete(sessionId);
    };
  }

  /** The server has stopped: it is told nothing more. May be called twice. */
  close(): void {
    this.#shared.servers.delete(this);
    this.#listeners.clear();
  }

  /** Takes in a notice of another server. */
  receive(sessionId: string, signal: Signal): void {
    for (const tell of [...(this.#listeners.get(sessionId) ?? [])]) tell(signal);
  }

  #keep(sessionId: string, key: string, value: unknown, keptMs: number): void {
    const { kept, clock } = this.#shared;
    this.#dropSome();
    const values = kept.get(sessionId) ?? new Map<string, Kept>();
    values.delete(key);
    if (value !== undefined && keptMs > 0) values.set(key, { value, until: clock.monotonic() + keptMs });
    if (values.size > 0) kept.set(sessionId, values);
    else kept.delete(sessionId);
  }

  /** Looks at one session after the other, one with each signal, so that no timer is needed. */
  #dropSome(): void {
    const { kept } = this.#shared;
    const [first] = kept;
    if (!first) return;
    const [sessionId, values] = first;
    this.#dropOld(sessionId);
    if (kept.delete(sessionId)) kept.set(sessionId, values);
  }

  #dropOld(sessionId: string): void {
    const { kept, clock } = this.#shared;
    const values = kept.get(sessionId);
    if (!values) return;
    const now = clock.monotonic();
    for (const [key, { until }] of values) if (until <= now) values.delete(key);
    if (values.size === 0) kept.delete(sessionId);
  }
}
