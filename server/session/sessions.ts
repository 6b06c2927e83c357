/**
 * The core: all sessions of the server, and the only way to them. A door (WebSocket, HTTP, a library's user) identifies its caller,
 * calls these methods and formats the answer; who may do what, how often and in which order is decided here.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Stage } from '../../shared/model.ts';
import type { Capabilities } from '../../shared/options.ts';
import type { Command, JoinMessage, Links, RejectCode, Invitation as SentInvitation } from '../../shared/protocol.ts';
import { Counts } from '../platform/counts.ts';
import { placesOfWatchers } from '../platform/limits.ts';
import { RateLimiter } from '../platform/rate-limiter.ts';
import { Access, type Admission, firstAccess } from './access.ts';
import { capabilitiesOf, capabilityProblem } from './capabilities.ts';
import type { GenerationContext } from './generation-run.ts';
import type { Reservation } from './image-memory.ts';
import type { Invitation } from './invitations.ts';
import type { Caller } from './participants.ts';
import { type Answer, type Rejection, reject } from './rejections.ts';
import { Session, type SessionView, type Subscription } from './session.ts';
import { firstDocument, type SessionDocument } from './session-document.ts';
import { type EndedEvent, type SessionEventHandler, type SessionEventMap, SessionEvents } from './session-events.ts';
import { type SessionStore, type StoredSession, StoreUnavailable } from './session-store.ts';
import { type Amount, Spending } from './spending.ts';
import type { Removal, Subscriber } from './subscribers.ts';

/** A client that asks to create or to join a session. */
export interface Visitor {
  /** The address that limits are counted by. */
  readonly address: string;
  readonly connectionId: string;
  /** The headers of the request that brought the visitor, for an `authorize` of the host's own. */
  readonly headers: IncomingHttpHeaders;
}

/** Decides who may create a session, and so spend the owner's money (rule S2). A rejected promise counts as no. */
export type Authorize = (attempt: {
  /** The access token that the visitor gave. */
  readonly token: string | undefined;
  readonly address: string;
  readonly headers: IncomingHttpHeaders;
}) => boolean | Promise<boolean>;

export type JoinRequest = Pick<JoinMessage, 'key' | 'token' | 'name' | 'participant' | 'approvals'>;

export interface Joined {
  readonly accepted: true;
  readonly caller: Caller;
  readonly session: SessionView;
  /** Proves on the next join that this is the same participant. */
  readonly participantSecret: string;
  /** For the creator alone (rule W5). */
  readonly key?: string;
  /** For reviewers. */
  readonly links?: Links;
  /** For the creator alone (rule W11). */
  readonly invitations?: readonly SentInvitation[];
  /** That of the participant, who was invited. */
  readonly invitation?: Pick<Invitation, 'expiresAt'>;
}

export interface SessionsContext extends Omit<GenerationContext, 'reserveImage'> {
  readonly authorize: Authorize;
  readonly store: SessionStore;
}

export class Sessions {
  /** What this server can draw. */
  readonly capabilities: Capabilities;
  readonly #context: SessionsContext;
  readonly #events: SessionEvents;
  /** Those that this server has opened, oldest first. */
  readonly #sessions = new Map<string, Session>();
  /** Sessions that are used here, each with the undo that lets it expire. */
  readonly #holds = new Map<Session, () => void>();
  readonly #creations: RateLimiter;
  readonly #commands: RateLimiter;
  readonly #wrongSecrets: RateLimiter;
  /** How many subscribers watch, by their address and in all. */
  readonly #watchers = new Counts();
  #watcherCount = 0;
  readonly #spending: Spending;
  #lastReservation: Promise<unknown> = Promise.resolve();
  #isDraining = false;

  constructor(context: SessionsContext) {
    const { limits, clock, telemetry, generator } = context;
    this.#context = context;
    this.#spending = new Spending(limits, clock, (today) => telemetry.budgetUsedUp(today));
    this.capabilities = capabilitiesOf(generator, limits);
    this.#events = new SessionEvents((error) => telemetry.fault(error, 'a handler of a session event failed'));
    context.store.onExpired((sessionId) => void this.#expire(sessionId));
    const { SESSION_BURST_PER_ADDRESS, SESSIONS_PER_MINUTE_PER_ADDRESS, COMMAND_BURST, COMMANDS_PER_SECOND } = limits;
    this.#creations = new RateLimiter(SESSION_BURST_PER_ADDRESS, SESSIONS_PER_MINUTE_PER_ADDRESS / 60, clock);
    this.#commands = new RateLimiter(COMMAND_BURST, COMMANDS_PER_SECOND, clock);
    const { WRONG_SECRETS_BURST_PER_ADDRESS, WRONG_SECRETS_PER_MINUTE_PER_ADDRESS } = limits;
    this.#wrongSecrets = new RateLimiter(
      WRONG_SECRETS_BURST_PER_ADDRESS,
      WRONG_SECRETS_PER_MINUTE_PER_ADDRESS / 60,
      clock,
    );
  }

  /** Makes a session and joins it as a reviewer. Rejected with `rate_limited`, `not_allowed` or `server_busy`. */
  async create(visitor: Visitor, request: JoinRequest): Promise<Joined | Rejection> {
    if (!(await this.#isAuthorized(visitor, request.token))) return this.#rejectSecret(visitor);
    if (!this.#creations.take(visitor.address)) return reject('rate_limited');
    if (this.#isDraining) return reject('server_busy');
    return whileAvailable(async () => {
      const { store, limits, newId, clock } = this.#context;
      const sessionId = newId();
      const access = firstAccess(newId);
      const grant = { role: 'reviewer', ...(access.links.reviewer && { linkId: access.links.reviewer.id }) } as const;
      const context = { limits, newId, now: clock.now() };
      const admitted = new Access(access, []).admit(grant, request.name ?? '', context, 0);
      const document = firstDocument(admitted.access, request.approvals ?? limits.APPROVALS);
      const isCreated = (await store.create(sessionId, document)) || (await this.#createInPlace(sessionId, document));
      if (!isCreated) return reject('server_busy');
      const session = this.#open(sessionId, { document, version: 1 });
      const key = access.links.reviewer?.key;
      return { ...this.#joined(session, visitor, admitted.admission), ...(key !== undefined && { key }) };
    });
  }

  /**
   * Joins a session that exists, by one of its open links or by an invitation: as a reviewer or a watcher (rules W5 and W11). A reviewer
   * who was let in before needs no open link. A wrong key or token is rejected with `not_allowed`, or `rate_limited` when too many came
   * from the address, and never turns a reviewer into a watcher. Other codes: `session_not_found`, `link_closed`, `revoked`,
   * `invitation_expired`. There may still be no place: see `subscribe`.
   */
  async join(visitor: Visitor, sessionId: string, request: JoinRequest): Promise<Joined | Rejection> {
    const { key, token } = request;
    return whileAvailable(async () => {
      const session = await this.#find(sessionId);
      if (!session) return reject('session_not_found');
      const grant = session.access.grant(request, this.#context.clock.now());
      if (typeof grant === 'string') return key === undefined ? reject(grant) : this.#rejectSecret(visitor, grant);
      if (token !== undefined && !(await this.#isAuthorized(visitor, token))) return this.#rejectSecret(visitor);
      const admission = await session.admit(request);
      return 'code' in admission ? admission : this.#joined(session, visitor, admission);
    });
  }

  /** Decides on a command: capabilities, rate, role, idempotency, text, and then the machine, one command after the other. */
  async execute(caller: Caller, command: Command): Promise<Answer> {
    const problem = capabilityProblem(command, this.capabilities, this.#context.limits);
    if (problem !== undefined) return reject('invalid_message', problem);
    const session = this.#sessions.get(caller.sessionId);
    if (!session) return reject('session_not_found');
    if (!this.#commands.take(caller.participant.id)) return reject('rate_limited');
    return session.execute(caller, command);
  }

  /** Sets the shared draft; undefined when that is accepted. Drafts that come too fast are reduced to the last. */
  setDraft(caller: Caller, text: string, draftId?: string): Rejection | undefined {
    const session = this.#sessions.get(caller.sessionId);
    return session ? session.setDraft(caller, text, draftId) : reject('session_not_found');
  }

  /** Tells the others what the caller has open: an image, or none. */
  look(caller: Caller, imageId: string | undefined): void {
    this.#sessions.get(caller.sessionId)?.look(caller, imageId);
  }

  /** Whether the caller may ask for the bytes of images now: that is rate-limited like a command. */
  requestImages(caller: Caller): Rejection | undefined {
    if (!this.#commands.take(caller.participant.id)) return reject('rate_limited');
    this.#sessions.get(caller.sessionId)?.touch();
    return undefined;
  }

  /** To show what a door has let in. The id alone proves nothing: the session's watch link may be closed (rule W5). */
  view(sessionId: string): SessionView | undefined {
    return this.#sessions.get(sessionId);
  }

  /**
   * Connects a caller, if there is a place (rule S4): of all connections, and of those of one address and of one session, some are kept
   * for reviewers. Rejected with `server_busy` or `session_not_found`, or with what makes a `join` be rejected by now.
   */
  subscribe(caller: Caller, subscriber: Subscriber): Subscription {
    const session = this.#sessions.get(caller.sessionId);
    if (!session) return reject('session_not_found');
    if (caller.role === 'watcher' && !this.#hasPlaceToWatch(caller.address)) return reject('server_busy');
    const subscription = session.subscribe(caller, subscriber);
    if (subscription.accepted) this.#countWatcher(caller, 1);
    return subscription;
  }

  /** Follows all sessions; returns the undo. Handlers may be async: nobody waits for them but `eventsSettled`. */
  on<Name extends keyof SessionEventMap>(name: Name, handler: SessionEventHandler<SessionEventMap[Name]>): () => void {
    return this.#events.on(name, handler);
  }

  /** Resolves when every handler that was called has finished. */
  eventsSettled(): Promise<void> {
    return this.#events.settled();
  }

  /** How many sessions there are. */
  get size(): number {
    return this.#sessions.size;
  }

  /** How many sessions have a generation that runs. */
  get generating(): number {
    return [...this.#sessions.values()].filter((session) => session.runningCandidates.length > 0).length;
  }

  /** What today's budget has lost (rule S9). */
  get spentToday(): Amount {
    return this.#spending.today;
  }

  /** How many sessions are at each stage. */
  get stages(): Readonly<Record<Stage, number>> {
    const counts = { initial_input: 0, generating: 0, user_feedback: 0, final: 0 };
    for (const { state } of this.#sessions.values()) counts[state.stage] += 1;
    return counts;
  }

  /**
   * Counts a wrong token or key against the address that it came from, so that nobody can try one after the other. Checked after the
   * secret itself: the right one always passes.
   * @returns false when there were too many
   */
  countWrongSecret(address: string): boolean {
    return this.#wrongSecrets.take(address);
  }

  /** Creates no session from now on. */
  stopCreating(): void {
    this.#isDraining = true;
  }

  /** Ends all sessions. */
  async closeAll(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => this.#end(session, 'shutdown')));
  }

  #hasPlaceToWatch(address: string): boolean {
    const { limits } = this.#context;
    const { CONNECTIONS, CONNECTIONS_PER_ADDRESS } = limits;
    const isFree = this.#watcherCount < placesOfWatchers(CONNECTIONS, limits);
    return isFree && this.#watchers.of(address) < placesOfWatchers(CONNECTIONS_PER_ADDRESS, limits);
  }

  #countWatcher({ role, address }: Caller, change: 1 | -1): void {
    if (role !== 'watcher') return;
    this.#watchers.add(address, change);
    this.#watcherCount += change;
  }

  #rejectSecret({ address }: Visitor, code: RejectCode = 'not_allowed'): Rejection {
    return reject(this.countWrongSecret(address) ? code : 'rate_limited');
  }

  async #isAuthorized({ address, headers }: Visitor, token: string | undefined): Promise<boolean> {
    try {
      return await this.#context.authorize({ token, address, headers });
    } catch (error) {
      this.#context.telemetry.fault(error, 'authorize failed');
      return false;
    }
  }

  /** When there are too many, a session makes way that everybody has left for long without having done anything in it. */
  async #createInPlace(sessionId: string, document: SessionDocument): Promise<boolean> {
    const { store } = this.#context;
    for (const idleId of await store.idle()) {
      const session = await this.#find(idleId);
      if (!session?.isIdle || !session.isUntouched || !session.isUnused) continue;
      await this.#end(session, 'full');
      return store.create(sessionId, document);
    }
    return false;
  }

  /** Opens the session on this server, if it exists. */
  async #find(sessionId: string): Promise<Session | undefined> {
    const open = this.#sessions.get(sessionId);
    if (open) return open;
    const stored = await this.#context.store.read(sessionId);
    return stored && (this.#sessions.get(sessionId) ?? this.#open(sessionId, stored));
  }

  #open(sessionId: string, stored: StoredSession): Session {
    const { authorize: _authorize, ...context } = this.#context;
    const session: Session = new Session(
      sessionId,
      stored,
      {
        ...context,
        events: this.#events,
        spending: this.#spending,
        reserveImage: (bytes, signal) => this.#reserveImage(bytes, signal),
      },
      {
        inUse: () => {
          if (!this.#holds.has(session)) this.#holds.set(session, context.store.hold(sessionId));
        },
        idle: () => this.#release(session),
        left: (caller) => this.#countWatcher(caller, -1),
        endRequested: ({ participant }) => this.#end(session, 'reviewer', participant.id),
        gone: (why) => this.#close(session, why),
      },
    );
    this.#sessions.set(sessionId, session);
    return session;
  }

  #joined(session: Session, visitor: Visitor, { secret, ...admitted }: Admission): Joined {
    const { access } = session;
    const { connectionId, address } = visitor;
    const caller: Caller = { sessionId: session.id, ...admitted, connectionId, address };
    const [links, invitations] = [access.linksFor(caller), access.invitationsFor(caller)];
    const invitation = access.invitationOf(caller.participant.id);
    return {
      accepted: true,
      caller,
      session,
      participantSecret: secret,
      ...(links && { links }),
      ...(invitations && { invitations }),
      ...(invitation && { invitation }),
    };
  }

  /** Nobody here uses the session, so it expires. */
  #release(session: Session): void {
    this.#holds.get(session)?.();
    this.#holds.delete(session);
  }

  async #expire(sessionId: string): Promise<void> {
    const session = this.#sessions.get(sessionId) ?? (await this.#find(sessionId));
    if (session?.isIdle) await this.#end(session, 'idle');
  }

  async #end(session: Session, reason: EndedEvent['reason'], participantId?: string): Promise<void> {
    const { stage, attempts, discarded } = session.state;
    const why = reason === 'reviewer' ? 'session_ended' : 'session_gone';
    this.#close(session, why);
    const isOwn = await this.#context.store.remove(session.id, why);
    if (!isOwn) return;
    const ended = { sessionId: session.id, reason, stage, attempts: attempts.length + discarded.length };
    this.#events.emit('ended', { ...ended, ...(participantId !== undefined && { participantId }) });
  }

  /** The session is open here no longer. May be called twice. */
  #close(session: Session, why: Removal): void {
    this.#sessions.delete(session.id);
    session.close(why);
    this.#release(session);
  }

  /** One after the other, so that no candidate takes the memory that was just freed for another. */
  #reserveImage(bytes: number, signal: AbortSignal): Promise<Reservation | undefined> {
    const reservation = this.#lastReservation.then(() => (signal.aborted ? undefined : this.#reserveOrEvict(bytes)));
    this.#lastReservation = reservation.catch(() => undefined);
    return reservation;
  }

  /**
   * Sets memory aside for a new image, if need be at the expense of others (rule R7). First go attempts that are neither the newest nor
   * approved, of sessions that nobody is in and then of those that nobody has touched for long; then whole sessions that nobody is in.
   * An approved image stays as long as its session was promised. Nothing goes when all of it would not be enough.
   */
  async #reserveOrEvict(bytes: number): Promise<Reservation | undefined> {
    const { memory } = this.#context;
    let reservation = memory.tryReserve(bytes);
    if (reservation) return reservation;
    const idle = await this.#idle();
    const untouched = [...this.#sessions.values()].filter((session) => session.isUntouched && !session.isIdle);
    const forgetful = [...idle, ...untouched.toSorted((one, other) => one.touchedAt - other.touchedAt)];
    const isDispensable = ({ isIdle, state }: Session) => isIdle && state.stage !== 'final';
    const freeable = forgetful.map((session) => (isDispensable(session) ? session.freeableBytes : session.spareBytes));
    if (!memory.hasFree(bytes - freeable.reduce((sum, some) => sum + some, 0))) return undefined;
    // Tried after each step: frames that are being built may take what the step before has freed.
    for (const session of forgetful) {
      await session.forget();
      reservation = memory.tryReserve(bytes);
      if (reservation) return reservation;
    }
    for (const session of idle) {
      if (isDispensable(session) && session.freeableBytes > 0) await this.#end(session, 'memory');
      reservation = memory.tryReserve(bytes);
      if (reservation) return reservation;
    }
    return undefined;
  }

  /** Longest idle first. */
  async #idle(): Promise<Session[]> {
    const sessions = await Promise.all((await this.#context.store.idle()).map((sessionId) => this.#find(sessionId)));
    return sessions.filter((session) => session !== undefined).filter(({ isIdle }) => isIdle);
  }
}

/** Rejects with `server_busy` what the store can't do now. */
async function whileAvailable<Result>(run: () => Promise<Result>): Promise<Result | Rejection> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof StoreUnavailable) return reject('server_busy');
    throw error;
  }
}
