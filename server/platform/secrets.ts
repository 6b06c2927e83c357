/** Ids that can't be guessed, and comparisons that can't be timed. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** 128 random bits, safe in a URL: session ids, keys, connections, participants, generations, images (rule W5). */
export const newId = (): string => randomBytes(16).toString('base64url');

/** Compares in constant time, whatever the lengths (rule S3). */
export function isSameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** A secret that proves `text` was made with `key`; 256 bits, safe in a URL. */
export const sign = (text: string, key: string): string => createHmac('sha256', key).update(text).digest('base64url');

/** What logs show of a session id: the id is a capability, so only the first 12 hex digits of its SHA-256 (rule S3). */
export const loggedId = (sessionId: string): string =>
  createHash('sha256').update(sessionId).digest('hex').slice(0, 12);
