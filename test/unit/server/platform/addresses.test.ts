import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { countedAs, isAllowedHost, isLoopback, RequestAddresses } from '../../../../server/platform/addresses.ts';

describe('S1: which Host headers are answered', () => {
  test.each([
    '127.0.0.1',
    '127.0.0.1:3000',
    '10.0.0.7:80',
    '[::1]',
    '[::1]:3000',
    'localhost',
    'LOCALHOST:3000',
    'proof.example',
    'Proof.Example:8443',
  ])('S1: %s is allowed', (host) => {
    expect(isAllowedHost(host, ['proof.example'])).toBe(true);
  });

  test.each([
    undefined,
    '',
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil.example:3000',
    'proof.example.evil.example',
    'xproof.example',
    'proof.example@evil.example',
    'evil.example#proof.example',
    'localhost:3000:80',
    'localhost/evil',
    'localhost, evil.example',
    '[::1',
    '127.1',
    '2130706433',
  ])('S1: %s is refused', (host) => {
    expect(isAllowedHost(host, ['proof.example'])).toBe(false);
  });
});

test('S2: only addresses of this machine are loopback', () => {
  const hosts = ['localhost', '127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'];
  const others = ['0.0.0.0', '::', '10.0.0.1', '127.1', '64:ff9b::127.0.0.1', '127.0.0.1.example', ''];
  expect(hosts.filter((host) => !isLoopback(host))).toEqual([]);
  expect(others.filter((host) => isLoopback(host))).toEqual([]);
});

describe('S8: the address that limits are counted by', () => {
  const request = (forwarded?: string): IncomingMessage =>
    ({
      socket: { remoteAddress: '10.0.0.1' },
      headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
    }) as unknown as IncomingMessage;
  const addresses = (trustProxy: boolean) => {
    const warnings: unknown[] = [];
    const silent = () => {};
    const log = { debug: silent, info: silent, error: silent, warn: (text: unknown) => warnings.push(text) };
    const options = { allowedHosts: [], allowedOrigins: [], trustProxy };
    return { warnings, addresses: new RequestAddresses(options, log) };
  };

  test('S8: X-Forwarded-For is ignored unless the proxy is trusted, with one warning', () => {
    const { addresses: direct, warnings } = addresses(false);
    expect(direct.clientOf(request())).toBe('10.0.0.1');
    expect(warnings).toEqual([]);
    expect([direct.clientOf(request('1.2.3.4')), direct.clientOf(request('5.6.7.8'))]).toEqual([
      '10.0.0.1',
      '10.0.0.1',
    ]);
    expect(warnings).toHaveLength(1);
    expect(String(warnings[0])).toContain('PROOFROOM_TRUST_PROXY');
  });

  test('S8: the last entry of a trusted proxy counts, since the client may have written the others', () => {
    const { addresses: proxied, warnings } = addresses(true);
    expect(proxied.clientOf(request('6.6.6.6, 1.2.3.4'))).toBe('1.2.3.4');
    expect(proxied.clientOf(request())).toBe('10.0.0.1');
    expect(proxied.clientOf(request('1.2.3.4, '))).toBe('10.0.0.1');
    expect(warnings).toEqual([]);
  });

  test.each([
    [
      '2001:db8::1',
      '2001:DB8:0:0:1::1',
      '2001:0db8:0000:0000:ffff:ffff:ffff:ffff',
      '2001:db8::192.0.2.1',
      '2001:db8::',
    ],
    ['127.0.0.1', '::ffff:127.0.0.1', '::FFFF:7f00:1', '0:0:0:0:0:ffff:127.0.0.1', '[::ffff:127.0.0.1]:80'],
    ['192.0.2.33', '64:ff9b::192.0.2.33', '64:ff9b::c000:221', '192.0.2.33:51234'],
    ['fe80::1%eth0', 'fe80::1%eth1', 'fe80::2', 'FE80:0:0:0:0:0:0:1'],
    ['::1', '::', '[::1]:3000', '0:0:0:0:1:2:3:4'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::', '[2001:db8:1:2::7]'],
  ])('S8: %s counts as one with its other spellings and the rest of its /64', (address, ...others) => {
    expect(new Set(others.map(countedAs))).toEqual(new Set([countedAs(address)]));
  });

  test('S8: addresses of other networks, and texts that are no address, count separately', () => {
    const addresses = [
      '2001:db8::1',
      '2001:db8:0:1::1',
      '2001:db8:1::1',
      '2001:db9::1',
      '::1',
      '0:0:0:1::1',
      'fe80::1',
      '64:ff9b:1::1',
      '127.0.0.1',
      '127.0.0.2',
      '::ffff:127.0.0.3',
      '64:ff9b::127.0.0.4',
      '64:ff9b:0:1::127.0.0.1',
      'unknown',
      '_hidden',
      '1.2.3',
      '',
    ];
    expect(new Set(addresses.map(countedAs)).size).toBe(addresses.length);
  });

  test('S8: anything that a trusted proxy writes is counted without an exception', () => {
    const malformed = ['[', '[]', '[::1', '::1]', '[::1%]:80', '%', '1:2:3', ':::', '::1::', '1.2.3.4:', '::1%eth0/64'];
    for (const entry of malformed) expect(typeof countedAs(entry)).toBe('string');
  });
});
