/** The page, its assets, `/embed.js`, health, and requests that lead nowhere. */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { answerTo, statusOf } from '../../support/raw-client.ts';
import { startServer, type TestServer } from '../../support/server.ts';

const ORIGIN = 'https://studio.example';

/** Unlike `fetch`, this leaves the path as it is. */
function get(port: number, path: string, headers: Readonly<Record<string, string>> = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  request({ port, host: '127.0.0.1', path, headers, agent: false })
    .on('response', (response) =>
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject),
    )
    .on('error', reject)
    .end();
  return promise;
}

const refusals = async ({ metrics }: TestServer, status: number) =>
  (await metrics())[`proofroom_refusals_total{code="http_${status}"}`];

test('S5: the page runs under a strict policy, by whatever path it is reached', async () => {
  const { address } = await startServer({ allowedOrigins: [ORIGIN] });
  for (const path of ['/', '/s/abc', '/s/abc?x=1', '/index.html', '/index%2Ehtml']) {
    const response = await fetch(address + path);
    expect(response.status, path).toBe(200);
    expect(await response.text()).toContain('<title>Proofroom</title>');
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).toContain(`frame-ancestors 'self' ${ORIGIN}`);
    expect(policy).not.toMatch(/unsafe-(inline|eval)|\*/);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': expect.stringMatching(/^text\/html/),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-cache',
    });
  }
});

test('pages that isolate themselves may frame the page, where their origin is allowed', async () => {
  for (const [allowedOrigins, policy] of [
    [[ORIGIN], 'cross-origin'],
    [[], 'same-origin'],
  ] as const) {
    const { address } = await startServer({ allowedOrigins });
    for (const path of ['/', '/assets/page-abc123.js', '/no/such/page']) {
      const { headers } = await fetch(address + path, { headers: { Accept: 'text/html' } });
      expect(Object.fromEntries(headers), path).toMatchObject({
        'cross-origin-embedder-policy': 'require-corp',
        'cross-origin-resource-policy': policy,
      });
    }
  }
});

test('assets may be cached for ever, the page and embed.js not, and embed.js may be loaded from every origin', async () => {
  const { address } = await startServer();
  const headersOf = async (path: string) => Object.fromEntries((await fetch(address + path)).headers);
  expect(await headersOf('/assets/page-abc123.js')).toMatchObject({
    'content-type': expect.stringMatching(/javascript/),
    'cache-control': 'public, max-age=31536000, immutable',
  });
  expect(await headersOf('/favicon.svg')).toMatchObject({
    'content-type': expect.stringMatching(/^image\/svg\+xml/),
    'cache-control': 'no-cache',
  });
  expect(await headersOf('/embed.js')).toMatchObject({
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
  });
  expect(await headersOf('/assets/old.js')).not.toHaveProperty('cache-control');
});

test('the page and embed.js are sent again only when they have changed', async () => {
  const { address } = await startServer();
  for (const path of ['/', '/s/abc', '/embed.js']) {
    const first = await fetch(address + path);
    const tag = first.headers.get('etag') ?? '';
    expect(tag, path).toMatch(/^"[\da-f]+"$/);
    const fetchAgain = (ifNoneMatch: string) =>
      fetch(address + path, { headers: { 'If-None-Match': ifNoneMatch }, cache: 'no-store' });
    const again = await fetchAgain(tag);
    expect([again.status, await again.text()]).toEqual([304, '']);
    for (const name of ['cache-control', 'content-security-policy', 'access-control-allow-origin', 'etag']) {
      expect(again.headers.get(name), name).toBe(first.headers.get(name));
    }
    expect((await fetchAgain('"of another build"')).status).toBe(200);
  }
});

test('S2: the page says in its head what it may expect of the server, unless that needs an access token', async () => {
  const pages = await Promise.all(
    [{}, { accessToken: 'an-access-token-of-more-than-32-characters' }].map(async (config) => {
      const response = await fetch((await startServer(config)).address);
      const [, expected] = /<meta name="proofroom-server" content="(.*?)"/.exec(await response.text()) ?? [];
      return { expected, tag: response.headers.get('etag') };
    }),
  );
  expect(pages.map(({ expected }) => expected)).toEqual(['model', '']);
  expect(pages[0]?.tag).not.toBe(pages[1]?.tag);
});

test('a script goes out compressed where the browser takes that, under a tag of its own', async () => {
  const { address } = await startServer();
  const get = (acceptEncoding: string) =>
    fetch(`${address}/assets/page-abc123.js`, { headers: { 'Accept-Encoding': acceptEncoding } });
  const [compressed, plain, refused] = [await get('gzip, br'), await get('gzip'), await get('br;q=0, gzip')];
  for (const response of [compressed, plain, refused]) expect(await response.text()).toBe('export {};\n');
  const encodings = [compressed, plain, refused].map(({ headers }) => headers.get('content-encoding'));
  expect(encodings).toEqual(['br', null, null]);
  expect(compressed.headers.get('vary')).toMatch(/accept-encoding/i);
  expect(compressed.headers.get('etag')).not.toBe(plain.headers.get('etag'));
});

test('S1: every route answers a foreign Host with 421 and a log line that names the variable', async () => {
  const { port, logs } = await startServer();
  const paths = ['/', '/s/abc', '/embed.js', '/healthz/', '/metrics', '/api/sessions/a/images/b', '/nothing'];
  for (const path of paths) {
    const answer = await answerTo(port, `GET ${path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`);
    expect(statusOf(answer), path).toBe(421);
    expect(answer).toMatch(/x-content-type-options: nosniff/i);
  }
  expect(logs.filter((line) => line.includes('PROOFROOM_ALLOWED_HOSTS'))).toHaveLength(paths.length);
});

test('S1: a Host that is missing, invalid or doubled is answered with 421 before anything else is read', async () => {
  const server = await startServer();
  // HTTP/1.1 without a Host is answered by Node itself: https://www.rfc-editor.org/rfc/rfc9112#section-3.2
  const requests = [
    'GET / HTTP/1.0\r\n',
    'GET / HTTP/1.1\r\nHost:\r\n',
    'GET / HTTP/1.1\r\nHost: localhost/evil\r\n',
    'GET / HTTP/1.1\r\nHost: evil example\r\n',
    'GET / HTTP/1.1\r\nHost: [::1\r\n',
    'GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n',
    'POST / HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 1000000\r\n',
  ];
  for (const head of requests) {
    const answer = await answerTo(server.port, `${head}Connection: close\r\n\r\n`);
    expect(statusOf(answer), head).toBe(421);
    expect(JSON.parse(answer.slice(answer.indexOf('{')))).toMatchObject({ code: 'host_not_allowed' });
  }
  expect(await refusals(server, 421)).toBe(requests.length);
});

test('S1: health is told to any host, and to HTTP/1.0, which has none: load balancers ask so', async () => {
  const { port, metrics } = await startServer();
  for (const head of [
    'GET /healthz HTTP/1.0',
    'GET /readyz HTTP/1.0',
    'GET /healthz HTTP/1.1\r\nHost: 10.1.2.3.internal',
    'HEAD /readyz?probe=1 HTTP/1.1\r\nHost: balancer.example:8080',
    'GET /healthz HTTP/1.1\r\nHost: not a host',
    'GET /healthz HTTP/1.1\r\nHost: a.example\r\nHost: b.example',
  ]) {
    expect(statusOf(await answerTo(port, `${head}\r\nConnection: close\r\n\r\n`)), head).toBe(200);
  }
  expect((await metrics())['proofroom_refusals_total{code="http_421"}']).toBeUndefined();
});

test('health and readiness are reported', async () => {
  const { address } = await startServer();
  expect(await (await fetch(`${address}/healthz`)).json()).toEqual({ status: 'ok' });
  expect(await (await fetch(`${address}/readyz`)).json()).toEqual({ status: 'ready' });
});

test('S4: no path leads out of the folder of the page', async () => {
  const { port, logs } = await startServer();
  for (const path of [
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/..%5csecret.txt',
    '/%2e%2e%2fsecret.txt',
    '/%252e%252e%252fsecret.txt',
    '/assets/../../secret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/assets/....//....//secret.txt',
    '//secret.txt',
    '/..;/secret.txt',
    '/secret.txt%00.js',
    '/%00',
    '/%E0%A4%A',
    '/%',
    '/api/sessions/%/images/%',
    '/api/sessions/..%2f..%2f/images/..%2f..%2fsecret.txt',
    '/assets',
    '/assets/',
  ]) {
    const { status, body } = await get(port, path);
    expect(status, path).toBe(404);
    expect(body).not.toContain('not to be served');
  }
  expect(logs.filter((line) => JSON.parse(line).level >= 50)).toEqual([]);
});

/** As a browser sends it when somebody follows a link. */
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';

test('S5: a link that leads nowhere shows a browser a page, under the policy of the other page', async () => {
  const { address } = await startServer({ allowedOrigins: [ORIGIN] });
  const policy = (await fetch(address)).headers.get('content-security-policy');
  for (const path of ['/nope', '/s/', '/s/abc/', '/S/abc', '/assets/old.js', '/api/sessions/a/images/b']) {
    const response = await fetch(address + path, { headers: { Accept: BROWSER } });
    expect(response.status, path).toBe(404);
    expect(await response.text()).toContain('<title>Nothing here · Proofroom</title>');
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': expect.stringMatching(/^text\/html/),
      'content-security-policy': policy,
      'cache-control': 'no-cache',
      vary: expect.stringContaining('Accept'),
      'x-content-type-options': 'nosniff',
    });
  }
});

test('a path that leads nowhere is answered with JSON to a program', async () => {
  const { port } = await startServer();
  for (const accept of [
    undefined,
    '*/*',
    'application/json, text/html;q=0.5',
    'text/html;q=0, */*',
    'image/avif,image/webp,*/*;q=0.8',
    ';;,,q',
  ]) {
    for (const [path, code] of [
      ['/nope', 'not_found'],
      ['/api/sessions/a/images/b', 'image_not_found'],
    ] as const) {
      const { status, body } = await get(port, path, accept === undefined ? {} : { Accept: accept });
      expect([status, JSON.parse(body)], accept).toEqual([404, { code, message: expect.any(String) }]);
    }
  }
});

test('S4: other methods than GET and HEAD are answered with 404', async () => {
  const { port } = await startServer();
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH']) {
    for (const path of ['/', '/s/abc', '/api/sessions/a/images/b', '/ws']) {
      const answer = await answerTo(port, `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      expect(statusOf(answer), `${method} ${path}`).toBe(404);
    }
  }
});

test('R8: a malformed request is answered with 4xx, and the next one is served', async () => {
  const { port, address } = await startServer();
  for (const malformed of [
    'GARBAGE\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`,
    'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
  ]) {
    expect(`${statusOf(await answerTo(port, malformed))}`).toMatch(/^4/);
    expect((await fetch(`${address}/healthz`)).status).toBe(200);
  }
});

test('a request for /ws without an upgrade is answered with 426, and the log says what the proxy has to pass on', async () => {
  const server = await startServer();
  const heads = [
    'GET /ws HTTP/1.1\r\nConnection: close',
    'GET /ws HTTP/1.0',
    'GET /ws HTTP/1.1\r\nConnection: Upgrade, close\r\nUpgrade: h2c',
  ];
  for (const head of heads) {
    const answer = await answerTo(server.port, `${head}\r\nHost: localhost\r\n\r\n`);
    expect(statusOf(answer), head).toBe(426);
    expect(answer).toMatch(/\r\nupgrade: websocket\r\n/i);
    expect(JSON.parse(answer.slice(answer.indexOf('{')))).toMatchObject({ code: 'upgrade_required' });
  }
  expect(server.logs.filter((line) => line.includes('pass on Upgrade and Connection'))).toHaveLength(heads.length);
  expect(await refusals(server, 426)).toBe(heads.length);
});

test('an upgrade to another protocol is answered as if none were offered', async () => {
  const { port, client } = await startServer();
  const headers =
    'Host: localhost\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk';
  const answer = await answerTo(port, `GET / HTTP/1.1\r\n${headers}\r\n\r\n`);
  expect(statusOf(answer)).toBe(200);
  expect(answer).toContain('<title>Proofroom</title>');
  await client().join();
});

test('the page and the 404 page are in the language that the browser prefers, of those that there are', async () => {
  const { address } = await startServer();
  const textOf = async (path: string, languages: string) => {
    const response = await fetch(address + path, { headers: { accept: 'text/html', 'accept-language': languages } });
    expect(response.headers.get('vary')).toContain('Accept-Language');
    return response.text();
  };
  expect(await textOf('/s/abc', 'fr, de-AT;q=0.9, en;q=0.8')).toContain('lang="de"');
  expect(await textOf('/s/abc', 'en-GB, de;q=0.9')).not.toContain('lang="de"');
  expect(await textOf('/s/abc', 'fr')).not.toContain('lang="de"');
  expect(await textOf('/nowhere', 'de')).toContain('Nichts gefunden');
  expect(await textOf('/nowhere', '../../secret, *')).toContain('Nothing here');
});
