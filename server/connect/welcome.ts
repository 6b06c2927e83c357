/** What a connection that has joined is told of itself and of the server. */
import { type ClientLimits, PROTOCOL_VERSION, type WelcomeMessage } from '../../shared/protocol.ts';
import type { Role } from '../../shared/session.ts';
import type { Generator } from '../generate/generator.ts';
import type { Limits } from '../limits.ts';
import type { Actor, Session } from '../session/session.ts';
import { offerOf } from './offer.ts';

export interface Newcomer {
  readonly session: Session;
  readonly role: Role;
  readonly actor: Actor;
  /** Made the session, and so is given its key (rule W5). */
  readonly created: boolean;
}

export function welcomeOf(
  { session, role, actor, created }: Newcomer,
  generator: Generator,
  limits: Limits,
): WelcomeMessage {
  return {
    type: 'welcome',
    protocol: PROTOCOL_VERSION,
    connectionId: actor.connectionId,
    sessionId: session.id,
    ...(created && { key: session.key }),
    role,
    name: actor.name,
    generator: {
      name: generator.name,
      model: generator.model,
      demo: generator.demo,
      supports: offerOf(generator, limits),
    },
    limits: clientLimits(limits),
  };
}

function clientLimits(limits: Limits): ClientLimits {
  const { INBOUND_MESSAGE_BYTES, PROMPT_CHARACTERS, FEEDBACK_CHARACTERS, NAME_CHARACTERS } = limits;
  const { HAVE_IDS, WANT_IDS, ATTEMPTS_PER_SESSION, DRAFTS_PER_SECOND } = limits;
  return {
    INBOUND_MESSAGE_BYTES,
    PROMPT_CHARACTERS,
    FEEDBACK_CHARACTERS,
    NAME_CHARACTERS,
    HAVE_IDS,
    WANT_IDS,
    ATTEMPTS_PER_SESSION,
    DRAFTS_PER_SECOND,
  };
}
