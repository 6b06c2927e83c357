/** Time as the server's parts see it, so that tests can bring their own. */
export interface Clock {
  /** Milliseconds since the epoch. They may jump, when the machine's clock is set: for moments that people read. */
  now(): number;
  /** Milliseconds since a moment that stays the same, fractions included, which never go back: for spans. */
  monotonic(): number;
  /** Calls `run` once after `ms` milliseconds; returns the undo. */
  after(ms: number, run: () => void): () => void;
  /** Calls `run` each `ms` milliseconds; returns the undo. */
  every(ms: number, run: () => void): () => void;
}

/** The process's own time. Whoever sets a timer undoes it: a timer left behind keeps the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  every(ms, run) {
    const timer = setInterval(run, ms);
    return () => clearInterval(timer);
  },
};
