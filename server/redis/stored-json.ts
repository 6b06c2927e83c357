/** Reads what servers have stored as JSON. Whatever is no such thing is undefined, as if it were not there. */
import type { RememberedAnswer } from '../session/answers.ts';
import { DOCUMENT_FORMAT, type SessionDocument } from '../session/session-document.ts';
import type { Removal } from '../session/subscribers.ts';

export function parseDocument(text: string | null | undefined): SessionDocument | undefined {
  const value = parse(text);
  return isDocument(value) ? value : undefined;
}

export function parseAnswer(text: string | undefined): RememberedAnswer | undefined {
  const value = parse(text);
  return isAnswer(value) ? value : undefined;
}

const removals: ReadonlySet<string> = new Set<Removal>([
  'session_gone',
  'newer_server',
  'session_ended',
  'link_closed',
  'revoked',
  'invitation_expired',
  'place_taken',
]);

export const isRemoval = (text: string): text is Removal => removals.has(text);

/** Of a document in a known format, only a server of the same code has written the rest. */
const isDocument = (value: unknown): value is SessionDocument =>
  value instanceof Object &&
  'format' in value &&
  value.format === DOCUMENT_FORMAT &&
  'state' in value &&
  value.state instanceof Object;

const isAnswer = (value: unknown): value is RememberedAnswer =>
  value instanceof Object &&
  'commandId' in value &&
  typeof value.commandId === 'string' &&
  'digest' in value &&
  typeof value.digest === 'string' &&
  'answer' in value &&
  value.answer instanceof Object &&
  'accepted' in value.answer;

function parse(text: string | null | undefined): unknown {
  if (typeof text !== 'string') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
