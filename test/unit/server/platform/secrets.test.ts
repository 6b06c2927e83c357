import { expect, test } from 'vitest';
import { isSameSecret, loggedId, newId, sign } from '../../../../server/platform/secrets.ts';

test('S3: secrets of any length are compared', () => {
  expect(isSameSecret('a', 'a')).toBe(true);
  for (const [given, expected] of [
    ['a', 'b'],
    ['', 'a'],
    ['a', ''],
    ['aa', 'a'],
  ] as const) {
    expect(isSameSecret(given, expected), `${given} against ${expected}`).toBe(false);
  }
});

test('W5: ids have 128 random bits, and stand in a URL as they are', () => {
  const ids = new Set(Array.from({ length: 1_000 }, newId));
  expect(ids.size).toBe(1_000);
  for (const id of ids) expect(id).toMatch(/^[\w-]{22}$/);
});

test('S3: a signature depends on the text and on the key', () => {
  const signature = sign('participant', 'key');
  expect(signature).toMatch(/^[\w-]{43}$/);
  expect(new Set([signature, sign('participant', 'key'), sign('other', 'key'), sign('participant', 'x')]).size).toBe(3);
});

test('S3: logs show 12 hex digits in place of a session id', () => {
  const [id, other] = [newId(), newId()];
  expect(loggedId(id)).toMatch(/^[0-9a-f]{12}$/);
  expect(loggedId(id)).toBe(loggedId(id));
  expect(loggedId(id)).not.toBe(loggedId(other));
});
