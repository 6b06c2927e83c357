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
import { ignoreUnavailable, whenAvailable, whileAvailable } from './availability.ts';
import type { ReservedImage } from './candidate-drawing.ts';
import { capabilitiesOf, capabilityProblem } from './capabilities.ts';
import type { GenerationContext } from './generation-run.ts';
import type { Reservation } from './image-memory.ts';
import type { Invitation } from './invitations.ts';
import type { Job, JobRun } from './job-queue.ts';
import type { Caller } from './participants.ts';
import { type Answer, type Rejection, reject } from './rejections.ts';
import { Session, type Subscription } from './session.ts';
import { firstDocument, type SessionDocument } from './session-document.ts';
import { type EndedEvent, type SessionEventHandler, type SessionEventMap, SessionEvents } from './session-events.ts';
import { NewerDocument, type StoredSession } from './session-store.ts';
import type { SessionView } from './session-view.ts';
import { DRAFT_KEY } from './signal-values.ts';
import { type Amount, Spending } from './spending.ts';
import type { Stores } from './stores.ts';
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

export interface SessionsContext extends Omit<GenerationContext, 'reserveImage' | 'jobs' | 'images' | 'signals'> {
  readonly authorize: Authorize;
  readonly stores: Stores;
}

export class Sessions {
  /** What this server can draw. */
  readonly capabilities: Capabilities;
  readonly #context: SessionsContext;
  readonly #events: SessionEvents;
  /** The sessions that this server has opened, oldest first. */
  readonly #sessions = new Map<string, Session>();
  /** Sessions that are used here, each with the undo that lets it expire. */
  readonly #holds = new Map<Session, () => void>();
  readonly #commands: RateLimiter;
  readonly #wrongSecrets: RateLimiter;
  /** How many subscribers watch, by their address and in all. */
  readonly #watchers = new Counts();
  #watcherCount = 0;
  readonly #spending: Spending;
  /** Sessions that are being opened, by id. */
  readonly #opening = new Map<string, Promise<Session | undefined>>();
  /** The sessions whose generations run, by generation. */
  readonly #generations = new Map<string, Session>();
  /** How many jobs this server does. */
  #jobs = 0;
  #lastReservation: Promise<unknown> = Promise.resolve();
  /** The idle session that was last opened to see what it could give. */
  #lastOpened = '';
  #isDraining = false;
  #stopBeating: () => void = () => {};
  #beats = 0;

  constructor(context: SessionsContext) {
    const { limits, clock, telemetry, generator } = context;
    this.#context = context;
    const { budgets, sessions, jobs, sharing } = context.stores;
    this.#spending = new Spending(budgets, limits, clock, {
      onUsedUp: (today) => telemetry.budgetUsedUp(today),
      onFault: (error) => telemetry.fault(error, 'the budget could not be corrected'),
    });
    this.capabilities = capabilitiesOf(generator, limits);
    this.#events = new SessionEvents((error) => telemetry.fault(error, 'a handler of a session event failed'));
    sessions.onExpired((sessionId) => void whileAvailable(() => this.#expire(sessionId)));
    jobs.process((job, run) => this.#draw(job, run));
    jobs.onPosition((job) => this.#generations.get(job.generationId)?.positionChanged(job));
    if (sharing) this.#stopBeating = clock.every(sharing.intervalMs, () => void whileAvailable(() => this.#beat()));
    const { COMMAND_BURST, COMMANDS_PER_SECOND } = limits;
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
    if (this.#isDraining) return reject('server_busy');
    return whileAvailable(async () => {
      if (!(await this.#mayCreate(visitor))) return reject('rate_limited');
      const { stores, limits, newId, clock } = this.#context;
      const sessionId = newId();
      const access = firstAccess(newId);
      const grant = { role: 'reviewer', ...(access.links.reviewer && { linkId: access.links.reviewer.id }) } as const;
      const context = { limits, newId, now: clock.now() };
      const admitted = new Access(access, []).admit(grant, request.name ?? '', context, 0);
      const document = firstDocument(admitted.access, request.approvals ?? limits.APPROVALS);
      const isCreated =
        (await stores.sessions.create(sessionId, document)) || (await this.#createInPlace(sessionId, document));
      if (!isCreated) return reject('server_busy');
      const session = await this.#open(sessionId, { document, version: 1 });
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
      const session = await this.#findLatest(sessionId);
      if (!session) return reject('session_not_found');
      // It stays open here until the visitor is in it.
      session.touch();
      const grant = session.grant(request);
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

  /** Like `view`, opened from the store if need be. Rejects with `StoreUnavailable`. */
  async open(sessionId: string): Promise<SessionView | undefined> {
    const session = await this.#find(sessionId);
    // It stays open here while it is looked at.
    session?.touch();
    return session;
  }

  /** To show what a door has let in, if it is open on this server. The id alone proves nothing: the session's watch link may be closed (rule W5). */
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

  /** How many sessions are open on this server. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Something is drawn on this server or about to be, or waits to be drawn and no other server can. */
  get isDrawing(): boolean {
    return this.#jobs > 0 || this.#sessions.values().some(({ isDrawing }) => isDrawing);
  }

  /** What today's budget has lost (rule S9). */
  spentToday(): Promise<Amount> {
    return this.#spending.today();
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

  /** Creates no session and begins to draw nothing from now on. Other servers do it, if there are any. */
  stopWork(): void {
    this.#isDraining = true;
    void whileAvailable(() => this.#context.stores.jobs.close());
  }

  /** Closes all sessions. Those that are kept in this process alone end. */
  async closeAll(): Promise<void> {
    this.#stopBeating();
    const sessions = [...this.#sessions.values()];
    if (this.#context.stores.sharing) for (const session of sessions) this.#leave(session);
    else await Promise.all(sessions.map((session) => this.#end(session, 'shutdown')));
  }

  /** The rate holds for all servers together. */
  async #mayCreate({ address }: Visitor): Promise<boolean> {
    const { limits, stores } = this.#context;
    const { SESSION_BURST_PER_ADDRESS: burst, SESSIONS_PER_MINUTE_PER_ADDRESS: perMinute } = limits;
    const bucket = { key: `sessions of address ${address}`, burst, perSecond: perMinute / 60 };
    return (await stores.budgets.take([bucket], 1)).outcome === 'taken';
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

  /** When there are too many, a session makes way that everybody left long ago without having done anything in it. */
  async #createInPlace(sessionId: string, document: SessionDocument): Promise<boolean> {
    const { stores, limits } = this.#context;
    for await (const session of this.#idle(limits.SESSION_UNTOUCHED_MS)) {
      if (!session.isUnused) continue;
      await this.#end(session, 'full');
      return stores.sessions.create(sessionId, document);
    }
    return false;
  }

  async #draw(job: Job, run: JobRun): Promise<void> {
    const { clock, telemetry } = this.#context;
    this.#jobs += 1;
    try {
      const find = () =>
        this.#find(job.requester.sessionId).catch((error: unknown) => {
          // A newer server has the session open: it adds the job again, and draws it.
          if (error instanceof NewerDocument) return undefined;
          throw error;
        });
      const session = await whenAvailable(find, clock, () => run.signal.aborted);
      await session?.draw(job, run);
    } catch (error) {
      telemetry.fault(error, 'a candidate could not be drawn');
    } finally {
      this.#jobs -= 1;
    }
  }

  /** Opens the session on this server, if it exists. */
  async #find(sessionId: string): Promise<Session | undefined> {
    // One that is being opened does not have yet what it shows.
    const known = this.#opening.get(sessionId) ?? this.#sessions.get(sessionId);
    if (known) return known;
    const opening = this.#read(sessionId).finally(() => this.#opening.delete(sessionId));
    this.#opening.set(sessionId, opening);
    return opening;
  }

  /** The same, with what another server has changed a moment ago: who may come in is decided by that. */
  async #findLatest(sessionId: string): Promise<Session | undefined> {
    if (this.#context.stores.sharing) await this.#sessions.get(sessionId)?.catchUp();
    return this.#find(sessionId);
  }

  async #read(sessionId: string): Promise<Session | undefined> {
    const stored = await this.#context.stores.sessions.read(sessionId);
    return stored && this.#open(sessionId, stored);
  }

  async #open(sessionId: string, stored: StoredSession): Promise<Session> {
    const session = this.#create(sessionId, stored);
    this.#sessions.set(sessionId, session);
    try {
      await session.connect();
    } catch (error) {
      this.#leave(session);
      throw error;
    }
    return session;
  }

  #create(sessionId: string, stored: StoredSession): Session {
    const { authorize: _authorize, ...context } = this.#context;
    const session: Session = new Session(
      sessionId,
      stored,
      {
        ...context,
        events: this.#events,
        spending: this.#spending,
        reserveImage: (bytes, signal) => this.#reserveImage(bytes, signal),
        reserveCopy: (bytes) => this.#reserveCopy(bytes),
      },
      {
        generationChanged: (before, now) => {
          if (before !== undefined) this.#generations.delete(before);
          if (now !== undefined) this.#generations.set(now, session);
        },
        inUse: () => {
          if (!this.#holds.has(session)) this.#holds.set(session, context.stores.sessions.hold(sessionId));
        },
        idle: () => this.#release(session),
        left: (caller) => this.#countWatcher(caller, -1),
        endRequested: ({ participant }) => this.#end(session, 'reviewer', participant.id),
        gone: (why) => this.#close(session, why, false),
      },
    );
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

  /** Lets the session expire, since nobody on this server uses it. */
  #release(session: Session): void {
    this.#holds.get(session)?.();
    this.#holds.delete(session);
  }

  async #expire(sessionId: string): Promise<void> {
    const session = this.#sessions.get(sessionId) ?? (await this.#find(sessionId));
    // A place without a session, left by a server that stopped while it created or removed one, would be taken for good.
    if (!session) await this.#context.stores.sessions.remove(sessionId, 'session_gone');
    else if (session.isIdle) await this.#end(session, 'idle');
  }

  async #end(session: Session, reason: EndedEvent['reason'], participantId?: string): Promise<void> {
    const { stage, attempts, discarded } = session.state;
    const why = reason === 'reviewer' ? 'session_ended' : 'session_gone';
    const { clock } = this.#context;
    const { sessions, images, signals, sharing } = this.#context.stores;
    // Where several share it, it goes on when the store can't be reached. Alone, nobody may come in between.
    if (!sharing) this.#close(session, why, true);
    const isOwn = await sessions.remove(session.id, why);
    this.#close(session, why, true);
    const dropAll = () => images.dropAll(session.id);
    await whenAvailable(dropAll, clock, () => false);
    if (sharing) void signals.set(session.id, DRAFT_KEY, undefined, 0);
    if (!isOwn) return;
    const ended = { sessionId: session.id, reason, stage, attempts: attempts.length + discarded.length };
    this.#events.emit('ended', { ...ended, ...(participantId !== undefined && { participantId }) });
  }

  /** The session is open here no longer, but goes on. */
  #leave(session: Session): void {
    session.leave();
    this.#close(session, 'session_gone', false);
  }

  /** The session is open here no longer. May be called twice. */
  #close(session: Session, why: Removal, isOwn: boolean): void {
    if (this.#sessions.get(session.id) === session) this.#sessions.delete(session.id);
    session.close(why, isOwn);
    this.#release(session);
  }

  /** One after the other, so that no candidate takes the memory that was just freed for another. */
  #reserveImage(bytes: number, signal: AbortSignal): Promise<ReservedImage | undefined> {
    const reservation = this.#lastReservation.then(() => (signal.aborted ? undefined : this.#reserveOrEvict(bytes)));
    this.#lastReservation = reservation.catch(() => undefined);
    return reservation;
  }

  /**
   * Sets memory aside for a new image, if need be at the expense of others (rule R7). First go attempts that nobody needs (see
   * `SessionMemory.forget`), of sessions that nobody is in and then of those that nobody has touched for long; then whole sessions that
   * nobody is in. An approved image stays as long as its session was promised. Nothing goes when all of it would not be enough.
   */
  async #reserveOrEvict(bytes: number): Promise<ReservedImage | undefined> {
    let reservation = await this.#tryReserve(bytes);
    if (reservation) return reservation;
    const untouched = [...this.#sessions.values()].filter((session) => session.isUntouched && !session.isIdle);
    const isDispensable = ({ isIdle, state }: Session) => isIdle && state.stage !== 'final';
    let freeable = untouched.reduce((sum, { memory }) => sum + memory.spareBytes, 0);
    const idle: Session[] = [];
    for await (const session of this.#idle()) {
      idle.push(session);
      freeable += isDispensable(session) ? session.memory.freeableBytes : session.memory.spareBytes;
      if (this.#context.stores.sharing && freeable >= bytes) break;
    }
    if (!(await this.#couldHave(bytes, freeable))) return undefined;
    const forgetful = [...idle, ...untouched.toSorted((one, other) => one.touchedAt - other.touchedAt)];
    // Tried after each step: frames that are being built may take what the step before has freed.
    for (const session of forgetful) {
      await session.memory.forget();
      reservation = await this.#tryReserve(bytes);
      if (reservation) return reservation;
    }
    for (const session of idle) {
      if (isDispensable(session) && session.memory.freeableBytes > 0) await this.#end(session, 'memory');
      reservation = await this.#tryReserve(bytes);
      if (reservation) return reservation;
    }
    return undefined;
  }

  /** Whether so many bytes could be free if `freeable` ones were given up. */
  async #couldHave(bytes: number, freeable: number): Promise<boolean> {
    const { memory, stores, limits } = this.#context;
    if (!stores.sharing) return memory.hasFree(bytes - freeable);
    // Dropping images from the store frees no memory of this server: it has given up its copies already.
    return memory.hasFree(bytes) && (await stores.images.usedBytes()) + bytes - freeable <= limits.REDIS_IMAGE_BYTES;
  }

  /**
   * Sessions that have been idle for `minIdleMs`, longest idle first. Where several servers share them, each has to be opened, so there are
   * at most `MOST_OPENED`. The next call goes on with others, since these may have nothing to give.
   */
  async *#idle(minIdleMs = 0): AsyncGenerator<Session, void> {
    const { sharing, sessions: store } = this.#context.stores;
    let sessionIds = await store.idle(minIdleMs);
    if (sharing) {
      const next = sessionIds.indexOf(this.#lastOpened) + 1;
      sessionIds = [...sessionIds.slice(next), ...sessionIds.slice(0, next)].slice(0, MOST_OPENED);
    }
    for (const sessionId of sessionIds) {
      this.#lastOpened = sessionId;
      const session = await this.#find(sessionId);
      if (session?.isIdle) yield session;
    }
  }

  /** On this server, and of what all servers share. */
  async #tryReserve(bytes: number): Promise<ReservedImage | undefined> {
    const reservation = this.#reserveCopy(bytes);
    if (!reservation) return undefined;
    try {
      const lease = await this.#context.stores.images.reserve(bytes);
      if (lease) return { reservation, lease };
    } catch (error) {
      reservation.release();
      throw error;
    }
    reservation.release();
    return undefined;
  }

  #reserveCopy(bytes: number): Reservation | undefined {
    const { memory } = this.#context;
    const reservation = memory.tryReserve(bytes);
    if (reservation) return reservation;
    for (const session of this.#sessions.values()) session.memory.dropCopies();
    return memory.tryReserve(bytes);
  }

  /** Tells other servers who is here, and looks for what may have been missed. */
  async #beat(): Promise<void> {
    const { sessions, images } = this.#context.stores;
    const open = [...this.#sessions.values()];
    // Images are kept for much longer than from one time to the next.
    const isKept = this.#beats++ % KEEP_IMAGES_BEATS === 0;
    const versions = await sessions.versions(open.map(({ id }) => id));
    for (const [index, session] of open.entries()) {
      // The server that ended it may not have learned that it did.
      if (versions[index] === undefined) images.dropAll(session.id).catch(ignoreUnavailable);
      session.beat(versions[index]);
      if (session.isUnusedHere) this.#leave(session);
      else if (isKept) void images.keep(session.id).catch(() => {});
    }
  }
}

/** So many idle sessions are opened at most to see what they could give. */
const MOST_OPENED = 200;
/** Once a minute. */
const KEEP_IMAGES_BEATS = 12;
