import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { browserStorage } from '../../../../client/model/browser-storage.ts';
import { storedInput } from '../../../../client/model/stored-input.ts';

class FakeStorage implements Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> {
  readonly #items = new Map<string, string>();
  getItem(key: string): string | null {
    return this.#items.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.#items.set(key, value);
  }
  removeItem(key: string): void {
    this.#items.delete(key);
  }
}

let localStorage: FakeStorage;

beforeEach(() => {
  localStorage = new FakeStorage();
  vi.stubGlobal('window', { localStorage, sessionStorage: new FakeStorage() });
});
afterEach(() => void vi.unstubAllGlobals());

const participant = (sessionId: string) => ({ sessionId, id: `id of ${sessionId}`, secret: 'secret', name: 'Ana' });

describe('the participants', () => {
  test('R1: are found again by session', () => {
    storedInput.saveParticipant(participant('s1'));
    storedInput.saveParticipant(participant('s2'));
    storedInput.saveParticipant({ ...participant('s1'), name: 'Bo' });
    expect(storedInput.participant('s1')).toEqual({ ...participant('s1'), name: 'Bo' });
    expect(storedInput.participant('s2')).toEqual(participant('s2'));
    expect(storedInput.participant('s3')).toBeUndefined();
  });

  test('are kept for the 50 sessions that were joined last', () => {
    for (let at = 0; at < 50; at += 1) storedInput.saveParticipant(participant(`s${at}`));
    storedInput.saveParticipant(participant('s0'));
    storedInput.saveParticipant(participant('one more'));
    expect(storedInput.participant('s1')).toBeUndefined();
    for (const kept of ['s0', 's2', 'one more']) expect(storedInput.participant(kept)).toBeDefined();
  });

  test.each(['no JSON', '{}', '[{"sessionId":"s1"}]', 'null'])('are none where the storage holds %s', (text) => {
    localStorage.setItem('proofroom.participants', text);
    expect(storedInput.participant('s1')).toBeUndefined();
    storedInput.saveParticipant(participant('s1'));
    expect(storedInput.participant('s1')).toEqual(participant('s1'));
  });
});

test('options and unsent input that cannot be read are none', () => {
  localStorage.setItem('proofroom.options', '{"quality":"exquisite"}');
  expect(storedInput.options()).toEqual({});
  window.sessionStorage.setItem('proofroom.unsent s1', 'no JSON');
  expect(storedInput.unsent('s1')).toEqual({});
});

test('unsent input is removed once it is empty', () => {
  storedInput.saveUnsent('s1', { feedback: 'darker' });
  expect(storedInput.unsent('s1')).toEqual({ feedback: 'darker' });
  storedInput.saveUnsent('s1', { feedback: '', draft: undefined });
  expect(window.sessionStorage.getItem('proofroom.unsent s1')).toBeNull();
});

test('a token is kept for the server’s full address', () => {
  browserStorage.saveToken('https://host.example/a/', 'token');
  expect(browserStorage.token('https://host.example/a/')).toBe('token');
  expect(browserStorage.token('https://host.example/b/')).toBeUndefined();
});

test('R1: without storage, what was written holds for this visit, until it is removed', () => {
  vi.stubGlobal('window', {
    get sessionStorage(): Storage {
      throw new DOMException('Denied', 'SecurityError');
    },
  });
  expect(storedInput.unsent('s1')).toEqual({});
  storedInput.saveUnsent('s1', { feedback: 'darker' });
  expect([storedInput.unsent('s1'), storedInput.unsent('s2')]).toEqual([{ feedback: 'darker' }, {}]);
  storedInput.saveUnsent('s1', {});
  expect(storedInput.unsent('s1')).toEqual({});
});

test('the last value is read, whether or not the storage had room for it', () => {
  storedInput.saveUnsent('s1', { feedback: 'darker' });
  const full = vi.spyOn(window.sessionStorage, 'setItem').mockImplementation(() => {
    throw new DOMException('Full', 'QuotaExceededError');
  });
  storedInput.saveUnsent('s1', { feedback: 'much darker' });
  expect(storedInput.unsent('s1')).toEqual({ feedback: 'much darker' });
  full.mockRestore();
  storedInput.saveUnsent('s1', { feedback: 'lighter' });
  expect(storedInput.unsent('s1')).toEqual({ feedback: 'lighter' });
});

test('the shortcuts are on until they are turned off', () => {
  expect(browserStorage.hasShortcuts()).toBe(true);
  browserStorage.saveShortcuts(false);
  expect(browserStorage.hasShortcuts()).toBe(false);
  browserStorage.saveShortcuts(true);
  expect(browserStorage.hasShortcuts()).toBe(true);
});
