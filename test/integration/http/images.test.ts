import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { imageOf } from '../../support/scripted-generator.ts';
import { startSession } from '../../support/server.ts';
import { urlOf } from '../../support/ws-client.ts';

const ORIGIN = 'https://studio.example';
const MiB = 1024 * 1024;

/** A session with one image, and the address that the image is served at. */
async function startWithImage(prompt = 'A cat, on a mat') {
  const session = await startSession({ allowedOrigins: [ORIGIN] });
  session.ana.send({ type: 'generate', commandId: 'go', prompt });
  const bytes = Buffer.from((await session.generator.drawing(0)).finish());
  const { image } = await session.ana.stage('user_feedback');
  const url = `${session.address}/api/sessions/${session.sessionId}/images/${image.imageId}`;
  return { ...session, bytes, image, url };
}

test('S6: an image is served untouched, with the type of its bytes, and under a policy that runs nothing', async () => {
  const { url, bytes, image } = await startWithImage();
  const response = await fetch(url);
  expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'image/png',
    'content-length': `${bytes.byteLength}`,
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    etag: `"${image.sha256}"`,
  });
  const head = await fetch(url, { method: 'HEAD' });
  expect([head.headers.get('content-length'), await head.text()]).toEqual([`${bytes.byteLength}`, '']);
});

test('an image is not sent again to a client that has it', async () => {
  const { url, image, bytes } = await startWithImage();
  const fetchWith = (tag: string) => fetch(url, { headers: { 'If-None-Match': tag }, cache: 'no-store' });
  for (const tag of [`"${image.sha256}"`, `W/"${image.sha256}"`, `"other", "${image.sha256}"`, '*']) {
    const response = await fetchWith(tag);
    expect([response.status, await response.text()], tag).toEqual([304, '']);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      etag: `"${image.sha256}"`,
      'cache-control': 'no-store',
      vary: 'Origin',
    });
  }
  for (const tag of ['"other"', image.sha256, '']) {
    const response = await fetchWith(tag);
    expect([response.status, (await response.bytes()).byteLength], tag).toEqual([200, bytes.byteLength]);
  }
  expect((await fetch(`${url}x`, { headers: { 'If-None-Match': '*' } })).status).toBe(404);
});

test('an image stays in no cache before it is approved, and is revalidated afterwards', async () => {
  const { url, ana, generator, image, client, sessionId } = await startWithImage();
  const policyOf = async (path: string) => (await fetch(new URL(path, url))).headers.get('cache-control');
  expect(await policyOf(url)).toBe('no-store');
  const byUrl = client();
  await byUrl.join({ sessionId, images: 'url' });
  ana.send({ type: 'regenerate', commandId: 'again' });
  (await generator.drawing(1)).preview(imageOf('preview'));
  expect(await policyOf(urlOf(await byUrl.until('image', ({ kind }) => kind === 'partial')))).toBe('no-store');
  ana.send({ type: 'cancel', commandId: 'stop' });
  await ana.answer('stop');
  ana.send({ type: 'approve', commandId: 'yes', imageId: image.imageId });
  await ana.answer('yes');
  expect(await policyOf(url)).toBe('private, no-cache');
});

test('the file name comes from the prompt, and says unapproved until the image is approved', async () => {
  const { url, ana, image } = await startWithImage();
  const disposition = async () => (await fetch(url)).headers.get('content-disposition');
  expect(await disposition()).toContain('filename="a-cat-on-a-mat-unapproved.png"');
  ana.send({ type: 'approve', commandId: 'yes', imageId: image.imageId });
  await ana.answer('yes');
  expect(await disposition()).toContain('filename="a-cat-on-a-mat.png"');
});

test.for(['../../etc/passwd\r\nSet-Cookie: a=b', '"; filename=evil.exe; x="', '猫が"座る"\u0000', '\ud800', '…'])(
  'S4: the prompt %j does not break the header with the file name',
  async (prompt) => {
    const { url } = await startWithImage(prompt);
    const { status, headers } = await fetch(url);
    expect([status, headers.get('set-cookie')]).toEqual([200, null]);
    expect(headers.get('content-disposition')).toMatch(
      /^inline; filename="[\w.-]+-unapproved\.png"; filename\*=UTF-8''[\w.%-]+-unapproved\.png$/,
    );
  },
);

test('S1: only pages of allowed origins may read an image across origins', async () => {
  const { url } = await startWithImage();
  const headersFor = async (headers: Record<string, string>) =>
    Object.fromEntries((await fetch(url, { headers })).headers);
  expect(await headersFor({ Origin: ORIGIN })).toMatchObject({
    'access-control-allow-origin': ORIGIN,
    'cross-origin-resource-policy': 'cross-origin',
    vary: 'Origin',
  });
  for (const headers of [{}, { Origin: 'https://evil.example' }]) {
    expect(await headersFor(headers)).not.toHaveProperty('access-control-allow-origin');
  }
});

test('R11 W5: an image is served under its own session alone, and every refusal is counted', async () => {
  const { address, client, sessionId, image, metrics } = await startWithImage();
  const other = await client().join();
  const paths = [
    `/api/sessions/${other.sessionId}/images/${image.imageId}`,
    `/api/sessions/${sessionId}/images/${sessionId}`,
    `/api/sessions/unknown/images/${image.imageId}`,
    `/api/sessions/__proto__/images/${image.imageId}`,
  ];
  for (const path of paths) expect((await fetch(address + path)).status, path).toBe(404);
  expect((await metrics())['proofroom_refusals_total{code="http_404"}']).toBe(paths.length);
});

test('R7: an image and a preview that a client reads slowly count until it has gone, though the session has dropped them', async () => {
  const { ana, generator, sessionId, port, client, node, metrics } = await startSession();
  const counted = async () => (await metrics()).proofroom_image_bytes;
  const readSlowly = async (path: string) => {
    const reader = connect(port, '127.0.0.1');
    onTestFinished(() => void reader.destroy());
    reader.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    // It reads no more than the first bytes.
    await once(reader, 'readable');
    return reader;
  };
  const byUrl = client();
  await byUrl.join({ sessionId, images: 'url' });
  ana.send({ type: 'generate', commandId: 'go', prompt: 'a cat' });
  const drawing = await generator.drawing(0);
  drawing.preview(imageOf('preview', 12 * MiB));
  const readers = [await readSlowly(urlOf(await byUrl.until('image')))];
  drawing.finish(imageOf('image', 13 * MiB));
  await byUrl.stage('user_feedback');
  readers.push(await readSlowly(urlOf(byUrl.last('image'))));
  ana.send({ type: 'start_over', commandId: 'new' });
  await ana.answer('new');
  await expect.poll(counted).toBe(25 * MiB);
  for (const reader of readers) reader.destroy();
  await expect.poll(counted).toBe(0);
  // A reader that never leaves is closed by this timeout, which `ws` takes off its own sockets.
  expect(node.server.timeout).toBe(30_000);
});

test('R7: an image that is requested by a client that has left already is not counted any longer', async () => {
  const { ana, url, proofroom, metrics } = await startWithImage();
  const handedOn = Promise.withResolvers<void>();
  const host = createServer(async (request, response) => {
    response.destroy();
    await once(response, 'close');
    proofroom.listener(request, response);
    handedOn.resolve();
  });
  onTestFinished(() => void host.close());
  await once(host.listen(0, '127.0.0.1'), 'listening');
  const { port } = host.address() as AddressInfo;
  await expect(fetch(`http://127.0.0.1:${port}${new URL(url).pathname}`)).rejects.toThrow();
  await handedOn.promise;
  ana.send({ type: 'start_over', commandId: 'new' });
  await ana.answer('new');
  expect((await metrics()).proofroom_image_bytes).toBe(0);
});
