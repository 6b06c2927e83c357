/** Time as the server sees it, so that tests can bring their own. */
export interface Clock {
  /** Milliseconds since the epoch, for moments that people read. They jump when somebody sets the machine's clock. */
  now(): number;
  /** Milliseconds since a fixed moment, with fractions, for durations. They never go back. */
  monotonic(): number;
  /** Calls `run` once after `ms` milliseconds; returns the undo. */
  after(ms: number, run: () => void): () => void;
  /** Calls `run` every `ms` milliseconds; returns the undo. */
  every(ms: number, run: () => void): () => void;
}

/** The process's own time. A timer that nobody undoes keeps the process alive. */
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

/** A moment as it stands on the wire: ISO 8601 in UTC. */
export const isoTime = (clock: Pick<Clock, 'now'>, inMs = 0): string => new Date(clock.now() + inMs).toISOString();
