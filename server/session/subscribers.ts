/** Who is told of changes in a session. A subscriber hears what is due, and fetches the latest when it can send it. */
import type { Person, Role } from '../../shared/model.ts';
import type { Clock } from '../platform/clock.ts';
import type { Participant } from './participants.ts';

export interface DraftUpdate {
  readonly text: string;
  readonly by: string;
  readonly participantId: string;
  /** Only for the connection that typed the text, when it gave an id. */
  readonly draftId?: string;
}

/** One connection, or a program, that follows a session. Its methods return at once and may throw: nobody else misses anything (R8). */
export interface Subscriber {
  readonly connectionId: string;
  readonly role: Role;
  /** Whom the others see here. Absent: it is counted, and not named. */
  readonly participant?: Participant | undefined;
  snapshotChanged(): void;
  draftChanged(update: DraftUpdate): void;
  viewersChanged(): void;
  progressChanged(candidate: number): void;
  partialChanged(candidate: number): void;
  /** The session has ended. Nothing more will change. */
  sessionEnded(): void;
}

export interface Viewers {
  readonly reviewers: number;
  readonly watchers: number;
  /** All reviewers and the first watchers, each once. */
  readonly people: readonly Person[];
}

/** Presence changes with every connection that comes or goes, and each change would be told to all: a herd of n would cost n² messages. */
const VIEWERS_INTERVAL_MS = 250;

export class Subscribers {
  readonly #subscribers = new Set<Subscriber>();
  readonly #counts: Record<Role, number> = { reviewer: 0, watcher: 0 };
  /** The image that each connection has open. */
  readonly #looks = new Map<string, string>();
  readonly #namedWatchers: number;
  readonly #clock: Pick<Clock, 'after'>;
  readonly #onFault: (error: unknown) => void;
  /** Ends the time in which presence is not reported again. */
  #cancelPause: (() => void) | undefined;
  #isReportDue = false;

  /** `namedWatchers`: how many watchers are named at most. `onFault` receives what a subscriber throws. */
  constructor(namedWatchers: number, clock: Pick<Clock, 'after'>, onFault: (error: unknown) => void) {
    this.#namedWatchers = namedWatchers;
    this.#clock = clock;
    this.#onFault = onFault;
  }

  get size(): number {
    return this.#subscribers.size;
  }

  get viewers(): Viewers {
    const { reviewer: reviewers, watcher: watchers } = this.#counts;
    const people = this.#people;
    const isReviewer = ({ role }: Person) => role === 'reviewer';
    const watching = people.filter((person) => !isReviewer(person)).slice(0, this.#namedWatchers);
    return { reviewers, watchers, people: [...people.filter(isReviewer), ...watching] };
  }

  /** In the order in which they came. Over several connections a participant is one person: a reviewer if one of these may decide. */
  get #people(): Person[] {
    const people = new Map<string, Person>();
    for (const { connectionId, role, participant } of this.#subscribers) {
      if (!participant) continue;
      const { id: participantId, name } = participant;
      const other = people.get(participantId);
      const lookingAt = this.#looks.get(connectionId) ?? other?.lookingAt;
      people.set(participantId, {
        participantId,
        name,
        role: other?.role === 'reviewer' ? other.role : role,
        ...(lookingAt !== undefined && { lookingAt }),
      });
    }
    return [...people.values()];
  }

  /** A connection has that image open, or none. The others are told at most every 250 ms. */
  look(connectionId: string, imageId: string | undefined): void {
    const isHere = [...this.#subscribers].some((one) => one.connectionId === connectionId);
    if (!isHere || this.#looks.get(connectionId) === imageId) return;
    if (imageId === undefined) this.#looks.delete(connectionId);
    else this.#looks.set(connectionId, imageId);
    this.#reportViewers();
  }

  /** The images that connections have open, but for those of one participant. */
  lookedAt(exceptParticipantId?: string): readonly string[] {
    const others = [...this.#subscribers].filter(
      ({ participant }) => exceptParticipantId === undefined || participant?.id !== exceptParticipantId,
    );
    return others.flatMap(({ connectionId }) => this.#looks.get(connectionId) ?? []);
  }

  /** The subscriber itself is told at once of the viewers (rule W1), the others at most every 250 ms. */
  add(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber);
    this.#counts[subscriber.role] += 1;
    if (this.#cancelPause) this.#call(subscriber, (one) => one.viewersChanged());
    this.#reportViewers();
  }

  /** False when it was not there. */
  remove(subscriber: Subscriber): boolean {
    if (!this.#subscribers.delete(subscriber)) return false;
    this.#counts[subscriber.role] -= 1;
    this.#looks.delete(subscriber.connectionId);
    if (this.size === 0) this.#endPause();
    else this.#reportViewers();
    return true;
  }

  notify(call: (subscriber: Subscriber) => void): void {
    for (const subscriber of this.#subscribers) this.#call(subscriber, call);
  }

  /** Tells everybody that the session has ended, and removes them. */
  end(): void {
    this.#endPause();
    this.notify((one) => one.sessionEnded());
    this.#subscribers.clear();
    this.#looks.clear();
    this.#counts.reviewer = 0;
    this.#counts.watcher = 0;
  }

  #call(subscriber: Subscriber, call: (subscriber: Subscriber) => void): void {
    try {
      call(subscriber);
    } catch (error) {
      this.#onFault(error);
    }
  }

  #reportViewers(): void {
    this.#isReportDue = this.#cancelPause !== undefined;
    if (this.#isReportDue) return;
    this.#cancelPause = this.#clock.after(VIEWERS_INTERVAL_MS, () => {
      this.#cancelPause = undefined;
      if (this.#isReportDue) this.#reportViewers();
    });
    this.notify((one) => one.viewersChanged());
  }

  #endPause(): void {
    this.#cancelPause?.();
    this.#cancelPause = undefined;
    this.#isReportDue = false;
  }
}
