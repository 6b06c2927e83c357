/** Prompts as long as the service takes them: what they cost on the wire, with and without `prompts: 'once'`. */
import { expect, test } from 'vitest';
import { createDemoGenerator } from '../../../server/generators/demo/demo-generator.ts';
import { imageOf, ScriptedGenerator } from '../../support/scripted-generator.ts';
import { startServer, startSession } from '../../support/server.ts';

const LENGTH = 32_000;
/** Whole snapshots of such prompts would soon have to wait for the rate of updates. */
const limits = { PROMPT_CHARACTERS: LENGTH, UPDATE_BYTES_PER_SECOND: 100_000_000 };
/** Each takes three bytes in UTF-8. */
const longPrompt = (number: number) => `${number} ${'語'.repeat(LENGTH)}`.slice(0, LENGTH);

test('S4: a generator says how long prompts may be, and the longest fits into a command and a draft', async () => {
  const { client } = await startServer({}, createDemoGenerator());
  const ana = client();
  const welcome = await ana.join();
  expect(welcome.limits.PROMPT_CHARACTERS).toBe(LENGTH);
  ana.send({ type: 'draft', text: longPrompt(1), draftId: 'd1' });
  ana.send({ type: 'generate', commandId: 'too long', prompt: `${longPrompt(1)}!` });
  expect(await ana.answer('too long')).toMatchObject({ code: 'prompt_too_long' });
  ana.send({ type: 'generate', commandId: 'go', prompt: longPrompt(1) });
  expect(await ana.answer('go')).toMatchObject({ type: 'ack' });
});

test('W12: a connection that asks for it gets each long prompt once; any other gets whole snapshots', async () => {
  const generator = new ScriptedGenerator();
  const server = await startSession({ limits }, generator);
  const { ana, sessionId } = server;
  const cy = server.client();
  await cy.join({ sessionId, prompts: 'once' });
  for (const number of [1, 2, 3]) {
    const type = number === 1 ? 'generate' : 'regenerate';
    ana.send({ type, commandId: `go ${number}`, prompt: longPrompt(number) });
    (await generator.drawing(number - 1)).finish(imageOf(String(number)));
    await ana.stage('user_feedback', ({ attempts }) => attempts.length === number);
  }
  const whole = await ana.stage('user_feedback', ({ attempts }) => attempts.length === 3);
  expect(whole.attempts.map(({ prompt }) => prompt)).toEqual([1, 2, 3].map(longPrompt));
  const short = await cy.stage('user_feedback', ({ attempts }) => attempts.length === 3);
  const prompts = cy.of('prompt');
  expect(prompts.map(({ text }) => text)).toEqual([1, 2, 3].map(longPrompt));
  expect(short.attempts).toMatchObject(prompts.map(({ promptId }) => ({ prompt: '', promptId })));
  expect(short).toMatchObject({ draft: '', draftPromptId: prompts[2]?.promptId });
  const bytesOf = (message: object) => Buffer.byteLength(JSON.stringify(message));
  expect(bytesOf(short)).toBeLessThan(4_000);
  expect(bytesOf(whole)).toBeGreaterThan(4 * 90_000);
});
