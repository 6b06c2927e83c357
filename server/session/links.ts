/** The open links to a session (rule W5). One that was closed or replaced never lets anybody in again. */
import type { Role } from '../../shared/model.ts';
import { isSameSecret } from '../platform/secrets.ts';

export interface Link {
  readonly id: string;
  readonly role: Role;
  /** Absent: the session id alone is the link. */
  readonly key?: string;
}

export class OpenLinks {
  readonly #newId: () => string;
  readonly #links = new Map<Role, Link>();

  /** At first a key lets one review, and the session id alone lets one watch. */
  constructor(newId: () => string) {
    this.#newId = newId;
    this.replace('reviewer');
    this.#links.set('watcher', { id: newId(), role: 'watcher' });
  }

  /** Undefined when it is closed. */
  of(role: Role): Link | undefined {
    return this.#links.get(role);
  }

  /** The link that has this key, or none. */
  find(key: string | undefined): Link | undefined {
    return [...this.#links.values()].find((link) =>
      key === undefined || link.key === undefined ? key === link.key : isSameSecret(key, link.key),
    );
  }

  close(role: Role): void {
    this.#links.delete(role);
  }

  /** Makes another link with a key of its own, whether or not there is one. */
  replace(role: Role): void {
    this.#links.set(role, { id: this.#newId(), role, key: this.#newId() });
  }
}
