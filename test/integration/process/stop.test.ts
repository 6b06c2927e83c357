/** R6: what a signal does to the process. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { copyServer, type MainProcess, startByScript, startMain } from '../../support/main-process.ts';
import { setUpOpenAI } from '../../support/openai-adapter.ts';
import { WsClient } from '../../support/ws-client.ts';

// A process takes seconds to start on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

const A_CAT = { type: 'generate', commandId: 'go', prompt: 'a cat' } as const;

/** A server whose drawings wait for the test, and a client whose generation it has begun to draw. */
async function startDrawing() {
  const { fake } = await setUpOpenAI();
  fake.next('held');
  const main = startMain(await copyServer(), { OPENAI_API_KEY: 'sk-test', OPENAI_BASE_URL: fake.baseURL });
  const ana = new WsClient(await main.address());
  onTestFinished(() => ana.socket.terminate());
  await ana.join();
  ana.send(A_CAT);
  await ana.until('progress', ({ phase }) => phase === 'drawing');
  return { fake, main, ana };
}

test('R6: at SIGTERM a running generation ends, then clients are closed with 1012, and the exit code is 0', async () => {
  const { fake, main, ana } = await startDrawing();
  main.signal('SIGTERM');
  await main.logged(/draining/);
  fake.release();
  expect((await ana.closed()).code).toBe(1012);
  expect(ana.last('snapshot').stage).toBe('user_feedback');
  expect(ana.last('image').kind).toBe('final');
  expect(ana.last('goodbye').reconnectInMs).toBeGreaterThanOrEqual(0);
  expect(await main.exit()).toEqual({ code: 0, signal: null });
});

test.for([
  ['npm alone, as a supervisor does', (main: MainProcess) => main.signal('SIGTERM')],
  ['the whole process group, as a terminal does', (main: MainProcess) => main.signalGroup('SIGTERM')],
] as const)('R6: SIGTERM that is sent to %s reaches a server that npm start has started', async ([, send]) => {
  const main = await startByScript(await copyServer());
  const ana = new WsClient(await main.address());
  await ana.join();
  send(main);
  expect((await ana.closed()).code).toBe(1012);
  await main.logged(/draining/);
  expect(await main.exit()).toEqual({ code: 0, signal: null });
});

test('R6: SIGHUP, which a closing terminal sends, ends the server like SIGTERM', async () => {
  const { fake, main, ana } = await startDrawing();
  main.signal('SIGHUP');
  await main.logged(/draining/);
  fake.release();
  expect((await ana.closed()).code).toBe(1012);
  expect(await main.exit()).toEqual({ code: 0, signal: null });
});

test('R6: a second signal within a second changes nothing; a later one ends the process at once', async () => {
  const { main, ana } = await startDrawing();
  const firstSignalAt = performance.now();
  main.signal('SIGINT');
  await main.logged(/draining/);
  main.signal('SIGINT');
  await ana.roundTrip();
  const again = setInterval(() => main.signal('SIGINT'), 50);
  onTestFinished(() => clearInterval(again));
  expect(await main.exit()).toEqual({ code: 1, signal: null });
  expect(performance.now() - firstSignalAt).toBeGreaterThan(1_000);
  expect(ana.of('goodbye')).toEqual([]);
});
