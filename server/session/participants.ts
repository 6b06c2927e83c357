/** Who is in a session: a person or a program, the same over all their connections. */
import type { Role } from '../../shared/model.ts';
import { isSameSecret, sign } from '../platform/secrets.ts';
import { Names } from './names.ts';

export interface Participant {
  readonly id: string;
  /** As others see it. Nobody else in the session has one that looks like it. */
  readonly name: string;
}

/** A participant who acts in a session, over one connection. Only the core makes one, in `create` and `join`. */
export interface Caller {
  readonly sessionId: string;
  readonly role: Role;
  readonly participant: Participant;
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
  /** Those that reviewers have had: watchers do nothing that their names are told with. */
  readonly names: Names;
  readonly #newId: () => string;
  readonly #signingKey: string;

  /** @param longestName in UTF-16 units */
  constructor(newId: () => string, longestName: number) {
    this.names = new Names(longestName);
    this.#newId = newId;
    this.#signingKey = newId();
  }

  /** The participant that the credentials prove; a new one without them, or with wrong ones. */
  identify(given: Credentials | undefined): Credentials {
    if (given && isSameSecret(given.secret, this.#secretOf(given.id))) return given;
    const id = this.#newId();
    return { id, secret: this.#secretOf(id) };
  }

  #secretOf(id: string): string {
    return sign(id, this.#signingKey);
  }
}
