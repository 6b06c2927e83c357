import { setTimeout } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startFakeOpenAI } from '../support/fake-openai.ts';
import { copyServer, type MainProcess, startByScript, startMain } from '../support/main-process.ts';
import { frame, upgraded } from '../support/raw-client.ts';
import { WsClient } from '../support/ws-client.ts';

// A process takes its time to start, on a slow machine even more.
vi.setConfig({ testTimeout: 30_000 });

const TOKEN = 'an-access-token-of-more-than-32-characters';
const A_CAT = { type: 'generate', commandId: 'go', prompt: 'a very secret cat' } as const;

test('it prints its address and which generator draws', async () => {
  const main = startMain(await copyServer());
  const address = await main.address();
  expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(main.stderr).toBe('');
  await main.printed(/demo/i);
  await main.printed(/OPENAI_API_KEY/);
  expect((await fetch(address)).status).toBe(200);
});

test('a busy port is one clear line and exit code 1', async () => {
  const folder = await copyServer();
  const PORT = new URL(await startMain(folder).address()).port;
  const second = startMain(folder, { PORT });
  expect(await second.exit()).toEqual({ code: 1, signal: null });
  expect(second.stderr).toBe(`proofroom: port ${PORT} is in use: stop what runs there, or set PORT to another one\n`);
  expect(second.stdout).toBe('');
});

test('a missing build is one clear line and exit code 1', async () => {
  const main = startMain(await copyServer({ isBuilt: false }));
  expect(await main.exit()).toEqual({ code: 1, signal: null });
  expect(main.stderr).toMatch(/^proofroom: [^\n]*npm run build[^\n]*\n$/);
  expect(main.stdout).toBe('');
});

test.for([
  ['PORT', 'abc'],
  ['HOST', '0.0.0.0'],
  ['PROOFROOM_GENERATOR', 'openai'],
  ['PROOFROOM_ACCESS_TOKEN', 'too-short-a-secret'],
  ['PROOFROOM_IMAGE_MEMORY_BYTES', '1GB'],
] as const)('%s=%s is one clear line and exit code 1', async ([name, value]) => {
  const main = startMain(await copyServer(), { [name]: value });
  expect(await main.exit()).toEqual({ code: 1, signal: null });
  expect(main.stderr).toMatch(new RegExp(`^proofroom: [^\\n]*${name}[^\\n]*\\n$`));
  expect(main.stderr).not.toContain('too-short-a-secret');
  expect(main.stdout).toBe('');
});

test('S2, S7: variables that nobody knows are warned of by name, a handful of them, and never by value', async () => {
  const misspelt = ['ACCES_TOKEN', 'B', 'C', 'D', 'E', 'F', 'G'].map((name) => [`PROOFROOM_${name}`, 'a-secret']);
  const main = startMain(await copyServer(), Object.fromEntries(misspelt));
  await main.address();
  const warnings = main.stderr.split('\n').filter((line) => line.includes('unknown variables'));
  expect(warnings.map((line) => JSON.parse(line))).toMatchObject([
    { level: 40, variables: misspelt.slice(0, 5).map(([name]) => name), more: 2 },
  ]);
  expect(main.stdout + main.stderr).not.toContain('a-secret');
});

test('R7: limits that leave nothing to do are warned of, and hold', async () => {
  const main = startMain(await copyServer(), { PROOFROOM_IMAGE_MEMORY_BYTES: '1000' });
  const ana = new WsClient(await main.address());
  await ana.join();
  ana.send({ type: 'generate', commandId: 'go', prompt: 'A lighthouse' });
  expect(await ana.answer('go')).toMatchObject({ code: 'server_busy' });
  const warnings = main.stderr.split('\n').filter((line) => line.includes('PROOFROOM_IMAGE_MEMORY_BYTES'));
  expect(warnings.map((line) => JSON.parse(line))).toMatchObject([{ level: 40 }]);
});

test('a HOST that is not here is one clear line and exit code 1', async () => {
  const main = startMain(await copyServer(), { HOST: '203.0.113.1', PROOFROOM_ALLOW_ANONYMOUS: '1' });
  expect(await main.exit()).toEqual({ code: 1, signal: null });
  expect(main.stderr).toMatch(/^proofroom: [^\n]*HOST[^\n]*\n$/);
});

test('S2: on another address it starts with a token', async () => {
  const main = startMain(await copyServer(), { HOST: '0.0.0.0', PROOFROOM_ACCESS_TOKEN: TOKEN });
  const { port } = new URL(await main.address());
  const ana = new WsClient(`http://127.0.0.1:${port}`);
  await ana.join({ token: TOKEN });
  const eve = await new WsClient(`http://127.0.0.1:${port}`).open();
  eve.send({ type: 'join' });
  expect((await eve.closed()).code).toBe(4403);
});

test('R6: SIGTERM says goodbye, closes with 1012 and ends with 0', async () => {
  const main = startMain(await copyServer());
  const ana = new WsClient(await main.address());
  await ana.join();
  main.signal('SIGTERM');
  expect((await ana.closed()).code).toBe(1012);
  expect(ana.last('goodbye').reconnectInMs).toBeGreaterThanOrEqual(0);
  expect(await main.exit()).toEqual({ code: 0, signal: null });
});

test.for([
  ['npm alone, as a supervisor sends it', (main: MainProcess) => main.signal('SIGTERM')],
  ['its whole group, as a terminal does', (main: MainProcess) => main.signalGroup('SIGTERM')],
] as const)('R6: SIGTERM to npm start (%s) reaches the server, which drains and ends with 0', async ([, send]) => {
  const main = await startByScript(await copyServer());
  const ana = new WsClient(await main.address());
  await ana.join();
  send(main);
  expect((await ana.closed()).code).toBe(1012);
  expect(ana.last('goodbye').reconnectInMs).toBeGreaterThanOrEqual(0);
  await main.logged(/draining/);
  expect(await main.exit()).toEqual({ code: 0, signal: null });
});

test('R6: at SIGTERM a generation in flight is finished first', async () => {
  const main = startMain(await copyServer(), { PROOFROOM_SIZES: '64x64' });
  const ana = new WsClient(await main.address());
  await ana.join();
  ana.send({ ...A_CAT, options: { size: '64x64' } });
  await ana.until('progress', ({ phase }) => phase === 'drawing');
  main.signal('SIGTERM');
  await main.logged(/draining/);
  expect((await ana.closed()).code).toBe(1012);
  expect(ana.last('snapshot').stage).toBe('user_feedback');
  expect(ana.of('image').some(({ kind }) => kind === 'final')).toBe(true);
  expect(await main.exit()).toEqual({ code: 0, signal: null });
});

test('R6: of two signals at once the second counts for nothing; one that comes later ends it at once', async () => {
  const fake = await startFakeOpenAI();
  onTestFinished(() => fake.close());
  fake.next('silence_after_partial');
  const main = startMain(await copyServer(), { OPENAI_API_KEY: 'sk-test', OPENAI_BASE_URL: fake.baseURL });
  const ana = new WsClient(await main.address());
  await ana.join();
  ana.send(A_CAT);
  await ana.until('progress', ({ phase }) => phase === 'drawing');
  main.signal('SIGINT');
  await main.logged(/draining/);
  main.signal('SIGINT');
  await ana.fence();
  // The rule itself is about real time, in a process whose clock is its own.
  await setTimeout(1_100);
  await ana.fence();
  main.signal('SIGINT');
  expect(await main.exit()).toEqual({ code: 1, signal: null });
  await fake.requests.find(({ method }) => method === 'POST')?.closedEarly;
});

test('S3, S7: no log line, even at debug, holds a session id, key, token, prompt or draft', async () => {
  const environment = { PROOFROOM_ACCESS_TOKEN: TOKEN, PROOFROOM_LOG_LEVEL: 'debug', PROOFROOM_SIZES: '64x64' };
  const main = startMain(await copyServer(), environment);
  const address = await main.address();
  const [ana, eve] = [new WsClient(address), await new WsClient(address).open()] as const;
  const { sessionId, key } = await ana.join({ token: TOKEN, name: 'Ana' });
  ana.send({ type: 'draft', text: 'a secret draft' });
  ana.send({ ...A_CAT, options: { size: '64x64' } });
  eve.send({ type: 'join', sessionId, key: 'a-wrong-key', token: 'a-wrong-token' });
  await eve.closed();
  ana.sendText('{"type":"secret-garbage"}');
  const { image } = await ana.stage('user_feedback');
  expect((await fetch(`${address}/api/sessions/${sessionId}/images/${image.imageId}`)).status).toBe(200);
  await fetch(`${address}/s/${sessionId}?secret-query`);
  main.signal('SIGTERM');
  await main.exit();
  const lines = main.stderr.trim().split('\n');
  for (const line of lines)
    expect(JSON.parse(line)).toMatchObject({ level: expect.any(Number), msg: expect.any(String) });
  expect(lines.length).toBeGreaterThan(3);
  for (const secret of [sessionId, key ?? '', TOKEN, 'secret', 'a-wrong-key', 'a-wrong-token', 'Ana']) {
    expect(main.stdout + main.stderr).not.toContain(secret);
  }
});

test('R8: after garbage of every kind the process still serves, has logged no fault, and ends with 0', async () => {
  const main = startMain(await copyServer());
  const address = await main.address();
  const port = Number(new URL(address).port);
  for (let seed = 1; seed <= 100; seed += 1) {
    const socket = await upgraded(port);
    const noise = Buffer.from(Array.from({ length: 40 }, (_, at) => (seed * 97 + at * at * 31) % 256));
    socket.write(frame('{"type":"join"}'));
    socket.write(seed % 3 === 0 ? noise : frame(noise, seed % 16));
    if (seed % 2 === 0) socket.resetAndDestroy();
    else socket.destroy();
  }
  const ana = new WsClient(address);
  await ana.open();
  ana.send({ type: 'join' });
  expect((await fetch(`${address}/healthz`)).status).toBe(200);
  main.signal('SIGTERM');
  expect(await main.exit()).toEqual({ code: 0, signal: null });
  const levels = main.stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).level);
  expect(Math.max(...levels)).toBeLessThan(50);
});
