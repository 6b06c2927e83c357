/** Who is in a session: a person or a program, the same over all their connections. */
import type { Role } from '../../shared/model.ts';
import { isSameSecret, sign } from '../platform/secrets.ts';

export interface Participant {
  readonly id: string;
  /** As others see it; two participants may have the same one. */
  readonly name: string;
}

/** A participant who acts in a session, over one connection. Only the core makes one, in `create` and `join`. */
export interface Caller {
  readonly sessionId: string;
  readonly role: Role;
  readonly participant: Participant;
  readonly isCreator: boolean;
  /** Whether their approval counts where several are needed: the creator's and that of invited reviewers do. */
  readonly hasVote: boolean;
  readonly connectionId: string;
  /** The address that limits are counted by. */
  readonly address: string;
}

interface Credentials {
  readonly id: string;
  readonly secret: string;
}

/** Participants of one session. Their secrets are signatures of their ids, so that nothing is stored for those who left. */
export class Participants {
  readonly #newId: () => string;
  readonly #signingKey: string;
  #creatorId: string | undefined;
  #defaultNames = 0;

  constructor(newId: () => string) {
    this.#newId = newId;
    this.#signingKey = newId();
  }

  /** The participant that the credentials prove; a new one without them, or with wrong ones. */
  identify(given: Credentials | undefined): Credentials {
    if (given && isSameSecret(given.secret, this.#secretOf(given.id))) return given;
    const id = this.#newId();
    this.#creatorId ??= id;
    return { id, secret: this.#secretOf(id) };
  }

  /** Whether that participant has created the session, and so was the first in it. */
  isCreator(id: string): boolean {
    return id === this.#creatorId;
  }

  /** `Reviewer 1`, `Reviewer 2`, … for participants who give no name. */
  nextDefaultName(): string {
    this.#defaultNames += 1;
    return `Reviewer ${this.#defaultNames}`;
  }

  #secretOf(id: string): string {
    return sign(id, this.#signingKey);
  }
}
