/** What a person sees who starts the server. */
import { expect, test, vi } from 'vitest';
import { WRONG_KEY } from '../../support/fake-openai.ts';
import { copyServer, startMain } from '../../support/main-process.ts';
import { setUpOpenAI } from '../../support/openai-adapter.ts';
import { WsClient } from '../../support/ws-client.ts';

// A process takes seconds to start on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

const TOKEN = 'an-access-token-of-more-than-32-characters';

test('it prints its address and which generator draws, serves the page, and logs nothing', async () => {
  const main = startMain(await copyServer());
  const address = await main.address();
  expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(await main.printed(/.*OPENAI_API_KEY.*/)).toContain('demo');
  expect((await fetch(address)).status).toBe(200);
  expect(main.stderr).toBe('');
});

test('a port that is in use is one line on standard error and exit code 1', async () => {
  const folder = await copyServer();
  const PORT = new URL(await startMain(folder).address()).port;
  const second = startMain(folder, { PORT });
  expect(await second.exit()).toEqual({ code: 1, signal: null });
  expect(second.stderr).toBe(`proofroom: port ${PORT} is in use: stop what runs there, or set PORT to another one\n`);
  expect(second.stdout).toBe('');
});

test.for([
  ['a HOST that is no address of this machine', { HOST: '203.0.113.1', PROOFROOM_ALLOW_ANONYMOUS: '1' }, 'HOST'],
  ['S2: a HOST that others reach, without a token', { HOST: '0.0.0.0' }, 'PROOFROOM_ACCESS_TOKEN'],
  [
    'S9: a ceiling in dollars for models of unknown price',
    { PROOFROOM_DAILY_DOLLARS: '5', OPENAI_API_KEY: 'any', PROOFROOM_IMAGE_MODEL: 'unknown' },
    'PROOFROOM_IMAGE_DOLLARS',
  ],
] as const)('%s, is one line that names the variable, and exit code 1', async ([, environment, variable]) => {
  const main = startMain(await copyServer(), environment);
  expect(await main.exit()).toEqual({ code: 1, signal: null });
  expect(main.stderr).toMatch(new RegExp(`^proofroom: [^\\n]*${variable}[^\\n]*\\n$`));
  expect(main.stdout).toBe('');
});

test('without a built page it names the command that builds one, and exits with 1', async () => {
  const main = startMain(await copyServer({ isBuilt: false }));
  expect(await main.exit()).toEqual({ code: 1, signal: null });
  expect(main.stderr).toMatch(/^proofroom: [^\n]*npm run build[^\n]*\n$/);
});

test('S2: where others reach it, it starts with a token, which it then asks for', async () => {
  const main = startMain(await copyServer(), { HOST: '0.0.0.0', PROOFROOM_ACCESS_TOKEN: TOKEN });
  const { port } = new URL(await main.address());
  const [ana, eve] = [1, 2].map(() => new WsClient(`http://127.0.0.1:${port}`));
  await ana?.join({ token: TOKEN });
  expect((await eve?.joinRejected())?.code).toBe(4403);
});

test('S7: unknown variables and limits that contradict each other are warned of by name, never by value', async () => {
  const unknown = ['ACCES_TOKEN', 'B', 'C', 'D', 'E', 'F', 'G'].map((name) => `PROOFROOM_${name}`);
  const environment = Object.fromEntries(unknown.map((name) => [name, 'a-secret']));
  const main = startMain(await copyServer(), { ...environment, PROOFROOM_IMAGE_MEMORY_BYTES: '1000' });
  await main.logged(/is less than.*\n/);
  expect(main.logLines()).toMatchObject([
    { level: 40, variables: unknown.slice(0, 5), more: 2 },
    { level: 40, msg: expect.stringContaining('PROOFROOM_IMAGE_MEMORY_BYTES is less than') },
  ]);
  expect(main.stdout + main.stderr).not.toContain('a-secret');
});

test('S3: an API key that the service refuses is reported at the start, without the key, and the server runs', async () => {
  const { fake } = await setUpOpenAI();
  const main = startMain(await copyServer(), { OPENAI_API_KEY: WRONG_KEY, OPENAI_BASE_URL: fake.baseURL });
  const address = await main.address();
  await main.logged(/the image service refuses what it was configured with/);
  expect(main.stderr).toMatch(/^proofroom: .*key/m);
  expect(main.stdout + main.stderr).not.toContain(WRONG_KEY);
  expect((await fetch(`${address}/readyz`)).status).toBe(200);
});
