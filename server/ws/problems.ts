/** What is wrong with a message that its schema lets through, in a sentence for whoever writes a client; it quotes nothing of it. */
import type { JoinMessage, WantMessage } from '../../shared/protocol.ts';
import type { Limits } from '../platform/limits.ts';

export const joinedAlready = 'This connection has joined a session already.';
export const idInUse = 'This commandId was used before, for another command.';

export function problemWithJoin({ have = [], name = '' }: JoinMessage, limits: Limits): string | undefined {
  const { HAVE_IDS, NAME_CHARACTERS } = limits;
  if (have.length > HAVE_IDS) return `The field "have" has more than ${HAVE_IDS} entries.`;
  return name.length > NAME_CHARACTERS ? `The field "name" has more than ${NAME_CHARACTERS} characters.` : undefined;
}

export function problemWithWant({ imageIds }: WantMessage, { WANT_IDS }: Limits): string | undefined {
  return imageIds.length > WANT_IDS ? `The field "imageIds" has more than ${WANT_IDS} entries.` : undefined;
}
