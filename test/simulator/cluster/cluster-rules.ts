/** Rules of several servers together: what each candidate costs, what is drawn at once, and that every server learns what others do. */
import type { Reservation } from '../../../server/session/image-memory.ts';
import type { Answer } from '../../../server/session/rejections.ts';
import type { EndedEvent } from '../../../server/session/session-events.ts';
import type { Command } from '../../../shared/protocol.ts';
import type { SessionRules } from '../rules/session-rules.ts';
import { limits } from '../server-process.ts';
import { type Drawing, digest } from '../simulated-generator.ts';
import type { ServerRules } from '../world.ts';
import type { ClusterWorld } from './cluster-world.ts';
import type { Ordered } from './shared-session.ts';

/** A server that works learns what another does within this time, and of what it has missed within the other. */
const NOTICED_MS = 1_000;
const BEATEN_MS = 8_000;
/** How long a server may go on with a generation that another has ended. */
const STOPPED_MS = 8_000;
/** How long a draining server lets a generation go on (rule R6). */
const GENERATION_GRACE_MS = 8_000;

interface Candidate {
  readonly drawings: Drawing[];
  /** Its image is in the store. */
  isStored: boolean;
}

export class ClusterRules implements ServerRules {
  readonly #world: ClusterWorld;
  /** By generation and candidate. */
  readonly #candidates = new Map<string, Candidate>();
  readonly #startedAt: number;
  #askedImages = 0;

  constructor(world: ClusterWorld) {
    this.#world = world;
    this.#startedAt = world.time.now;
  }

  check(): void {}
  reserved(_bytes: number, _reservation: Reservation | undefined): void {}
  wanted(): void {}

  /** Other servers hear nothing of a command that is answered again. */
  executing(_participantId: string, session: SessionRules | undefined, command: Command): (answer: Answer) => void {
    return (answer) => {
      if (answer.accepted && !session?.hasAnswered(command.commandId)) session?.touched(this.#world.time.now);
    };
  }

  /** A server ended a session. */
  ended(session: SessionRules, { reason }: EndedEvent): void {
    const { checks } = this.#world;
    if (reason === 'reviewer')
      checks.check('R13', session.isEndRequested, () => 'a session was ended that no reviewer wanted ended');
    else {
      const { reviewers, watchers } = session.session.viewers;
      checks.check('R13', reviewers + watchers === 0, () => `a session was ended (${reason}) that somebody is in`);
      const isApproved = session.session.state.stage === 'final' && reason === 'memory';
      checks.check('R13', !isApproved, () => 'a session with an approved image was ended to free memory');
    }
  }

  /** Each candidate is asked for once, and once more when its server was lost, unless its image had been stored. */
  requested(drawing: Drawing, { generation, firstAttempt, endedAt }: Ordered): void {
    const { checks, time } = this.#world;
    const name = `${generation.generationId}.${drawing.attempt - firstAttempt}`;
    const candidate = this.#candidates.get(name) ?? { drawings: [], isStored: false };
    this.#candidates.set(name, candidate);
    const [first, second] = candidate.drawings;
    checks.check('takeover', !second, () => `candidate ${name} is asked for a third time`);
    if (first) {
      const isLost = this.#isLost(first);
      checks.check('takeover', isLost, () => `candidate ${name} is asked for again, and its server works`);
      // A server with a slow way to the store may have looked before the image came.
      const isNew = !candidate.isStored || this.#isDisturbed(drawing);
      checks.check('takeover', isNew, () => `candidate ${name} is drawn again, and its image was stored`);
    }
    candidate.drawings.push(drawing);
    const lateMs = time.now - (endedAt ?? time.now);
    const isWanted = lateMs === 0 || lateMs < STOPPED_MS || this.#isDisturbed(drawing);
    checks.check('M4', isWanted, () => `candidate ${name} is asked for ${lateMs} ms after its generation`);
    this.#checkBudget();
  }

  imageStored(bytes: Uint8Array): void {
    const sha256 = digest(bytes);
    for (const candidate of this.#candidates.values()) {
      for (const { final } of candidate.drawings) if (final === sha256) candidate.isStored = true;
    }
  }

  /** Only the end of a generation, or of its server, aborts a drawing (rule R2). */
  aborted(drawing: Drawing): void {
    const { checks, askers } = this.#world;
    if (drawing.isSettled) return;
    const order = this.#world.orderOf(drawing);
    const { drainingMs = 0, isGone } = askers.get(drawing) ?? {};
    // Another server may have brought its end, late.
    const candidate = drawing.attempt - (order?.firstAttempt ?? 0);
    const isOver = !order || order.endedAt !== undefined || !order.session.runningCandidates.includes(candidate);
    const mayBe = isOver || isGone === true || drainingMs >= GENERATION_GRACE_MS || this.#isDisturbed(drawing);
    checks.check('R2', mayBe, () => `drawing ${drawing.number} was aborted while its generation runs`);
  }

  eventEnded(): void {
    this.#checkDrawings();
    this.#checkLag();
  }

  /** Rule S9: what is spent today, over all servers. */
  #checkBudget(): void {
    const { checks, time, generator } = this.#world;
    this.#askedImages = generator.drawings.length;
    const minutes = 1 + (time.now - this.#startedAt) / 60_000;
    checks.check(
      'S9',
      this.#askedImages <= limits.DAILY_ASKS,
      () => `${this.#askedImages} images were asked for today`,
    );
    const taken = generator.drawings.filter((one) => this.#firstOf(one) !== one).length;
    const most = limits.ASKS_PER_MINUTE * minutes;
    checks.check('S9', this.#askedImages - taken <= most, () => `${this.#askedImages} images were asked for`);
  }

  #firstOf(drawing: Drawing): Drawing | undefined {
    return [...this.#candidates.values()].find(({ drawings }) => drawings.includes(drawing))?.drawings[0];
  }

  #checkDrawings(): void {
    const { checks, time, generator } = this.#world;
    const live = generator.drawings.filter((drawing) => drawing.isLive && !this.#isDisturbed(drawing));
    if (live.length === 0) return;
    const most = limits.CONCURRENT_CANDIDATES;
    checks.check('S4', live.length <= most, () => `${live.length} candidates are drawn at once, over all servers`);
    for (const drawing of live) {
      const { endedAt = time.now } = this.#world.orderOf(drawing) ?? {};
      const lateMs = time.now - endedAt;
      checks.check(
        'R2',
        lateMs < STOPPED_MS,
        () => `drawing ${drawing.number} outlives its generation by ${lateMs} ms`,
      );
    }
  }

  /** A server that works follows the store (rule M6). */
  #checkLag(): void {
    const { checks, time, nodes, shared } = this.#world;
    for (const { process, network } of nodes) {
      if (process.isGone || network.isDisturbed) continue;
      const patienceMs = time.now - network.disturbedAt < BEATEN_MS + NOTICED_MS ? BEATEN_MS : NOTICED_MS;
      for (const { id, state, madeAt, removedAt } of shared.values()) {
        const here = process.session(id)?.state.revision;
        if (here === undefined || here === state.revision) continue;
        const since = Math.max(madeAt.get(here + 1) ?? time.now, network.disturbedAt);
        const lateMs = time.now - since;
        const isInTime = removedAt !== undefined || lateMs < patienceMs;
        checks.check('M6', isInTime, () => `a server is at revision ${here} of ${state.revision} for ${lateMs} ms`);
      }
    }
  }

  /** Whether the server of a drawing could not know what others did. */
  #isDisturbed(drawing: Drawing): boolean {
    return this.#world.isDisturbed(this.#world.askers.get(drawing));
  }

  #isLost(drawing: Drawing): boolean {
    const process = this.#world.askers.get(drawing);
    const node = this.#world.nodeOf(process);
    return !node || process?.isGone === true || this.#isDisturbed(drawing);
  }
}
