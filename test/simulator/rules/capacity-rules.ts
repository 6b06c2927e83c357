/** Rules of one server as a whole: its memory for images, its queue, its rate limits, its spending, and which sessions it ends. */
import { placesOfWatchers } from '../../../server/platform/limits.ts';
import type { Reservation } from '../../../server/session/image-memory.ts';
import type { Answer } from '../../../server/session/rejections.ts';
import type { EndedEvent } from '../../../server/session/session-events.ts';
import type { Viewers } from '../../../server/session/subscribers.ts';
import type { Command } from '../../../shared/protocol.ts';
import type { RuleChecks } from '../rule-checks.ts';
import { limits, type ServerProcess } from '../server-process.ts';
import type { VirtualTime } from '../virtual-time.ts';
import { expectedGeneration, isGenerateCommand } from './request-rules.ts';
import { imageBytes, type SessionRules } from './session-rules.ts';

const QUEUE_CAPACITY = limits.CONCURRENT_CANDIDATES + limits.QUEUED_CANDIDATES;

export class CapacityRules {
  readonly #server: ServerProcess;
  readonly #checks: RuleChecks;
  readonly #time: VirtualTime;
  readonly #openSessions: () => readonly SessionRules[];
  readonly #idleSince = new Map<SessionRules, number>();
  /** By participant: commands and `want`s, and the commands that the rate limit let pass. */
  readonly #commands = new Map<string, { all: number; passed: number; readonly since: number }>();
  /** Images that were asked for, in each session and on the server as a whole. */
  readonly #asked = new Map<SessionRules | ServerProcess, number>();
  readonly #asks = new Set<string>();
  readonly #startedAt: number;
  #lastUsage = { usedBytes: 0, leastBytes: 0 };
  /** During this event, memory for an image was refused that the end of all idle sessions without an approved image would not have freed. */
  #wasMemoryFull = false;

  constructor(
    server: ServerProcess,
    checks: RuleChecks,
    time: VirtualTime,
    openSessions: () => readonly SessionRules[],
  ) {
    this.#server = server;
    this.#checks = checks;
    this.#time = time;
    this.#openSessions = openSessions;
    this.#startedAt = time.now;
  }

  /** Rule R7: everything kept, and the largest image for each of the `live` drawings, is reserved and within the budget. */
  check(live: number): void {
    const { usedBytes } = this.#server.memory;
    const budget = limits.IMAGE_MEMORY_BYTES;
    const leastBytes = this.#keptBytes + live * limits.UPSTREAM_IMAGE_BYTES;
    if (usedBytes === this.#lastUsage.usedBytes && leastBytes === this.#lastUsage.leastBytes) return;
    this.#lastUsage = { usedBytes, leastBytes };
    this.#checks.check('R7', usedBytes <= budget, () => `${usedBytes} bytes are used, ${budget} are allowed`);
    if (leastBytes === 0) return;
    const isReserved = usedBytes >= leastBytes;
    this.#checks.check('R7', isReserved, () => `images take ${leastBytes} bytes, only ${usedBytes} are reserved`);
  }

  /** Everything that could happen at this moment has happened. */
  eventEnded(live: number): void {
    if (this.#server.isGone) return;
    this.check(live);
    for (const session of this.#openSessions()) {
      if (!session.isIdle) this.#idleSince.delete(session);
      else if (!this.#idleSince.has(session)) this.#idleSince.set(session, this.#time.now);
    }
    const { jobs, memory, isQuiet } = this.#server;
    const { running, waiting } = jobs.counts;
    if (running + waiting > 0) {
      const isBounded = running + waiting <= QUEUE_CAPACITY;
      this.#checks.check('S4', isBounded, () => `${running} candidates run and ${waiting} wait`);
      // A server that stops begins nothing.
      const isServed = waiting === 0 || running === limits.CONCURRENT_CANDIDATES || !this.#server.isOpen;
      this.#checks.check('R7', isServed, () => `${waiting} candidates wait, and only ${running} run`);
    } else if (isQuiet && memory.usedBytes + this.#keptBytes > 0) {
      const isReturned = memory.usedBytes === this.#keptBytes;
      this.#checks.check('R7', isReturned, () => `${memory.usedBytes} bytes are used for ${this.#keptBytes} of images`);
    }
    for (const session of this.#openSessions()) this.#checkBusyFailures(session);
    for (const { session } of this.#openSessions()) this.#checkPlaces(session.viewers);
    this.#wasMemoryFull = false;
  }

  /** Memory was reserved, or refused. */
  reserved(bytes: number, reservation: Reservation | undefined): void {
    if (reservation || bytes !== limits.UPSTREAM_IMAGE_BYTES) return;
    // A session that became idle during this event may have become so after the server looked.
    const idle = this.#openSessions().filter((session) => session.isIdle && this.#idleSince.has(session));
    // An approved image stays with its session.
    const freeable = idle.reduce(
      (sum, { session: { state, memory } }) =>
        sum + (state.stage === 'final' ? memory.spareBytes : memory.freeableBytes),
      0,
    );
    this.#wasMemoryFull ||= this.#server.memory.usedBytes - freeable + bytes > limits.IMAGE_MEMORY_BYTES;
  }

  /** A command reaches the core. Call what this returns with the answer. */
  executing(participantId: string, session: SessionRules | undefined, command: Command): (answer: Answer) => void {
    const wasDraining = this.#server.drainingMs !== undefined && !session?.hasAnswered(command.commandId);
    const wasQueueFull = this.#isQueueFull(session, command);
    const images = this.#imagesOf(session, command);
    return (answer) => {
      if (answer.accepted) session?.touched(this.#time.now);
      const mayBeTooMany = session !== undefined && images > 0 && this.#mayBeTooMany(session, images);
      this.#checkRate(participantId, answer, mayBeTooMany);
      if (!isGenerateCommand(command)) return;
      if (answer.accepted && session) this.#checkAsks(session, answer.revision, images);
      if (wasDraining) {
        this.#checks.check('R6', !answer.accepted, () => `${command.commandId} was accepted by a draining server`);
      }
      if (answer.accepted || answer.code !== 'server_busy') return;
      const isRight = wasQueueFull || this.#isQueueFull(session, command);
      this.#checks.check('S4', isRight, () => `${command.commandId} was rejected although the queue has capacity`);
    };
  }

  /** A participant asks for images, which counts as a command. */
  wanted(participantId: string): void {
    this.#count(participantId);
  }

  /** The server ended a session. */
  ended(session: SessionRules, { reason }: EndedEvent): void {
    if (reason === 'shutdown') {
      return this.#checks.check('R2', !this.#server.isOpen, () => 'a running server ended a session by a shutdown');
    }
    if (reason === 'reviewer') {
      return this.#checks.check(
        'R13',
        session.isEndRequested,
        () => 'a session was ended that no reviewer wanted ended',
      );
    }
    const idleMs = this.#time.now - (this.#idleSince.get(session) ?? this.#time.now);
    if (reason === 'idle') {
      const isDue = idleMs >= limits.SESSION_IDLE_MS - 1;
      return this.#checks.check('R13', isDue, () => `a session ended after ${idleMs} ms without anybody`);
    }
    if (reason === 'full') {
      const { attempts, discarded, record } = session.session.state;
      const isUnused = session.wasIdle && attempts.length + discarded.length + record.length === 0;
      return this.#checks.check('R13', isUnused, () => 'a session with something in it made way for another');
    }
    this.#checks.check('R2', session.wasIdle, () => 'a session in use was ended to free memory');
    const isApproved = session.session.state.stage === 'final';
    this.#checks.check('R13', !isApproved, () => 'a session with an approved image was ended to free memory');
    this.#checkEviction(session);
  }

  /** Some of the places in a session are kept for reviewers (rule S4). */
  #checkPlaces({ reviewers, watchers }: Viewers): void {
    const { CONNECTIONS_PER_SESSION: all } = limits;
    const isRight = reviewers + watchers <= all && watchers <= placesOfWatchers(all, limits);
    this.#checks.check('S4', isRight, () => `a session has ${reviewers} reviewers and ${watchers} watchers`);
  }

  get #keptBytes(): number {
    return this.#openSessions().reduce((sum, { session }) => sum + imageBytes(session), 0);
  }

  /** A session was ended to free memory. Attempts that are neither newest nor approved go first. */
  #checkEviction(ended: SessionRules): void {
    const { now } = this.#time;
    // A session that became idle during this event may have become so after the server looked.
    const idle = this.#openSessions().filter((one) => one !== ended && (this.#idleSince.get(one) ?? now) < now);
    const hasSpare = idle.some((one) => one.hasSpareImage);
    this.#checks.check('R7', !hasSpare, () => 'a session was ended before attempts were dropped that nobody needs');
  }

  /** A candidate fails for want of memory only when there is none, even at the expense of all idle sessions. */
  #checkBusyFailures(session: SessionRules): void {
    if (session.takeBusyFailures() === 0) return;
    this.#checks.check(
      'R7',
      this.#wasMemoryFull,
      () => 'a candidate failed for want of memory although there was some',
    );
  }

  #isQueueFull(session: SessionRules | undefined, command: Command): boolean {
    if (!session || !isGenerateCommand(command)) return false;
    const { isOpen, jobs } = this.#server;
    const { running, waiting } = jobs.counts;
    return !isOpen || running + waiting + this.#imagesOf(session, command) > QUEUE_CAPACITY;
  }

  /** How many images a command asks for. */
  #imagesOf(session: SessionRules | undefined, command: Command): number {
    if (!session || !isGenerateCommand(command)) return 0;
    const { state } = session.session;
    return expectedGeneration(command, state, state.lastRequest).options?.candidates ?? 1;
  }

  /** How many images may have been asked for by now, with a burst and then so many a minute. */
  #mostAsks(perMinute: number): number {
    return perMinute * (1 + (this.#time.now - this.#startedAt) / 60_000);
  }

  /** Images were asked for: never more than the rates allow (rule S9). */
  #checkAsks(session: SessionRules, revision: number, images: number): void {
    // A command that is sent again gets its first answer again.
    const ask = `${session.session.id} ${revision}`;
    if (this.#asks.has(ask)) return;
    this.#asks.add(ask);
    for (const [who, perMinute] of this.#askRates(session)) {
      const asked = (this.#asked.get(who) ?? 0) + images;
      this.#asked.set(who, asked);
      this.#checks.check('S9', asked <= this.#mostAsks(perMinute), () => `${asked} images were asked for`);
    }
  }

  /** Whether so many more images may be refused: the bucket may have been emptied. */
  #mayBeTooMany(session: SessionRules, images: number): boolean {
    return this.#askRates(session).some(([who, perMinute]) => (this.#asked.get(who) ?? 0) + images > perMinute);
  }

  #askRates(session: SessionRules): readonly (readonly [SessionRules | ServerProcess, number])[] {
    return [
      [session, limits.ASKS_PER_MINUTE_PER_SESSION],
      [this.#server, limits.ASKS_PER_MINUTE],
    ];
  }

  #count(participantId: string) {
    const counts = this.#commands.get(participantId) ?? { all: 0, passed: 0, since: this.#time.now };
    this.#commands.set(participantId, counts);
    counts.all += 1;
    return counts;
  }

  /** A participant's commands: a burst, then so many a second (rule S4). */
  #checkRate(participantId: string, answer: Answer, mayBeTooMany: boolean): void {
    const counts = this.#count(participantId);
    const code = answer.accepted ? undefined : answer.code;
    if (code === 'rate_limited') {
      const isTooMany = counts.all > limits.COMMAND_BURST || mayBeTooMany;
      return this.#checks.check(
        'S4',
        isTooMany,
        () => `command ${counts.all} of a participant was rejected as too fast`,
      );
    }
    if (code === 'invalid_message' || code === 'session_not_found') return;
    counts.passed += 1;
    if (counts.passed <= limits.COMMAND_BURST) return;
    const seconds = (this.#time.now - counts.since) / 1_000;
    const most = limits.COMMAND_BURST + seconds * limits.COMMANDS_PER_SECOND;
    this.#checks.check('S4', counts.passed <= most, () => `${counts.passed} commands passed in ${seconds} s`);
  }
}
