/** What must hold of one server's room: for images, for candidates, and for sessions that somebody may come back to. */
import type { Answer } from '../../../server/session/answers.ts';
import type { Session } from '../../../server/session/session.ts';
import type { Command } from '../../../shared/protocol.ts';
import type { Ledger } from '../ledger.ts';
import { limits, type ServerProcess } from '../server-process.ts';
import type { Time } from '../time.ts';
import { isAsking, meant } from './ask-rules.ts';

const CAPACITY = limits.CONCURRENT_CANDIDATES + limits.QUEUED_CANDIDATES;

export class RoomRules {
  readonly #server: ServerProcess;
  readonly #ledger: Ledger;
  readonly #time: Time;
  readonly #restingSince = new Map<Session, number>();
  /** Sessions that decide on a command just now: they give no room while they may ask for some. */
  readonly #deciding = new Map<Session, number>();

  #seen = { usedBytes: 0, least: 0 };

  constructor(server: ServerProcess, ledger: Ledger, time: Time) {
    this.#server = server;
    this.#ledger = ledger;
    this.#time = time;
  }

  /**
   * What images really take, and may come to take, stays within the budget, and is counted (rule R7). `live` drawings may each
   * bring the biggest image there is.
   */
  check(live: number): void {
    const { usedBytes } = this.#server.memory;
    const most = limits.IMAGE_MEMORY_BYTES;
    const kept = this.#open.reduce((sum, session) => sum + bytesOf(session), 0);
    const least = kept + live * limits.UPSTREAM_IMAGE_BYTES;
    this.#noteResting();
    if (usedBytes === this.#seen.usedBytes && least === this.#seen.least) return;
    this.#seen = { usedBytes, least };
    this.#ledger.check('R7', usedBytes <= most, () => `images take ${usedBytes} bytes, ${most} are allowed`);
    if (least > 0) {
      this.#ledger.check('R7', least <= limits.IMAGE_MEMORY_BYTES, () => `images may come to take ${least} bytes`);
      const isCounted = usedBytes >= least;
      this.#ledger.check('R7', isCounted, () => `images take ${least} bytes, of which ${usedBytes} are counted`);
    }
  }

  /** Once all that was ready has happened, nobody waits in line whose turn it could be (rule R7). */
  checkLine(): void {
    const { memory, queue } = this.#server;
    if (queue.waiting === 0) return;
    const mayStart = queue.running < limits.CONCURRENT_CANDIDATES && memory.hasRoom(limits.UPSTREAM_IMAGE_BYTES);
    this.#ledger.check('R7', !mayStart, () => `${queue.waiting} wait though there is room`);
  }

  /** A session decides on `command`, known to it or not; call what this returns with its answer. */
  deciding(session: Session, command: Command, isKnown: boolean): (answer: Answer) => void {
    this.#deciding.set(session, (this.#deciding.get(session) ?? 0) + 1);
    const wasDraining = this.#server.drainingMs !== undefined && !isKnown;
    const wasFull = this.#isFull(session, command);
    return (answer) => {
      this.#deciding.set(session, (this.#deciding.get(session) ?? 0) - 1);
      if (!isAsking(command)) return;
      if (wasDraining) {
        this.#ledger.check('R6', !answer.accepted, () => `${command.commandId} was taken by a server that stops`);
      }
      if (answer.accepted) return this.#checkQueue();
      if (answer.code !== 'server_busy') return;
      const isFull = wasFull || this.#isFull(session, command);
      this.#ledger.check('R7', isFull, () => `${command.commandId} was called too much, though there is room`);
    };
  }

  /** A session is about to end. One that somebody looks at, or that draws, never does while the server is up. */
  closing(session: Session): void {
    if (!this.#server.isOpen) return;
    this.#ledger.check(
      'R7',
      session.viewers.reviewers + session.viewers.watchers === 0,
      () => 'a watched session ended',
    );
    this.#ledger.check('R2', session.runningCandidates.length === 0, () => 'a session ended while it drew');
    const restedMs = this.#time.now - (this.#restingSince.get(session) ?? this.#time.now);
    if (restedMs < limits.SESSION_IDLE_MS - 1) this.#checkSacrifice(session);
  }

  /** A session is to give up attempts; call what this returns when it has. */
  forgetting(session: Session): () => void {
    const before = session.state;
    const isFree = isResting(session) && !this.#deciding.get(session);
    return () => {
      if (session.state !== before) {
        this.#ledger.check('R7', isFree, () => 'attempts went that somebody looks at');
      }
      const newest = before.attempts.at(-1)?.image.imageId;
      if (newest === undefined) return;
      this.#ledger.check('R7', has(session, newest), () => 'the newest attempt went before its session');
      if (before.stage !== 'final' || before.approved.imageId === newest) return;
      const { imageId } = before.approved;
      this.#ledger.check('R7', has(session, imageId), () => 'the approved image went before its session');
    };
  }

  get #open(): readonly Session[] {
    return [...this.#server.sessions.open];
  }

  #noteResting(): void {
    for (const session of this.#open) {
      if (!isResting(session)) this.#restingSince.delete(session);
      else if (!this.#restingSince.has(session)) this.#restingSince.set(session, this.#time.now);
    }
  }

  /** One session went to make room: first goes what can be spared in all of them, and approved images go last. */
  #checkSacrifice(session: Session): void {
    const { now } = this.#time;
    // What has come to rest at this very moment may still have an end to tell of.
    const hasRested = (one: Session) => isResting(one) && (this.#restingSince.get(one) ?? now) < now;
    const others = this.#open.filter((one) => one !== session && hasRested(one) && !this.#deciding.get(one));
    const hasSpare = (one: Session) => one.state.attempts.length + one.state.discarded.length > kept(one).size;
    this.#ledger.check('R7', !others.some(hasSpare), () => 'a session went before attempts that nobody would miss');
    if (session.state.stage !== 'final') return;
    const isLast = others.every((one) => one.state.stage === 'final' || bytesOf(one) === 0);
    this.#ledger.check('R7', isLast, () => 'an approved image went before one that is not');
  }

  #checkQueue(): void {
    const { running, waiting } = this.#server.queue;
    this.#ledger.check('S4', running + waiting <= CAPACITY, () => `${running} candidates run, ${waiting} wait`);
  }

  /** Whether there is no room for what `command` asks for, even at the cost of all that nobody looks at. */
  #isFull(asking: Session, command: Command): boolean {
    if (!isAsking(command)) return false;
    const { isOpen, queue, memory, sessions } = this.#server;
    const candidates = meant(command, asking.state, asking.state.lastAsk).options?.candidates ?? 1;
    if (!isOpen || queue.running + queue.waiting + candidates > CAPACITY) return true;
    const spare = [...sessions.open].filter((one) => one !== asking && isResting(one));
    const spareBytes = spare.reduce((sum, session) => sum + bytesOf(session), 0);
    return memory.usedBytes - spareBytes + candidates * limits.UPSTREAM_IMAGE_BYTES > limits.IMAGE_MEMORY_BYTES;
  }
}

function isResting({ viewers, runningCandidates }: Session): boolean {
  return viewers.reviewers + viewers.watchers === 0 && runningCandidates.length === 0;
}

/** The attempts that stay as long as their session does. */
function kept({ state }: Session): Set<string> {
  const newest = state.attempts.at(-1)?.image.imageId;
  const approved = state.stage === 'final' ? state.approved.imageId : undefined;
  return new Set([newest, approved].filter((imageId) => imageId !== undefined));
}

function has(session: Session, imageId: string): boolean {
  return session.state.attempts.some(({ image }) => image.imageId === imageId) && session.image(imageId) !== undefined;
}

/** Of the images themselves, whatever the session says that they take. */
function bytesOf(session: Session): number {
  const { attempts, discarded } = session.state;
  const images = [...attempts, ...discarded].map(({ image }) => session.image(image.imageId)?.bytes.byteLength ?? 0);
  return images.reduce((sum, bytes) => sum + bytes, 0);
}
