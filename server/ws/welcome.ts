/** What a connection that has joined is told of itself and of the server. */
import { type ClientLimits, PROTOCOL_VERSION, type WelcomeMessage } from '../../shared/protocol.ts';
import type { Generator } from '../generators/generator.ts';
import type { Limits } from '../platform/limits.ts';
import type { Admitted } from '../session/admission.ts';
import { offerOf } from '../session/capabilities.ts';
import type { Actor } from '../session/session.ts';

export function welcomeOf(
  { session, role, created }: Admitted,
  actor: Actor,
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
