import { describe, expect, test } from 'vitest';
import { parseRedisUrl } from '../../../../server/redis/redis-url.ts';

const server = { kind: 'single', isTls: false, host: 'redis.example', port: 6379, database: 0 };

describe('one server', () => {
  test('host, port and database, the latter two by default', () => {
    expect(parseRedisUrl('redis://redis.example')).toEqual(server);
    expect(parseRedisUrl('redis://redis.example:80/3')).toEqual({ ...server, port: 80, database: 3 });
    expect(parseRedisUrl('redis://[::1]:7000')).toEqual({ ...server, host: '::1', port: 7000 });
  });

  test('an ACL user, a password or both, percent-encoded', () => {
    expect(parseRedisUrl('redis://ana:p%40s%3As@redis.example')).toEqual({
      ...server,
      username: 'ana',
      password: 'p@s:s',
    });
    expect(parseRedisUrl('redis://:pass@redis.example')).toEqual({ ...server, password: 'pass' });
  });

  test('rediss: means TLS', () => {
    expect(parseRedisUrl('rediss://redis.example')).toEqual({ ...server, isTls: true });
  });
});

test('Sentinel: hosts, the name of the master, a database, and what Sentinel itself wants', () => {
  const sentinel = {
    kind: 'sentinel',
    isTls: false,
    sentinels: [
      { host: 'one.example', port: 26379 },
      { host: 'two.example', port: 7000 },
    ],
    master: 'my master',
    database: 0,
  };
  const hosts = 'one.example,two.example:7000';
  expect(parseRedisUrl(`redis+sentinel://${hosts}/my%20master`)).toEqual(sentinel);
  expect(
    parseRedisUrl(`rediss+sentinel://ana:pass@${hosts}/my%20master/1?sentinelUsername=bo&sentinelPassword=other`),
  ).toEqual({
    ...sentinel,
    isTls: true,
    username: 'ana',
    password: 'pass',
    database: 1,
    sentinelUsername: 'bo',
    sentinelPassword: 'other',
  });
});

test('a cluster: some of its nodes', () => {
  expect(parseRedisUrl('redis+cluster://:pass@one.example:7000,[fe80::1]')).toEqual({
    kind: 'cluster',
    isTls: false,
    password: 'pass',
    nodes: [
      { host: 'one.example', port: 7000 },
      { host: 'fe80::1', port: 6379 },
    ],
  });
});

test.each([
  '',
  'redis.example:6379',
  'http://redis.example',
  'redis://',
  'redis://a.example,b.example',
  'redis://redis.example/first',
  'redis://redis.example:99999',
  'redis://redis.example?family=6',
  'redis://an%:pass@redis.example',
  'redis+sentinel://redis.example',
  'redis+sentinel://redis.example/name?password=x',
  'redis+cluster://a.example/1',
])('%j is no URL of a Redis', (text) => {
  expect(parseRedisUrl(text)).toBeUndefined();
});
