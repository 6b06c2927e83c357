/** Who is told of changes in a session. A subscriber hears what is due, and fetches the latest when it can send it. */
import { isDeepStrictEqual } from 'node:util';
import type { Person, Role } from '../../shared/model.ts';
import type { Invitation, Links } from '../../shared/protocol.ts';
import type { Clock } from '../platform/clock.ts';
import type { Caller } from './participants.ts';
import { findPlace, type Places } from './places.ts';

export interface DraftUpdate {
  readonly text: string;
  readonly by: string;
  readonly participantId: string;
  /** Only for the connection that typed the text, when it gave an id. */
  readonly draftId?: string;
}

/** Why a subscriber is told of nothing more. */
export type Removal =
  /** The session has ended by itself, or with the server. */
  | 'session_gone'
  /** The session goes on, on newer servers. */
  | 'newer_server'
  /** A reviewer has ended it. */
  | 'session_ended'
  /** The watch link that it came by was closed or replaced. */
  | 'link_closed'
  /** The creator has turned its participant out. */
  | 'revoked'
  /** The invitation of its participant has expired. */
  | 'invitation_expired'
  /** The session is full, and its place went to another. */
  | 'place_taken';

/** One connection, or a program, that follows a session. Its methods return at once and may throw: nobody else misses anything (R8). */
export interface Subscriber {
  snapshotChanged(): void;
  draftChanged(update: DraftUpdate): void;
  viewersChanged(): void;
  /** For reviewers. */
  linksChanged(links: Links): void;
  /** For the session's creator. */
  invitationsChanged(invitations: readonly Invitation[]): void;
  progressChanged(candidate: number): void;
  partialChanged(candidate: number): void;
  /** It was removed, and is told of nothing more. */
  removed(why: Removal): void;
}

export interface Viewers {
  readonly reviewers: number;
  readonly watchers: number;
  /** All reviewers and the first watchers, each once. */
  readonly people: readonly Person[];
}

/** Presence changes with every connection that comes or goes, and each change would be told to all: a herd of n would cost n² messages. */
const VIEWERS_INTERVAL_MS = 250;

/** An image that somebody has open. */
export interface Look {
  readonly imageId: string;
  /** Absent for those who only watch. */
  readonly participantId?: string;
}

/** The people who follow the session over one server. `people` names only the first watchers, with one image each. */
export interface ServerPeople extends Viewers {
  readonly looks: readonly Look[];
}

/** Those of another server. */
export interface OtherPeople extends ServerPeople {
  /** On the monotonic clock. */
  readonly until: number;
}

export interface SubscribersOptions {
  readonly clock: Pick<Clock, 'after' | 'monotonic'>;
  readonly places: Places;
  /** How many watchers are named at most. */
  readonly namedWatchers: number;
  /** The others are about to be told who is here. */
  readonly onReport: () => void;
  /** A subscriber was removed or has left. */
  readonly onLeft: (caller: Caller) => void;
  /** Receives what a subscriber throws. */
  readonly onFault: (error: unknown) => void;
}

export class Subscribers {
  /** In the order of their coming. */
  readonly #callers = new Map<Subscriber, Caller>();
  readonly #counts: Record<Role, number> = { reviewer: 0, watcher: 0 };
  /** The image that each connection has open, by connection id. */
  readonly #looks = new Map<string, string>();
  /** By server. */
  readonly #elsewhere = new Map<string, OtherPeople>();
  #viewersFrame: Buffer | undefined;
  readonly #options: SubscribersOptions;
  /** Ends the time in which presence is not reported again. */
  #cancelPause: (() => void) | undefined;
  #isReportDue = false;

  constructor(options: SubscribersOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#callers.size;
  }

  /** The people on all servers. */
  get viewers(): Viewers {
    const elsewhere = [...this.#elsewhere.values()];
    const { reviewer, watcher } = this.#counts;
    return this.#viewersOf(
      elsewhere.reduce((sum, { reviewers }) => sum + reviewers, reviewer),
      elsewhere.reduce((sum, { watchers }) => sum + watchers, watcher),
      merged([...this.#people, ...elsewhere.flatMap(({ people }) => people)]),
    );
  }

  /** The people on this server. */
  get here(): ServerPeople {
    const viewers = this.#viewersOf(this.#counts.reviewer, this.#counts.watcher, merged(this.#people));
    return { ...viewers, looks: this.#looksHere };
  }

  /** Each image once for every participant who reviews here, and once for all others. */
  get #looksHere(): readonly Look[] {
    const reviewers = new Set(
      [...this.#callers.values()].filter(({ role }) => role === 'reviewer').map(({ participant }) => participant.id),
    );
    const looks = new Map<string, Look>();
    for (const { participantId, lookingAt: imageId } of this.#people) {
      if (imageId === undefined) continue;
      if (reviewers.has(participantId)) looks.set(`${imageId} ${participantId}`, { imageId, participantId });
      else looks.set(imageId, { imageId });
    }
    return [...looks.values()];
  }

  #viewersOf(reviewers: number, watchers: number, people: readonly Person[]): Viewers {
    const isReviewer = ({ role }: Person) => role === 'reviewer';
    const watching = people.filter((person) => !isReviewer(person)).slice(0, this.#options.namedWatchers);
    return { reviewers, watchers, people: [...people.filter(isReviewer), ...watching] };
  }

  /** The `viewers` message, encoded once for all connections. */
  get viewersFrame(): Buffer {
    this.#viewersFrame ??= Buffer.from(JSON.stringify({ type: 'viewers', ...this.viewers }));
    return this.#viewersFrame;
  }

  /** One for each connection, in the order of their coming. */
  get #people(): Person[] {
    return [...this.#callers.values()].map(({ connectionId, role, participant, hasVote }) => {
      const lookingAt = this.#looks.get(connectionId);
      const { id: participantId, name } = participant;
      return {
        participantId,
        name,
        role,
        ...(hasVote && { counts: true }),
        ...(lookingAt !== undefined && { lookingAt }),
      };
    });
  }

  /**
   * Sets the people who follow the session over another server; undefined: nobody does any more.
   * @returns whether they have changed
   */
  setElsewhere(serverId: string, people: OtherPeople | undefined): boolean {
    const before = this.#elsewhere.get(serverId);
    if (people) this.#elsewhere.set(serverId, people);
    else this.#elsewhere.delete(serverId);
    const isSame = isDeepStrictEqual(people && { ...people, until: 0 }, before && { ...before, until: 0 });
    if (!isSame) this.#reportViewers();
    return !isSame;
  }

  /** Servers that have not been heard of for long have stopped. */
  dropSilent(): void {
    const now = this.#options.clock.monotonic();
    for (const [serverId, { until }] of this.#elsewhere) if (until <= now) this.setElsewhere(serverId, undefined);
  }

  /** Whether somebody follows the session over another server. */
  get isFollowedElsewhere(): boolean {
    return this.#elsewhere.size > 0;
  }

  /** That participant, if they are here or on another server. */
  find(participantId: string): Person | undefined {
    return this.viewers.people.find((person) => person.participantId === participantId);
  }

  /** Whether that participant has a connection on this server. */
  hasParticipant(participantId: string): boolean {
    return this.#callers.values().some(({ participant }) => participant.id === participantId);
  }

  /** A connection has that image open, or none. The others are told at most every 250 ms. */
  look(connectionId: string, imageId: string | undefined): void {
    const isHere = this.#callers.values().some((caller) => caller.connectionId === connectionId);
    if (!isHere || this.#looks.get(connectionId) === imageId) return;
    if (imageId === undefined) this.#looks.delete(connectionId);
    else this.#looks.set(connectionId, imageId);
    this.#reportViewers();
  }

  /** The images that connections have open, but for those of one participant. */
  lookedAt(exceptParticipantId?: string): readonly string[] {
    const all = [...this.#looksHere, ...[...this.#elsewhere.values()].flatMap(({ looks }) => looks)];
    return all
      .filter(({ participantId }) => participantId === undefined || participantId !== exceptParticipantId)
      .map(({ imageId }) => imageId);
  }

  /**
   * The subscriber itself is told at once of the viewers (rule W1), the others at most every 250 ms.
   * @returns false when there is no place for it
   */
  add(caller: Caller, subscriber: Subscriber): boolean {
    const place = findPlace(caller, [...this.#callers.values()], this.#options.places);
    if (place === 'none') return false;
    if (place !== 'free') this.dismiss('place_taken', (one) => one === place);
    this.#callers.set(subscriber, caller);
    this.#counts[caller.role] += 1;
    this.#viewersFrame = undefined;
    if (this.#cancelPause) this.#call(() => subscriber.viewersChanged());
    this.#reportViewers();
    return true;
  }

  /** Does nothing when it is not there. */
  remove(subscriber: Subscriber): void {
    const caller = this.#callers.get(subscriber);
    if (caller) this.#delete([[subscriber, caller]]);
  }

  notify(call: (subscriber: Subscriber, caller: Caller) => void): void {
    for (const [subscriber, caller] of this.#callers) this.#call(() => call(subscriber, caller));
  }

  /** Removes those whose caller is meant, and tells them why. */
  dismiss(why: Removal, isMeant: (caller: Caller) => boolean = () => true): void {
    const meant = [...this.#callers].filter(([, caller]) => isMeant(caller));
    this.#delete(meant);
    for (const [subscriber] of meant) this.#call(() => subscriber.removed(why));
  }

  #delete(entries: readonly (readonly [Subscriber, Caller])[]): void {
    if (entries.length === 0) return;
    for (const [subscriber, { role, connectionId }] of entries) {
      this.#callers.delete(subscriber);
      this.#counts[role] -= 1;
      this.#looks.delete(connectionId);
    }
    this.#viewersFrame = undefined;
    if (this.size === 0) {
      this.#endPause();
      this.#options.onReport();
    } else this.#reportViewers();
    for (const [, caller] of entries) this.#options.onLeft(caller);
  }

  #call(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#options.onFault(error);
    }
  }

  #reportViewers(): void {
    this.#viewersFrame = undefined;
    this.#isReportDue = this.#cancelPause !== undefined;
    if (this.#isReportDue) return;
    this.#cancelPause = this.#options.clock.after(VIEWERS_INTERVAL_MS, () => {
      this.#cancelPause = undefined;
      if (this.#isReportDue) this.#reportViewers();
    });
    this.#options.onReport();
    this.notify((one) => one.viewersChanged());
  }

  #endPause(): void {
    this.#cancelPause?.();
    this.#cancelPause = undefined;
    this.#isReportDue = false;
  }
}

/** Over several connections a participant is one person: a reviewer if one of these may decide. The last that they look at counts. */
function merged(all: readonly Person[]): Person[] {
  const people = new Map<string, Person>();
  for (const person of all) {
    const { participantId } = person;
    const other = people.get(participantId);
    if (!other) {
      people.set(participantId, person);
      continue;
    }
    const lookingAt = person.lookingAt ?? other.lookingAt;
    people.set(participantId, {
      ...person,
      role: other.role === 'reviewer' ? other.role : person.role,
      ...((person.counts || other.counts) && { counts: true }),
      ...(lookingAt !== undefined && { lookingAt }),
    });
  }
  return [...people.values()];
}
