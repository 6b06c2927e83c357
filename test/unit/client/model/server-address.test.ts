import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parsePageAddress, serverAddress, sessionLink } from '../../../../client/model/server-address.ts';

beforeEach(() => void vi.stubGlobal('location', { href: 'https://page.example/some/where?a#b' }));
afterEach(() => void vi.unstubAllGlobals());

test.each([
  [undefined, 'https://page.example/'],
  ['', 'https://page.example/'],
  ['/proofroom', 'https://page.example/proofroom/'],
  ['https://host.example', 'https://host.example/'],
  ['https://host.example/proofroom', 'https://host.example/proofroom/'],
  ['https://host.example:8443/a/b/?q#f', 'https://host.example:8443/a/b/'],
])('the address of the server %j is %s', (server, address) => {
  expect(serverAddress(server)).toBe(address);
});

test('an address that is none throws', () => {
  expect(() => serverAddress('https://')).toThrow(TypeError);
});

test('W5: a link keeps the server’s path, and has the key in its fragment alone', () => {
  const server = 'https://host.example/proofroom';
  expect(sessionLink(server, 'a/b', 'key')).toBe('https://host.example/proofroom/s/a%2Fb#key');
  expect(sessionLink(server, 's1', undefined)).toBe('https://host.example/proofroom/s/s1');
});

describe('the address of a page', () => {
  test.each([
    ['/', '/', undefined],
    ['/s/s1', '/', 's1'],
    ['/proofroom/', '/proofroom/', undefined],
    ['/proofroom/index.html', '/proofroom/', undefined],
    ['/a/s/b/s/s1', '/a/s/b/', 's1'],
    ['/s/a%2Fb', '/', 'a/b'],
    ['/s/%E0%A4', '/', '%E0%A4'],
    [`/s/${'x'.repeat(300)}`, '/', 'x'.repeat(256)],
  ])('%s has the base %s and the session %j', (pathname, base, sessionId) => {
    expect(parsePageAddress({ pathname, hash: '' })).toEqual({ base, sessionId, sessionKey: undefined });
  });

  test('W5: its fragment is the key', () => {
    expect(parsePageAddress({ pathname: '/s/s1', hash: '#key' }).sessionKey).toBe('key');
  });
});
