/** Rules of one session on the server: its states, its commands and their answers, its participants. */
import { isDeepStrictEqual } from 'node:util';
import type { Invitation } from '../../../server/session/invitations.ts';
import { findLink, type Link } from '../../../server/session/links.ts';
import { type Caller, isCreatorOf } from '../../../server/session/participants.ts';
import { approvedIn, type State } from '../../../server/session/state.ts';
import {
  type AckMessage,
  type Command,
  isAccessCommand,
  type JoinMessage,
  type RejectMessage,
  type SnapshotMessage,
  type WelcomeMessage,
} from '../../../shared/protocol.ts';
import { decidedImagesIn, isRevoked } from '../../support/votes.ts';
import type { RuleChecks } from '../rule-checks.ts';
import { limits, type WallClock } from '../server-process.ts';
import { type Drawing, digest, isSupported, type SimulatedGenerator } from '../simulated-generator.ts';
import type { Tab } from '../tab.ts';
import { isRecordedCommand } from './decision-rules.ts';
import type { ObservedSession } from './observed-session.ts';
import { checkGeneration, checkRequest, type GenerateCommand, isGenerateCommand, newestOf } from './request-rules.ts';
import { TransitionRules } from './transition-rules.ts';

type Answer = AckMessage | RejectMessage;

interface Answered {
  readonly command: Command;
  readonly answer: Answer;
}

/** Codes that the session does not remember (rule M7), or that come before the session is asked. */
const notRemembered = new Set([
  'rate_limited',
  'not_allowed',
  'revoked',
  'invitation_expired',
  'server_busy',
  'internal_error',
  'session_not_found',
  'not_joined',
]);

/** Who may be let in at one moment. */
interface Doors extends Pick<ObservedSession, 'access' | 'state'> {
  /** The link that the visitor shows was closed or replaced. */
  readonly isDead: boolean;
  readonly now: number;
}

/** A minute after the server's clock was set, it has noticed what has expired. */
const EXPIRY_NOTICED_MS = 61_000;
/** Timers and clocks count whole milliseconds. */
const TIMER_MS = 2;

/** How long a draining server lets a generation go on (rule R6). */
const GENERATION_GRACE_MS = 8_000;

const linksOf = ({ access: { links } }: ObservedSession): Link[] =>
  (['watcher', 'reviewer'] as const).flatMap((role) => links[role] ?? []);

export class SessionRules {
  readonly session: ObservedSession;
  readonly team: string;
  readonly #lagMs: () => number;
  readonly #checks: RuleChecks;
  readonly #states = new Map<number, State>();
  /** The snapshots that were sent, by revision, as JSON without the draft. */
  readonly #snapshots = new Map<number, string>();
  /** The state in which each command first found the session. */
  readonly #stateAtArrival = new Map<string, State>();
  readonly #arrivedAgain = new Set<string>();
  /** The participant who sent a command first, by command id. */
  readonly #firstSender = new Map<string, string | undefined>();
  readonly #answered = new Map<string, Answered>();
  /** Which command made which revision. */
  readonly #commandByRevision = new Map<number, string>();
  /** Digests of the bytes that a tab showed when its person decided about them, by command id. */
  readonly #seenDigests = new Map<string, string>();
  readonly #drawings: Drawing[] = [];
  /** The secret of each participant, by id. */
  readonly #participants = new Map<string, string>();
  /** Participants who were reviewers at some time. */
  readonly #reviewers = new Set<string>();
  /** The links that were closed or replaced: their keys, or an empty one for the session id alone. */
  readonly #deadLinks = new Set<string>();
  #openLinks: readonly Link[];
  /** By key, as long as anybody asks. */
  readonly #invitations = new Map<string, Invitation>();
  /** When participants who are still here were turned out. */
  readonly #outSince = new Map<string, number>();
  #wallClock: WallClock = { now: 0, unsetMs: 0 };
  /** The key of the first review link. */
  readonly firstKey: string | undefined;
  /** A reviewer has given the command to end it. */
  isEndRequested = false;
  readonly #transitions: TransitionRules;
  #last: State;
  #revisionAtDraft: number | undefined;
  #isExecuting = false;
  #busyFailures = 0;
  #touchedAt = Number.NEGATIVE_INFINITY;
  /** When a command last set the shared draft. */
  draftSetByCommandAt = Number.NEGATIVE_INFINITY;
  /** The session has ended, or its server. */
  isGone = false;

  /** @param lagMs how long a server that works may take to learn what another has done */
  constructor(
    session: ObservedSession,
    team: string,
    checks: RuleChecks,
    generator: SimulatedGenerator,
    lagMs = () => 0,
  ) {
    this.session = session;
    this.#lagMs = lagMs;
    this.team = team;
    this.#checks = checks;
    this.#transitions = new TransitionRules(session, checks, generator);
    this.#openLinks = linksOf(session);
    this.firstKey = session.access.links.reviewer?.key;
    this.#last = session.state;
    this.#states.set(session.state.revision, session.state);
  }

  /** Nobody is connected, and nothing is being drawn. */
  get isIdle(): boolean {
    return this.#viewers === 0 && this.session.runningCandidates.length === 0;
  }

  /** The same of a session that has just ended: its generation was aborted, and its last state still shows it. */
  get wasIdle(): boolean {
    return this.#viewers === 0 && this.session.state.stage !== 'generating';
  }

  /**
   * Whether the server could free memory by dropping an attempt while nobody is in the session: not the newest, none that somebody
   * has decided about, and none that is still being sent.
   */
  get hasSpareImage(): boolean {
    const { attempts, discarded } = this.session.state;
    const needed = neededImages(this.session.state);
    return [...attempts, ...discarded].some(({ image: { imageId } }) => {
      const freeable = this.session.image(imageId)?.reservation.freeableBytes ?? 0;
      return !needed.has(imageId) && freeable > 0;
    });
  }

  get #viewers(): number {
    const { reviewers, watchers } = this.session.viewers;
    return reviewers + watchers;
  }

  /** Notes which links were closed or replaced. */
  #observeLinks(): void {
    const open = linksOf(this.session);
    for (const link of this.#openLinks) if (!open.includes(link)) this.#deadLinks.add(link.key ?? '');
    this.#openLinks = open;
  }

  /** People who were turned out, or whose invitation has expired, are here no longer. The invitation of those who are here counts as used. */
  #observeInvitations(now: number): void {
    for (const one of this.session.access.invitations) this.#invitations.set(one.key, one);
    const { size } = this.#invitations;
    if (size > 0)
      this.#checks.check('S4', size <= limits.INVITATIONS_PER_SESSION, () => `${size} invitations were made`);
    const isNobodyOut = this.#invitations.size === 0 && !this.session.record.some(({ kind }) => kind === 'revoked');
    if (this.isGone || isNobodyOut) return;
    for (const { participantId, name } of this.session.viewers.people) {
      const isOut = isRevoked(this.session.state, participantId);
      if (isOut && !this.#outSince.has(participantId)) this.#outSince.set(participantId, now);
      const outMs = now - (this.#outSince.get(participantId) ?? now);
      const isHere = !isOut || outMs < this.#lagMs();
      this.#checks.check('W11', isHere, () => `${name} is here, and was turned out`);
      const { isUsed, expiresAt } = this.#invitationOf(participantId) ?? { isUsed: true };
      this.#checks.check('W11', isUsed === true, () => `${name} is here, and their invitation counts as unused`);
      if (expiresAt === undefined) continue;
      const overdueMs = this.#wallClock.now - Date.parse(expiresAt);
      const isRight = overdueMs < TIMER_MS + this.#lagMs() || this.#wallClock.unsetMs < EXPIRY_NOTICED_MS;
      this.#checks.check('W11', isRight, () => `the invitation of ${name} expired ${overdueMs} ms ago`);
    }
  }

  #invitationOf(participantId: string): Invitation | undefined {
    return this.#invitations.values().find(({ participant }) => participant.id === participantId);
  }

  /** The keys of all invitations that there were. */
  get invitationKeys(): readonly string[] {
    return [...this.#invitations.keys()];
  }

  /** Whether the person of that tab was turned out, or their invitation has expired. */
  isOut({ state, participantId: given }: Tab, why: 'revoked' | 'invitation_expired'): boolean {
    const invitation = this.#invitations.get(state.sessionKey ?? '');
    const id = invitation?.participant.id ?? state.welcome?.participantId ?? given ?? '';
    if (why === 'revoked') return isRevoked(this.session.state, id) || isRevoked(this.session.state, given ?? '');
    // A server may refuse by its clock before it has noted that the invitation is over.
    const { isExpired, expiresAt } = this.#invitationOf(id) ?? {};
    return isExpired === true || (expiresAt !== undefined && Date.parse(expiresAt) <= this.#wallClock.now);
  }

  /** Checks the state if it has changed. */
  observe(now: number, wallClock: WallClock): void {
    this.#wallClock = wallClock;
    this.#observeLinks();
    this.#observeInvitations(now);
    const [before, state] = [this.#last, this.session.state];
    if (before === state) return;
    this.#last = state;
    this.#states.set(state.revision, state);
    const isOnward = state.revision > before.revision && state.turn >= before.turn;
    this.#checks.check('M6', isOnward, () => `revision ${state.revision} came after ${before.revision}`);
    if (state.draftRevision !== before.draftRevision) this.draftSetByCommandAt = now;
    this.#busyFailures += busyFailures(state) > busyFailures(before) ? 1 : 0;
    // A session that has ended has dropped its images.
    if (state.revision !== before.revision + 1 || this.isGone) return;
    const isWatched = this.#viewers > 0;
    this.#transitions.check(before, state, { isWatched, untouchedMs: now - this.#touchedAt });
  }

  /** Somebody has joined, or given a command that was accepted. */
  touched(now: number): void {
    this.#touchedAt = now;
  }

  /** How many candidates have failed for want of memory since the last call. */
  takeBusyFailures(): number {
    const count = this.#busyFailures;
    this.#busyFailures = 0;
    return count;
  }

  /** A connection has joined, as the participant `given` or as a new one. */
  joined(connectionId: string, welcome: WelcomeMessage, join: JoinMessage | undefined): void {
    const { participantId: id, participantSecret: secret, role, key } = welcome;
    if (key !== undefined) this.#transitions.decisions.created(id);
    const given = join?.participant;
    const isProven = this.#isProven(given);
    const invitation = this.#usedInvitation(join);
    if (invitation) {
      const { participant } = invitation;
      const isSame = id === participant.id && welcome.name === participant.name;
      this.#checks.check('W11', isSame, () => `whoever was invited as ${participant.name} became ${welcome.name}`);
    } else if (isProven) {
      const isSame = id === given.id && secret === given.secret;
      this.#checks.check('participant', isSame, () => `${given.id} came back as ${id}`);
    } else {
      this.#checks.check('participant', !this.#participants.has(id), () => `somebody else became ${id}`);
    }
    this.#participants.set(id, secret);
    if (role === 'reviewer') this.#reviewers.add(id);
    this.#transitions.joined(connectionId, id, role === 'reviewer');
  }

  /** The invitation that somebody came by, unless it is the creator. */
  #usedInvitation(join: JoinMessage | undefined): Invitation | undefined {
    const [creatorId] = this.#participants.keys();
    const isCreator = this.#isProven(join?.participant) && join?.participant?.id === creatorId;
    return isCreator ? undefined : this.#invitations.get(join?.key ?? '');
  }

  #isProven(given: JoinMessage['participant']): given is NonNullable<JoinMessage['participant']> {
    return given !== undefined && this.#participants.get(given.id) === given.secret;
  }

  /** A visitor asks to be let in: what decides about that. */
  joining(join: JoinMessage): Doors {
    const { access, state } = this.session;
    return { access, state, isDead: this.isDead(join.key), now: this.#wallClock.now };
  }

  /** Rule W5: only a link that was open when they came lets anybody in, but for reviewers who were in before and show some key. */
  checkAdmission(join: JoinMessage, { role, participantId }: WelcomeMessage, doors: Doors): void {
    const { key, participant } = join;
    const invitation = this.#usedInvitation(join);
    const mayEnter = !isRevoked(doors.state, participantId);
    this.#checks.check('W11', mayEnter, () => `a ${role} was let in who had been turned out`);
    if (invitation?.expiresAt !== undefined) {
      const isInTime = Date.parse(invitation.expiresAt) > doors.now - TIMER_MS;
      this.#checks.check('W11', isInTime, () => 'an invitation that has expired let somebody in');
    }
    const isKnown = key !== undefined && this.#isProven(participant) && this.#reviewers.has(participant.id);
    this.#checks.check('W5', !doors.isDead || isKnown, () => `a closed link let a ${role} in`);
    const link = findLink(doors.access.links, key);
    const isRightRole = role === (invitation?.role ?? link?.role ?? (isKnown ? 'reviewer' : undefined));
    this.#checks.check('W5', isRightRole, () => `a guest became a ${role}`);
  }

  /** The creator always finds a place (rule S4). */
  checkRefusal({ key, participant }: JoinMessage): void {
    const [creatorId] = this.#participants.keys();
    const isCreator = key !== undefined && this.#isProven(participant) && participant.id === creatorId;
    this.#checks.check('S4', !isCreator, () => 'there was no place for the creator');
  }

  /** Whether the link with this key, or the session id alone, was closed or replaced. */
  isDead(key: string | undefined): boolean {
    return this.#deadLinks.has(key ?? '');
  }

  /** A revision has one content: neither drafts nor presence change it (rule W9). */
  snapshotSent({ draft: _draft, ...content }: SnapshotMessage): void {
    const text = JSON.stringify(content);
    const first = this.#snapshots.get(content.revision);
    this.#snapshots.set(content.revision, text);
    if (first === undefined) return;
    this.#checks.check('W9', first === text, () => `revision ${content.revision} has two contents`);
  }

  /** A person decides, looking at bytes of this digest. */
  deciding(commandId: string, seenDigest: string): void {
    this.#seenDigests.set(commandId, seenDigest);
  }

  /** The generator is asked to draw for this session. */
  requested(drawing: Drawing): void {
    this.#drawings.push(drawing);
    const { state } = this.session;
    const generation = state.stage === 'generating' ? state.generation : undefined;
    this.#checks.check('R11', generation !== undefined, () => `drawing ${drawing.number} has no generation`);
    if (generation) checkRequest(drawing.request, generation, state, this.#checks);
    const live = this.#liveDrawings.length;
    const most = generation?.candidates ?? 0;
    this.#checks.check('M2', live <= most, () => `${live} candidates are drawn at once, ${most} were asked for`);
  }

  /** Only a cancel or the session's end aborts a drawing (rule R2). */
  aborted(drawing: Drawing, drainingMs: number | undefined): void {
    const { state } = this.session;
    const isCancelled = state.lastAction?.action === 'cancel' && state.stage !== 'generating';
    if (drainingMs !== undefined && !isCancelled && !this.isEndRequested) {
      const hadGrace = drainingMs >= GENERATION_GRACE_MS;
      this.#checks.check(
        'R6',
        hadGrace,
        () => `drawing ${drawing.number} was aborted after ${drainingMs} ms of a drain`,
      );
    }
    const mayBe = this.isGone || isCancelled;
    this.#checks.check('R2', mayBe, () => `drawing ${drawing.number} was aborted in ${state.stage}`);
  }

  /** Drawings run only while their session generates. */
  checkDrawings(): void {
    const live = this.#liveDrawings.length;
    if (live === 0) return;
    const isGenerating = this.session.state.stage === 'generating' && !this.isGone;
    this.#checks.check('R2', isGenerating, () => `${live} drawings outlive their generation`);
  }

  draftArrived(): void {
    this.#revisionAtDraft = this.session.state.revision;
  }

  /** An event has ended: a draft alone has made no revision (rule W9). */
  checkDraft(): void {
    const { revision } = this.session.state;
    if (this.#revisionAtDraft !== undefined && !this.#isExecuting) {
      this.#checks.check('W9', revision === this.#revisionAtDraft, () => `a draft made revision ${revision}`);
    }
    this.#revisionAtDraft = undefined;
    this.#isExecuting = false;
  }

  #removing(commandId: string, participantId: string): void {
    const others = this.session.viewers.people.filter((one) => one.participantId !== participantId);
    const open = others.flatMap(({ lookingAt }) => lookingAt ?? []);
    this.#transitions.decisions.removing(commandId, open);
  }

  /** A command reaches the core. Returns what is to be called when it was accepted. */
  executing(command: Command, { role, participant }: Caller): () => void {
    this.#isExecuting = true;
    if (command.type === 'end_session') this.isEndRequested ||= role === 'reviewer';
    if (command.type === 'remove') this.#removing(command.commandId, participant.id);
    const isRepeated = this.hasAnswered(command.commandId) || this.#arrivedAgain.has(command.commandId);
    if (command.type !== 'close_link' && command.type !== 'replace_link') return () => {};
    const link = this.session.access.links[command.role];
    return () => {
      // A command that is sent again, by anybody, gets its first answer and does nothing.
      if (isRepeated) return;
      const isAllowed = command.role === 'watcher' || isCreatorOf(participant);
      this.#checks.check(
        'W5',
        isAllowed,
        () => `the ${command.role} link was changed by somebody else than the creator`,
      );
      this.#observeLinks();
      const isClosed = link === undefined || link !== this.session.access.links[command.role];
      this.#checks.check('W5', isClosed, () => `${command.commandId} left the ${command.role} link as it was`);
      const { viewers } = this.session;
      if (command.role !== 'watcher' || this.isGone || this.#lagMs() > 0) return;
      const watching = viewers.people.filter((one) => one.role === 'watcher' && !this.#invitationOf(one.participantId));
      this.#checks.check('W5', watching.length === 0, () => `${watching.length} watch by a closed link`);
    };
  }

  /** A command reaches the server, for the first time or again. */
  commandArrived({ commandId }: Command, participantId: string | undefined): void {
    if (this.#stateAtArrival.has(commandId)) {
      this.#arrivedAgain.add(commandId);
      return;
    }
    this.#stateAtArrival.set(commandId, this.session.state);
    this.#firstSender.set(commandId, participantId);
  }

  /** The server answers a command that it has received from that participant. */
  answered(command: Command, answer: Answer, participantId: string): void {
    if (answer.type === 'reject') {
      const atArrival = this.#stateAtArrival.get(command.commandId) ?? this.session.state;
      const states = [...this.#states.values()].filter(({ revision }) => revision >= atArrival.revision);
      this.#transitions.decisions.rejected(command, answer, states, participantId);
    }
    if (isGenerateCommand(command) && command.options) this.#checkOptions(command, answer);
    if (answer.type === 'reject' && notRemembered.has(answer.code)) return;
    const first = this.#answered.get(command.commandId);
    if (!first) {
      if (answer.type === 'reject' && answer.code === 'invalid_message') return;
      this.#answered.set(command.commandId, { command, answer });
      return answer.type === 'ack' ? this.#onAck(command, answer, participantId) : this.#onReject(command, answer);
    }
    const isSame = isDeepStrictEqual(first.command, command)
      ? isDeepStrictEqual(withoutText(first.answer), withoutText(answer))
      : answer.type === 'reject' && answer.code === 'invalid_message';
    const both = () => `${command.commandId} was answered ${nameOf(first.answer)}, then ${nameOf(answer)}`;
    this.#checks.check('M7', isSame, both);
  }

  /** Options that are not supported are rejected before anything else is checked; supported ones are not rejected. */
  #checkOptions({ commandId, options = {} }: GenerateCommand, answer: Answer): void {
    const isRejected = answer.type === 'reject' && answer.code === 'invalid_message';
    if (!isSupported(options)) {
      const isRight = isRejected || (answer.type === 'reject' && answer.code === 'internal_error');
      return this.#checks.check('options', isRight, () => `${commandId} has wrong options: ${nameOf(answer)}`);
    }
    if (this.#arrivedAgain.has(commandId)) return;
    this.#checks.check('options', !isRejected, () => `${commandId} has supported options and was rejected`);
  }

  /** Whether the session may have answered this command before. */
  hasAnswered(commandId: string): boolean {
    return this.#arrivedAgain.has(commandId);
  }

  /** The first answer to a command. */
  answerTo(commandId: string): Answer | undefined {
    return this.#answered.get(commandId)?.answer;
  }

  #onAck(command: Command, { revision }: AckMessage, participantId: string): void {
    const state = this.#states.get(revision);
    if (!state || isAccessCommand(command)) return;
    if (isRecordedCommand(command)) {
      // Of several people who sent it to several servers, nobody knows whose was done.
      const { commandId } = command;
      const isFirst = this.#firstSender.get(commandId) === participantId;
      const isOwn = this.#lagMs() === 0 ? isFirst : !this.#arrivedAgain.has(commandId);
      if (isOwn) this.#transitions.decisions.acked(command, state, participantId);
      if ('imageId' in command) this.#checkDigest(command);
      // It may have changed nothing.
      const isRecorded = state.record.length > (this.#states.get(revision - 1)?.record.length ?? 0);
      const isItsOwn = isRecorded && state.lastAction?.action === command.type;
      if (this.#commandByRevision.has(revision) || !isItsOwn) return;
    }
    const other = this.#commandByRevision.get(revision);
    this.#commandByRevision.set(revision, command.commandId);
    const isOnce = other === undefined;
    this.#checks.check('M7', isOnce, () => `${other} and ${command.commandId} both made revision ${revision}`);
    const before = this.#states.get(revision - 1);
    if (command.type === 'discard' || command.type === 'restore') return this.#checkMove(command, state);
    if (command.type === 'remove') return this.#transitions.decisions.removed(command, before, state);
    const isRight = state.lastAction?.action === command.type;
    this.#checks.check('M1', isRight, () => `${command.type} was recorded as ${state.lastAction?.action}`);
    if (before) this.#checkDraftRevision(command, before, state);
    if (before && isGenerateCommand(command)) {
      checkGeneration(command, before, this.#lastRequest(before), state, this.#checks);
    }
    if (command.type === 'cancel' && 'unfinished' in state) {
      const reason = command.reason?.trim() ? command.reason : undefined;
      const isKept = state.unfinished?.generation.cancelReason === reason;
      this.#checks.check('M8', isKept, () => 'a cancel lost its reason');
    }
    if (command.turn === undefined || isRecordedCommand(command)) return;
    const isNext = state.turn === command.turn + 1;
    this.#checks.check('M10', isNext, () => `${command.type} from turn ${command.turn} made turn ${state.turn}`);
  }

  /** A command that brings a text for the shared draft, or empties it, makes a new `draftRevision`; no other command does. */
  #checkDraftRevision(command: Command, before: State, state: State): void {
    const setsDraft = command.type === 'start_over' || ('prompt' in command && command.prompt !== undefined);
    const isRight = state.draftRevision === before.draftRevision + (setsDraft ? 1 : 0);
    this.#checks.check('draft', isRight, () => `${command.type} made draft revision ${state.draftRevision}`);
  }

  /** The last generation up to `state` since the last start over. */
  #lastRequest(before: State): State['lastRequest'] {
    for (let at = before.revision; at >= 0; at -= 1) {
      const state = this.#states.get(at);
      // It came and went between two looks.
      if (!state) return before.lastRequest;
      if (state.stage === 'generating') return state.generation;
      if (state.lastAction?.action === 'start_over') return undefined;
    }
    return undefined;
  }

  #checkMove({ type, turn, imageId }: Extract<Command, { type: 'discard' | 'restore' }>, state: State): void {
    this.#checks.check('discard', isMoved(type, imageId, state), () => `${type} of ${imageId} was acked and not done`);
    if (turn === undefined) return;
    const isNext = state.turn === turn || state.turn === turn + 1;
    this.#checks.check('M10', isNext, () => `${type} from turn ${turn} made turn ${state.turn}`);
  }

  /** Whether a discard or a restore was done in that revision; true when its state is not known. */
  isMoveDone(type: 'discard' | 'restore', imageId: string, revision: number): boolean {
    const state = this.#states.get(revision);
    return state === undefined || isMoved(type, imageId, state);
  }

  /** A decision is about the bytes that its person saw. */
  #checkDigest({
    commandId,
    imageId,
    sha256,
  }: {
    commandId: string;
    imageId: string;
    sha256?: string | undefined;
  }): void {
    const bytes = this.session.image(imageId)?.bytes;
    const digests = [sha256, this.#seenDigests.get(commandId), bytes && digest(bytes)];
    const isOne = new Set(digests.filter((one) => one !== undefined)).size <= 1;
    this.#checks.check('M3', isOne, () => `the decision about ${imageId} is not of the bytes that were seen`);
  }

  #onReject(command: Command, { code, lastAction }: RejectMessage): void {
    const { state } = this.session;
    const atArrival = this.#stateAtArrival.get(command.commandId);
    if (code === 'stale' || code === 'wrong_stage') {
      const isTold = lastAction !== undefined || atArrival?.lastAction === undefined;
      this.#checks.check('M2', isTold, () => `${code} does not name the last action`);
    }
    if (code === 'stale' && !isAccessCommand(command)) {
      const isOld = command.turn !== undefined && command.turn < state.turn;
      this.#checks.check('M10', isOld, () => `turn ${command.turn} is stale in turn ${state.turn}`);
    }
    if (code === 'image_not_found' && command.type === 'approve') {
      const attempt = state.attempts.find(({ image }) => image.imageId === command.imageId);
      const isHere = attempt && (command.sha256 === undefined || command.sha256 === attempt.image.sha256);
      const isRight = !isHere || state.turn !== command.turn || state !== atArrival;
      this.#checks.check('M3', isRight, () => `the approval of ${command.imageId} was rejected`);
    }
  }

  get #liveDrawings(): Drawing[] {
    return this.#drawings.filter(({ isLive }) => isLive);
  }
}

/** The bytes of all images that the session keeps, whatever it says of them itself. */
export function imageBytes(session: ObservedSession): number {
  const { attempts, discarded } = session.state;
  const images = [...attempts, ...discarded].map(({ image }) => session.image(image.imageId));
  return images.reduce((sum, image) => sum + (image?.bytes.byteLength ?? 0), 0);
}

/** The images that stay for as long as their session. */
function neededImages(state: State): Set<string | undefined> {
  const newest = newestOf(state)?.image.imageId;
  const here = new Set([...state.attempts, ...state.discarded].map(({ image }) => image.imageId));
  const needed = [newest, approvedIn(state)?.imageId, ...decidedImagesIn(state)];
  return new Set(needed.filter((imageId) => imageId !== undefined && here.has(imageId)));
}

function isMoved(type: 'discard' | 'restore', imageId: string, { attempts, discarded }: State): boolean {
  const place = type === 'discard' ? discarded : attempts;
  return place.some(({ image }) => image.imageId === imageId);
}

/** Candidates of the generation on show that failed for want of memory. */
function busyFailures(state: State): number {
  const unfinished = 'unfinished' in state ? state.unfinished?.generation : undefined;
  const { failures = [] } = (state.stage === 'generating' ? state.generation : unfinished) ?? {};
  return failures.filter(({ error }) => error.code === 'server_busy').length;
}

const nameOf = (answer: Answer) => (answer.type === 'ack' ? `ack ${answer.revision}` : answer.code);

function withoutText(answer: Answer): object {
  return answer.type === 'ack' ? { revision: answer.revision } : { code: answer.code, lastAction: answer.lastAction };
}
