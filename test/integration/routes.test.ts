import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { answerTo, statusOf } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';

const ORIGIN = 'https://studio.example';

async function approvable(prompt: string) {
  const server = await startServer({ allowedOrigins: [ORIGIN] });
  const ana = server.client();
  const { sessionId } = await ana.join();
  ana.send({ type: 'generate', commandId: 'go', prompt });
  const bytes = (await server.generator.drawing(0)).finish();
  const { image } = await ana.stage('user_feedback');
  const url = `${server.address}/api/sessions/${sessionId}/images/${image.imageId}`;
  return { ...server, ana, sessionId, bytes, image, url };
}

/** `fetch` would tidy the path up; this one sends it as it is. */
function get(port: number, path: string, headers: Record<string, string> = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  request({ port, host: '127.0.0.1', path, headers, agent: false })
    .on('response', (response) =>
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject),
    )
    .on('error', reject)
    .end();
  return promise;
}

test.for(['/', '/s/abc', '/s/abc?x=1', '/index.html', '/index%2Ehtml'])(
  'S5: %s is the page, under a strict policy',
  async (path) => {
    const { address } = await startServer({ allowedOrigins: [ORIGIN] });
    const response = await fetch(address + path);
    expect(response.status).toBe(200);
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
  },
);

test('assets are kept for ever, the rest of the page is not, and embed.js is for every origin', async () => {
  const { address } = await startServer();
  const asset = await fetch(`${address}/assets/page-abc123.js`);
  expect(asset.headers.get('content-type')).toMatch(/javascript/);
  expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  const icon = await fetch(`${address}/favicon.svg`);
  expect(icon.headers.get('content-type')).toMatch(/^image\/svg\+xml/);
  expect(icon.headers.get('cache-control')).not.toBe('public, max-age=31536000, immutable');
  const embed = await fetch(`${address}/embed.js`);
  expect(Object.fromEntries(embed.headers)).toMatchObject({
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
  });
  const missing = await fetch(`${address}/assets/old.js`);
  expect(missing.status).toBe(404);
  expect(missing.headers.get('cache-control')).toBeNull();
});

test.for(['/', '/s/abc', '/embed.js', '/healthz', '/readyz', '/api/sessions/a/images/b', '/nothing'])(
  'S1: %s answers 421 to a foreign Host, and nosniff to every one',
  async (path) => {
    const { port, address, logs } = await startServer();
    expect((await get(port, path, { Host: 'evil.example' })).status).toBe(421);
    expect(logs.join()).toContain('PROOFROOM_ALLOWED_HOSTS');
    for (const host of ['localhost', 'evil.example']) {
      const answer = await answerTo(port, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      expect(answer).toMatch(/x-content-type-options: nosniff/i);
    }
    expect((await fetch(address + path)).headers.get('x-powered-by')).toBeNull();
  },
);

/** HTTP/1.1 without a Host is not among them: https://www.rfc-editor.org/rfc/rfc9112#section-3.2 wants 400, and Node answers it. */
test.for([
  ['no Host in HTTP/1.0', 'GET /healthz HTTP/1.0\r\n'],
  ['an empty Host', 'GET /healthz HTTP/1.1\r\nHost:\r\n'],
  ['a Host with a path', 'GET /healthz HTTP/1.1\r\nHost: localhost/evil\r\n'],
  ['a Host of two words', 'GET /healthz HTTP/1.1\r\nHost: evil example\r\n'],
  ['a Host that is half an address', 'GET /healthz HTTP/1.1\r\nHost: [::1\r\n'],
  ['a second Host', 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n'],
  ['a foreign Host with a body to come', 'POST /healthz HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 1000000\r\n'],
] as const)('S1: %s gets 421 in our words, and is counted', async ([, head]) => {
  const { address, port } = await startServer();
  const answer = await answerTo(port, `${head}Connection: close\r\n\r\n`);
  expect(statusOf(answer)).toBe(421);
  expect(answer).toMatch(/x-content-type-options: nosniff/i);
  expect(JSON.parse(answer.slice(answer.indexOf('{')))).toMatchObject({ code: 'host_not_allowed' });
  expect(await (await fetch(`${address}/metrics`)).text()).toContain('proofroom_refusals_total{code="http_421"} 1\n');
});

test('health and readiness are told while the server takes work', async () => {
  const { address } = await startServer();
  expect(await (await fetch(`${address}/healthz`)).json()).toEqual({ status: 'ok' });
  expect(await (await fetch(`${address}/readyz`)).json()).toEqual({ status: 'ready' });
});

test('S6: an image is served as what it is, and nothing in it runs', async () => {
  const { url, bytes, image } = await approvable('A cat, on a mat');
  const response = await fetch(url);
  expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from(bytes));
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'image/png',
    'content-length': String(bytes.byteLength),
    'cache-control': expect.stringMatching(/^private, immutable/),
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    etag: `"${image.sha256}"`,
  });
  expect(response.headers.get('access-control-allow-origin')).toBeNull();
  const head = await fetch(url, { method: 'HEAD' });
  expect(head.headers.get('content-length')).toBe(String(bytes.byteLength));
});

test('whoever holds an image already is told so, and not sent it again', async () => {
  const { url, image, bytes } = await approvable('a cat');
  const asked = (tag: string) => fetch(url, { headers: { 'If-None-Match': tag }, cache: 'no-store' });
  for (const tag of [`"${image.sha256}"`, `W/"${image.sha256}"`, `"other", "${image.sha256}"`, '*']) {
    const response = await asked(tag);
    expect([response.status, await response.text()], tag).toEqual([304, '']);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      etag: `"${image.sha256}"`,
      'cache-control': expect.stringMatching(/^private, immutable/),
      vary: 'Origin',
    });
  }
  for (const tag of ['"other"', image.sha256, '']) {
    const response = await asked(tag);
    expect([response.status, (await response.bytes()).byteLength], tag).toEqual([200, bytes.byteLength]);
  }
  const gone = await fetch(`${url}x`, { headers: { 'If-None-Match': '*' } });
  expect(gone.status).toBe(404);
});

test.for(['/', '/s/abc', '/embed.js'])('%s is sent again only when it has changed', async (path) => {
  const { address } = await startServer();
  const first = await fetch(address + path);
  const tag = first.headers.get('etag') ?? '';
  expect(tag).toMatch(/^"[\da-f]+"$/);
  const asked = (headers: Record<string, string>) => fetch(address + path, { headers, cache: 'no-store' });
  const again = await asked({ 'If-None-Match': tag });
  expect([again.status, await again.text()]).toEqual([304, '']);
  for (const name of ['cache-control', 'content-security-policy', 'access-control-allow-origin', 'etag']) {
    expect(again.headers.get(name), name).toBe(first.headers.get(name));
  }
  expect((await asked({ 'If-None-Match': '"of another build"' })).status).toBe(200);
  const part = await asked({ Range: 'bytes=0-3' });
  expect([part.status, await part.text(), part.headers.get('etag')]).toEqual([
    206,
    (await first.text()).slice(0, 4),
    null,
  ]);
});

test('an image’s name says unapproved until it is approved', async () => {
  const { url, ana, image } = await approvable('A cat, on a mat');
  const name = async () => (await fetch(url)).headers.get('content-disposition');
  expect(await name()).toContain('filename="a-cat-on-a-mat-unapproved.png"');
  ana.send({ type: 'approve', commandId: 'yes', imageId: image.imageId });
  await ana.answer('yes');
  expect(await name()).toContain('filename="a-cat-on-a-mat.png"');
});

test.for(['../../etc/passwd\r\nSet-Cookie: a=b', '"; filename=evil.exe; x="', '猫が"座る"\u0000', '\ud800', '…'])(
  'no prompt breaks the header of its file name: %j',
  async (prompt) => {
    const { url } = await approvable(prompt);
    const response = await fetch(url);
    expect(response.status).toBe(200);
    expect(response.headers.get('set-cookie')).toBeNull();
    expect(response.headers.get('content-disposition')).toMatch(
      /^(inline|attachment); filename="[\w.-]+-unapproved\.png"; filename\*=UTF-8''[\w.%-]+-unapproved\.png$/,
    );
  },
);

test('another origin reads an image only when it is allowed', async () => {
  const { url } = await approvable('a cat');
  const allowed = await fetch(url, { headers: { Origin: ORIGIN } });
  expect(allowed.headers.get('access-control-allow-origin')).toBe(ORIGIN);
  expect(allowed.headers.get('vary')).toContain('Origin');
  const other = await fetch(url, { headers: { Origin: 'https://evil.example' } });
  expect(other.headers.get('access-control-allow-origin')).toBeNull();
});

test('R11: an image is served under its own session alone', async () => {
  const { address, client, sessionId, image } = await approvable('a cat');
  const other = await client().join();
  const paths = [
    `/api/sessions/${other.sessionId}/images/${image.imageId}`,
    `/api/sessions/${sessionId}/images/${sessionId}`,
    `/api/sessions/unknown/images/${image.imageId}`,
    `/api/sessions/__proto__/images/${image.imageId}`,
    `/api/sessions/${sessionId}/images/`,
    `/api/sessions/${sessionId}/images/${image.imageId}/more`,
  ];
  for (const path of paths) expect((await fetch(address + path)).status, path).toBe(404);
});

test.for([
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
])('S4: %s leads nowhere', async (path) => {
  const { port, logs } = await startServer();
  const { status, body } = await get(port, path);
  expect(status).toBe(404);
  expect(body).not.toContain('not to be served');
  expect(logs.filter((line) => JSON.parse(line).level >= 50)).toEqual([]);
});

/** As a browser asks when somebody follows a link. */
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';

test.for(['/nope', '/s/', '/s/abc/', '/S/abc', '/assets/old.js', '/api/sessions/a/images/b'])(
  'S5: who follows a link to %s, where there is nothing, is told so on a page under the same policy',
  async (path) => {
    const { address } = await startServer({ allowedOrigins: [ORIGIN] });
    const response = await fetch(address + path, { headers: { Accept: BROWSER } });
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('<title>Nothing here · Proofroom</title>');
    const page = await fetch(address);
    const policy = page.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': expect.stringMatching(/^text\/html/),
      'content-security-policy': policy,
      'cache-control': 'no-cache',
      vary: expect.stringContaining('Accept'),
      'x-content-type-options': 'nosniff',
    });
  },
);

test.for([
  undefined,
  '*/*',
  'application/json',
  'application/json, text/html;q=0.5',
  'text/html;q=0, */*',
  'image/avif,image/webp,*/*;q=0.8',
  ';;,,q',
])('a program that accepts %j is told in JSON that there is nothing', async (accept) => {
  const { port } = await startServer();
  for (const [path, code] of [
    ['/nope', 'not_found'],
    ['/api/sessions/a/images/b', 'image_not_found'],
  ] as const) {
    const { status, body } = await get(port, path, accept === undefined ? {} : { Accept: accept });
    expect([status, JSON.parse(body)]).toEqual([404, { code, message: expect.any(String) }]);
  }
});

test.for(['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH'])('%s is answered with 404', async (method) => {
  const { port } = await startServer();
  for (const path of ['/', '/s/abc', '/api/sessions/a/images/b', '/ws']) {
    const answer = await answerTo(port, `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    expect(statusOf(answer)).toBe(404);
  }
});

test.for([
  ['no HTTP', 'GARBAGE\r\n\r\n'],
  ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
  ['a Host that is none', 'GET / HTTP/1.1\r\nHost: a/b\r\nConnection: close\r\n\r\n'],
  ['a header without an end', `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`],
  ['two lengths', 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
] as const)('R8: %s gets a 4xx, and the next one is served', async ([, garbage]) => {
  const { port, address } = await startServer();
  expect(String(statusOf(await answerTo(port, garbage)))).toMatch(/^4/);
  expect((await fetch(`${address}/healthz`)).status).toBe(200);
});

test.for([
  ['by a proxy that passes no upgrade on', 'GET /ws HTTP/1.1\r\nConnection: close'],
  ['by a proxy that speaks HTTP/1.0', 'GET /ws HTTP/1.0'],
  ['for another protocol', 'GET /ws HTTP/1.1\r\nConnection: Upgrade, close\r\nUpgrade: h2c'],
] as const)('/ws asked for %s is 426, and the log says what the proxy lacks', async ([, head]) => {
  const { address, port, logs } = await startServer();
  const answer = await answerTo(port, `${head}\r\nHost: localhost\r\nSec-WebSocket-Protocol: proofroom.v1\r\n\r\n`);
  expect(statusOf(answer)).toBe(426);
  expect(answer).toMatch(/\r\nupgrade: websocket\r\n/i);
  expect(JSON.parse(answer.slice(answer.indexOf('{')))).toMatchObject({ code: 'upgrade_required' });
  const lines = logs.map((line) => JSON.parse(line)).filter(({ status }) => status === 426);
  expect(lines).toMatchObject([{ level: 40, msg: expect.stringContaining('Upgrade') }]);
  expect(await (await fetch(`${address}/metrics`)).text()).toContain('proofroom_refusals_total{code="http_426"} 1\n');
});

test('what offers an upgrade to another protocol is answered as if it offered none', async () => {
  const { port, client } = await startServer();
  const offer =
    'Host: localhost\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk';
  const answer = await answerTo(port, `GET / HTTP/1.1\r\n${offer}\r\n\r\n`);
  expect(statusOf(answer)).toBe(200);
  expect(answer).toContain('<title>Proofroom</title>');
  await client().join();
});
