/** Ids that can't be guessed, and secrets that can't be timed. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 128 random bits, safe in a URL: session ids, keys, connections, generations, images (rule W5). */
export const newId = (): string => randomBytes(16).toString('base64url');

/** Compares in constant time, whatever the lengths (rule S3). */
export function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** What logs show of a session id: it is a capability, so only the first 12 hex digits of its SHA-256 (rule S3). */
export const loggedId = (sessionId: string): string =>
  createHash('sha256').update(sessionId).digest('hex').slice(0, 12);
