import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { checkKey } from '../../../server/generators/openai/key-check.ts';
import { DEFAULT_IMAGE_MODEL, DEFAULT_MODEL } from '../../../server/generators/openai/models.ts';
import type { ProxySettings } from '../../../server/generators/openai/proxy.ts';
import { responsesService } from '../../../server/generators/openai/service.ts';
import { failureOf, fullText, startGeneration } from '../../support/generation.ts';
import { type HttpProxy, startHttpProxy } from '../../support/http-proxy.ts';
import { setUpImagesApi } from '../../support/images-api-adapter.ts';
import { OPENAI_KEY, setUpOpenAI } from '../../support/openai-adapter.ts';

/** A host that only the proxy knows. */
const SERVICE = 'http://openai.test/v1';

async function startProxy(targetPort: number, status?: number): Promise<HttpProxy> {
  const proxy = await startHttpProxy(targetPort, status);
  onTestFinished(() => proxy.close());
  return proxy;
}

const portOf = (url: string): number => Number(new URL(url).port);

async function setUp(settings: (proxyUrl: string) => ProxySettings, { baseURL = SERVICE, status = 0 } = {}) {
  const { fake } = await setUpOpenAI();
  const proxy = await startProxy(portOf(fake.baseURL), status || undefined);
  const { generator } = await setUpOpenAI({ baseURL, proxy: settings(proxy.url) });
  return { fake, proxy, generator };
}

describe('a company’s proxy', () => {
  test('W4: HTTP_PROXY leads to an http: service, previews and all', async () => {
    const { fake, proxy, generator } = await setUp((http) => ({ http }));
    const { result, phases } = startGeneration(generator);
    expect((await result).image.bytes).toEqual(fake.sent[0]?.final);
    expect(phases()).toEqual(['started', 'drawing', 'partial', 'partial', 'finished']);
    expect(proxy.asked).toEqual(['POST http://openai.test/v1/responses']);
    expect(fake.requests[0]?.headers).toMatchObject({ host: 'openai.test', authorization: `Bearer ${OPENAI_KEY}` });
    expect(fake.requests[0]?.headers).not.toHaveProperty('proxy-authorization');
  });

  test('a refinement through the Images API goes the same way', async () => {
    const { fake } = await setUpImagesApi();
    const proxy = await startProxy(portOf(fake.baseURL));
    const { generator } = await setUpImagesApi({ baseURL: SERVICE, proxy: { http: proxy.url } });
    const parent = { bytes: Buffer.from('the bytes of an image'), mediaType: 'image/png' };
    await startGeneration(generator, { parent, feedback: 'more rain' }).result;
    expect(proxy.asked).toEqual(['POST http://openai.test/v1/images/edits']);
    expect(fake.requests[0]?.files[0]?.bytes).toEqual(parent.bytes);
  });

  test.each([
    ['HTTPS_PROXY', (https: string) => ({ https })],
    ['HTTP_PROXY, where it is the only one', (http: string) => ({ http })],
  ])('S3: %s makes a tunnel to an https: service, and reads nothing of what goes through', async (_, settings) => {
    const sent = Promise.withResolvers<Buffer>();
    const service = createServer((socket) => {
      socket.once('data', (data) => {
        sent.resolve(data);
        socket.destroy();
      });
    });
    await new Promise<void>((listening) => service.listen(0, '127.0.0.1', listening));
    onTestFinished(() => void service.close());
    const address = service.address();
    const proxy = await startProxy(typeof address === 'object' && address ? address.port : 0);
    const { generator } = await setUpOpenAI({ baseURL: 'https://openai.test/v1', proxy: settings(proxy.url) });
    await failureOf(startGeneration(generator).result);
    expect(proxy.asked).toEqual(['CONNECT openai.test:443']);
    const TLS_HANDSHAKE = 0x16;
    expect((await sent.promise)[0]).toBe(TLS_HANDSHAKE);
  });

  test('the check of the key goes the same way', async () => {
    const { fake } = await setUpOpenAI();
    const proxy = await startProxy(portOf(fake.baseURL));
    const service = responsesService({ model: DEFAULT_MODEL, imageModel: DEFAULT_IMAGE_MODEL });
    const access = { apiKey: OPENAI_KEY, baseURL: SERVICE, proxy: { http: proxy.url } };
    expect(await checkKey(access, service)).toEqual({ verdict: 'ok' });
    expect(proxy.asked).toHaveLength(2);
  });

  test('S3: the name and password in its address are for the proxy alone', async () => {
    const withPassword = (url: string) => url.replace('//', '//ana:p%40ss@');
    const { fake, proxy, generator } = await setUp((url) => ({ http: withPassword(url) }));
    await startGeneration(generator).result;
    expect(proxy.credentials).toEqual([`Basic ${Buffer.from('ana:p@ss').toString('base64')}`]);
    expect(fake.requests[0]?.headers).toMatchObject({ authorization: `Bearer ${OPENAI_KEY}` });
  });

  test.each([
    ['this machine', '', undefined],
    ['a host in NO_PROXY', 'a.example, openai.test', SERVICE],
    ['a host of a domain in NO_PROXY', '.test', SERVICE],
    ['any host, with NO_PROXY=*', ' * ', SERVICE],
  ])('is left out for %s', async (_, bypass, baseURL) => {
    const { fake } = await setUpOpenAI();
    const proxy = await startProxy(portOf(fake.baseURL));
    const settings = { http: proxy.url, https: proxy.url, bypass };
    const { generator } = await setUpOpenAI({ baseURL: baseURL ?? fake.baseURL, proxy: settings });
    const { result } = startGeneration(generator);
    if (baseURL === undefined) await result;
    else expect(await failureOf(result), 'only the proxy knows this host').toMatchObject({ code: 'network' });
    expect(proxy.asked).toEqual([]);
  });

  test.each([
    ['http', 407],
    ['https', 407],
    ['http', 502],
    ['https', 502],
  ] as const)('R10, S3: that refuses an %s: service with %d has certainly drawn nothing', async (scheme, status) => {
    const settings = (url: string) => ({ http: url.replace('//', '//ana:secret@') });
    const { proxy, generator } = await setUp(settings, { baseURL: `${scheme}://openai.test/v1`, status });
    const failure = await failureOf(startGeneration(generator).result);
    expect(failure.transient?.mayBeDrawn).toBeUndefined();
    expect(fullText(failure)).not.toMatch(/secret|openai\.test|127\.0\.0\.1/);
    expect([proxy.asked.length, failure.message]).toEqual([1, expect.stringMatching(/HTTPS_PROXY|fault of its own/)]);
  });
});
