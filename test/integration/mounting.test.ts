/** The library: one Proofroom on servers and apps that are not its own. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { mount } from 'hono/mount';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createProofroom, type Proofroom, type ProofroomOptions } from '../../server/create-proofroom.ts';
import type { DecidedEvent } from '../../server/session/session-events.ts';
import { builtFolder } from '../support/page-fixture.ts';
import { quietLog } from '../support/quiet-log.ts';
import { ScriptedGenerator } from '../support/scripted-generator.ts';
import { WsClient } from '../support/ws-client.ts';

async function create(options: ProofroomOptions = {}) {
  const generator = new ScriptedGenerator();
  const faults: unknown[] = [];
  const logger = quietLog((error) => faults.push(error));
  const proofroom = createProofroom({ generator, logger, builtFolder: await builtFolder(), ...options });
  return { generator, faults, proofroom };
}

async function listen(server: Server, proofroom: Proofroom): Promise<string> {
  server.on('upgrade', proofroom.upgrade);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function clientAt(address: string): WsClient {
  const client = new WsClient(address);
  onTestFinished(() => client.socket.terminate());
  return client;
}

/** Generates one image and approves it; returns its bytes and where they are served. */
async function approveOne(client: WsClient, generator: ScriptedGenerator) {
  await client.join({ name: 'Ana', images: 'url' });
  client.send({ type: 'generate', commandId: 'c1', prompt: 'a red kite' });
  const bytes = (await generator.drawing(0)).finish();
  const { image } = await client.stage('user_feedback');
  const message = await client.until('image');
  client.send({ type: 'approve', commandId: 'c2', imageId: image.imageId, sha256: image.sha256 });
  await client.stage('final');
  return { bytes, url: 'url' in message ? message.url : expect.fail('the image came inline') };
}

test('a plain http.Server serves the page, the WebSocket and the images of a Proofroom', async () => {
  const { generator, proofroom } = await create();
  const address = await listen(createServer(proofroom.listener), proofroom);
  expect((await fetch(`${address}/readyz`)).status).toBe(200);
  expect(await (await fetch(address)).text()).toContain('<title>Proofroom</title>');
  const { bytes, url } = await approveOne(clientAt(address), generator);
  const response = await fetch(address + url);
  expect(response.headers.get('content-disposition')).toContain('a-red-kite.png');
  expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from(bytes));
});

test('a Hono app mounts a Proofroom under a path: page, assets, WebSocket and images work below it', async () => {
  const { generator, proofroom } = await create({ basePath: '/proofroom' });
  const app = new Hono().get('/', (context) => context.text('the host'));
  app.all('/proofroom/*', mount(proofroom.fetch));
  const address = await listen(
    createServer(getRequestListener(app.fetch, { overrideGlobalObjects: false })),
    proofroom,
  );
  expect(await (await fetch(address)).text()).toBe('the host');
  for (const path of ['/', '/s/some-session']) {
    const page = new URL(`${address}/proofroom${path}`);
    const html = await (await fetch(page)).text();
    const asset = /src="([^"]+)"/.exec(html)?.[1] ?? expect.fail(`no script in ${html}`);
    expect((await fetch(new URL(asset, page))).status).toBe(200);
  }
  await expect(clientAt(address).open()).rejects.toThrow('404');
  const { bytes, url } = await approveOne(clientAt(`${address}/proofroom`), generator);
  expect(url).toMatch(/^\/proofroom\/api\//);
  expect(Buffer.from(await (await fetch(address + url)).arrayBuffer())).toEqual(Buffer.from(bytes));
});

test('S1: fetch refuses a foreign host by itself, in a host program that does not check it', async () => {
  const { proofroom } = await create({ allowedHosts: ['proof.example'] });
  const statusFor = async (host: string) =>
    (await proofroom.fetch(new Request(`http://${host}/`, { headers: { host } }))).status;
  expect(await statusFor('proof.example')).toBe(200);
  expect(await statusFor('evil.example')).toBe(421);
});

test('hooks receive what happens in every session, and one that fails disturbs nobody', async () => {
  const onDecided = vi.fn((_event: DecidedEvent) => Promise.reject(new Error('the webhook is down')));
  const [onReady, onEnded] = [vi.fn(), vi.fn()];
  const { generator, faults, proofroom } = await create({ onReady, onDecided, onEnded });
  const client = clientAt(await listen(createServer(proofroom.listener), proofroom));
  const { bytes } = await approveOne(client, generator);
  const { sessionId, participantId } = client.last('welcome');
  expect(onReady).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({ sessionId, attempts: [expect.anything()] }),
  );
  const [decided] = onDecided.mock.calls[0] ?? expect.fail('onDecided was not called');
  expect(decided).toMatchObject({ sessionId, decision: { decision: 'approved', by: 'Ana', participantId } });
  expect(decided.bytes).toEqual(bytes);
  await proofroom.drain();
  expect(onEnded).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({ sessionId, reason: 'shutdown', attempts: 1 }),
  );
  expect(faults).toEqual([expect.objectContaining({ message: 'the webhook is down' })]);
});

test('drain waits for a hook that still runs, so that a deploy does not lose it', async () => {
  const webhook = Promise.withResolvers<void>();
  const { generator, proofroom } = await create({ onDecided: () => webhook.promise });
  const client = clientAt(await listen(createServer(proofroom.listener), proofroom));
  await approveOne(client, generator);
  let isDrained = false;
  const drained = proofroom.drain().then(() => {
    isDrained = true;
  });
  await client.closed();
  expect(isDrained).toBe(false);
  const visitor = { address: '192.0.2.1', connectionId: 'program', headers: {} };
  expect(await proofroom.sessions.create(visitor, {})).toMatchObject({ accepted: false, code: 'server_busy' });
  webhook.resolve();
  await drained;
});

test('S2: an authorize of the host’s own decides by headers who creates sessions', async () => {
  const { proofroom } = await create({ authorize: async ({ headers }) => headers.cookie === 'login=ana' });
  const address = await listen(createServer(proofroom.listener), proofroom);
  const stranger = clientAt(address);
  await stranger.open();
  stranger.send({ type: 'join' });
  expect((await stranger.until('reject')).code).toBe('not_allowed');
  const ana = new WsClient(address, { headers: { cookie: 'login=ana' } });
  onTestFinished(() => ana.socket.terminate());
  expect((await ana.join()).role).toBe('reviewer');
});
