/** Who is in a session: a person or a program, the same over all their connections. */
import type { Role } from '../../shared/model.ts';
import { isSameSecret, sign } from '../platform/secrets.ts';
import { Names } from './names.ts';

export interface Participant {
  readonly id: string;
  /** As others see it. Nobody else in the session has one that looks like it. */
  readonly name: string;
  /** From 1, in the order in which they came to the session for the first time: number 1 created it. */
  readonly number: number;
}

/** A participant who acts in a session, over one connection. Only the core makes one, in `create` and `join`. */
export interface Caller {
  readonly sessionId: string;
  readonly role: Role;
  readonly participant: Participant;
  /** Whether their approval counts where several are needed: the creator's and that of invited reviewers do. */
  readonly hasVote: boolean;
  /** The open link that they came by; absent for people who were invited, or let in before by a link that is open no longer. */
  readonly linkId?: string;
  readonly connectionId: string;
  /** The address that limits are counted by. */
  readonly address: string;
}

export interface Credentials {
  readonly id: string;
  readonly secret: string;
}

type Known = Pick<Participant, 'id' | 'number'> & {
  /** The highest that they ever had. */
  readonly role: Role;
};

/**
 * Participants of one session. A secret is a signature of what the server knows of its participant, so that nothing is stored for those
 * who left.
 */
export class Participants {
  /** Those that reviewers have had: watchers do nothing that their names are told with. */
  readonly names: Names;
  readonly #newId: () => string;
  readonly #signingKey: string;
  #count = 0;

  /** @param longestName in UTF-16 units */
  constructor(newId: () => string, longestName: number) {
    this.names = new Names(longestName);
    this.#newId = newId;
    this.#signingKey = newId();
  }

  /** The participant that the credentials prove; a new one without them, or with wrong ones. Their secret remembers the role. */
  identify(given: Credentials | undefined, role: Role): Credentials & Pick<Participant, 'number'> {
    const known = this.find(given) ?? { id: this.#newId(), role, number: ++this.#count };
    // A reviewer who watches in another tab can still decide in the first.
    return this.prove(known, known.role === 'reviewer' ? known.role : role);
  }

  /** The secret that proves that a visitor is that participant. */
  prove({ id, number }: Pick<Participant, 'id' | 'number'>, role: Role): Credentials & Pick<Participant, 'number'> {
    return { id, number, secret: this.#secretOf({ id, number, role }) };
  }

  /** Whom the credentials prove; undefined for nobody of this session. */
  find(given: Credentials | undefined): Known | undefined {
    if (!given) return undefined;
    const { id, secret } = given;
    const number = Number.parseInt(secret, 10);
    return (['reviewer', 'watcher'] as const)
      .map((role) => ({ id, number, role }))
      .find((known) => isSameSecret(secret, this.#secretOf(known)));
  }

  #secretOf({ id, number, role }: Known): string {
    return `${number}.${sign(`${number} ${role} ${id}`, this.#signingKey)}`;
  }
}
