/** The open links to a session (rule W5). One that was closed or replaced never lets anybody in again. Pure. */
import type { Role } from '../../shared/model.ts';
import { isSameSecret } from '../platform/secrets.ts';

export interface Link {
  readonly id: string;
  readonly role: Role;
  /** Absent: the session id alone is the link. */
  readonly key?: string;
}

/** One that is closed is absent. */
export type OpenLinks = Readonly<Partial<Record<Role, Link>>>;

/** At first a key lets one review, and the session id alone lets one watch. */
export const firstLinks = (newId: () => string): OpenLinks => ({
  reviewer: newLink('reviewer', newId),
  watcher: { id: newId(), role: 'watcher' },
});

export const newLink = (role: Role, newId: () => string): Link => ({ id: newId(), role, key: newId() });

/** The link that has this key, or none. */
export const findLink = (links: OpenLinks, key: string | undefined): Link | undefined =>
  Object.values(links).find((link) =>
    key === undefined || link.key === undefined ? key === link.key : isSameSecret(key, link.key),
  );
