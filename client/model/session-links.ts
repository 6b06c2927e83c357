/** The links to a session, as a person in it may pass them on. */
import type { Role } from '../../shared/model.ts';
import type { SessionState } from '../session/session-state.ts';
import { sessionLink } from './server-address.ts';

export interface SessionLink {
  readonly role: Role;
  /** Absent: the link is closed. */
  readonly url: string | undefined;
  /** Whether the person may close and replace it. */
  readonly isManaged: boolean;
}

/** A watcher can pass on the link that they came by. */
export function sessionLinks(
  { sessionId, sessionKey, welcome, links }: SessionState,
  server: string | undefined,
): readonly SessionLink[] {
  if (sessionId === undefined) return [];
  const linkOf = (role: Role, key: string | undefined, isOpen = true): SessionLink => ({
    role,
    url: isOpen ? sessionLink(server, sessionId, key) : undefined,
    isManaged: links?.manages.includes(role) === true,
  });
  if (welcome?.role !== 'reviewer') return [linkOf('watcher', sessionKey)];
  return [
    linkOf('reviewer', sessionKey, links?.review !== 'closed'),
    linkOf('watcher', links?.watchKey, links?.watch !== 'closed'),
  ];
}
