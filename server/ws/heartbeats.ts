/**
 * Shows peers that the server is alive, and notices those that are not (rule R4). A timer serves all connections that were opened in the
 * same quarter of a second, so that thousands of idle connections cost few timers, and do not all beat at once.
 */
import type { Clock } from '../platform/clock.ts';

export interface HeartbeatPeer {
  /** Called every 5 s, the first time perhaps a little sooner: the peer needs a ping and a `heartbeat`. */
  beat(): void;
  /** In milliseconds; 0 when the peer has been silent for too long. */
  readonly remainingPatienceMs: number;
  /** Called once, when the peer has been silent for too long. */
  onSilence(): void;
}

/** The peers whose beats are due at the same time. */
interface Group {
  readonly peers: Set<Watched>;
  readonly stop: () => void;
}

interface Watched {
  readonly peer: HeartbeatPeer;
  readonly group: Group;
  stopWatching?: () => void;
}

const INTERVAL_MS = 5_000;
const GROUP_MS = 250;
/** Timers may be late: when the time is up so shortly before the next beat, that beat is soon enough. */
const LATE_MS = 50;
/** Long enough for the event loop to read what waits in the sockets: overdue timers run before it does. */
const LAST_CHECK_MS = 1;

export class Heartbeats {
  readonly #clock: Clock;
  /** By the part of the interval in which they beat. */
  readonly #groups = new Map<number, Group>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins at once. Returns the undo, which may be called twice. */
  start(peer: HeartbeatPeer): () => void {
    const part = Math.floor((this.#clock.monotonic() % INTERVAL_MS) / GROUP_MS);
    const group = this.#groups.get(part) ?? this.#newGroup(part);
    const watched: Watched = { peer, group };
    group.peers.add(watched);
    return () => this.#stop(watched);
  }

  #newGroup(part: number): Group {
    const peers = new Set<Watched>();
    const stopBeating = this.#clock.every(INTERVAL_MS, () => {
      for (const watched of peers) this.#beat(watched);
    });
    const stop = () => {
      stopBeating();
      this.#groups.delete(part);
    };
    const group = { peers, stop };
    this.#groups.set(part, group);
    return group;
  }

  #stop(watched: Watched): void {
    const { peers, stop } = watched.group;
    watched.stopWatching?.();
    if (peers.delete(watched) && peers.size === 0) stop();
  }

  #beat(watched: Watched): void {
    watched.peer.beat();
    this.#watch(watched);
  }

  /** Checks when the peer's time is up, unless the next beat comes before: an answered ping moves it on until then. */
  #watch(watched: Watched): void {
    watched.stopWatching?.();
    const patienceMs = watched.peer.remainingPatienceMs;
    if (patienceMs >= INTERVAL_MS - LATE_MS) return;
    const [delayMs, check] =
      patienceMs > 0
        ? [Math.ceil(patienceMs), () => this.#watch(watched)]
        : [LAST_CHECK_MS, () => this.#checkAgain(watched)];
    watched.stopWatching = this.#clock.after(delayMs, check);
  }

  /** Answers may have come while this process did not listen: the machine slept, or the event loop was blocked. */
  #checkAgain(watched: Watched): void {
    if (watched.peer.remainingPatienceMs > 0) return this.#watch(watched);
    this.#stop(watched);
    watched.peer.onSilence();
  }
}
