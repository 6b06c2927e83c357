/** OpenAI's stand-in itself: a test is worth as much as what it is held up by. */
import { expect, onTestFinished, test } from 'vitest';
import { type FakeOpenAI, startFakeOpenAI } from '../support/fake-openai.ts';

async function startFake(): Promise<FakeOpenAI> {
  const fake = await startFakeOpenAI();
  onTestFinished(() => fake.close());
  return fake;
}

/** Asks for a picture; resolves with all events once the answer is complete. */
async function ask({ baseURL }: FakeOpenAI, signal?: AbortSignal): Promise<string> {
  const body = {
    model: 'a-model',
    input: [{ content: [{ type: 'input_text', text: 'a cat' }] }],
    tools: [{ model: 'an-image-model', partial_images: 1 }],
  };
  const response = await fetch(`${baseURL}/responses`, {
    method: 'POST',
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
  return response.text();
}

test('a release before the drawing is asked for lets it through, and only that one', async () => {
  const fake = await startFake();
  fake.next('held');
  fake.release();
  expect(await ask(fake)).toContain('response.completed');
  fake.next('held');
  const second = ask(fake);
  await fake.request(2);
  fake.next('drawn');
  await ask(fake);
  expect(fake.sent[1]?.final).toBeUndefined();
  fake.release();
  expect(await second).toContain('response.completed');
});

test('a release lets through what was asked for, however far it is, and nothing that is asked for later', async () => {
  const fake = await startFake();
  for (let count = 0; count < 3; count += 1) fake.next('held');
  const early = [ask(fake), ask(fake)];
  await fake.request(2);
  expect(fake.sent.map(({ partials }) => partials.length)).toContain(0);
  fake.release();
  for (const answer of early) expect(await answer).toContain('response.completed');
  const late = ask(fake);
  await fake.request(3);
  expect(fake.sent[2]?.final).toBeUndefined();
  fake.release();
  expect(await late).toContain('response.completed');
});

test('a drawing that was given up does not use a release up', async () => {
  const fake = await startFake();
  fake.next('held');
  const cancel = new AbortController();
  const given = ask(fake, cancel.signal);
  const request = await fake.request(1);
  cancel.abort();
  await expect(given).rejects.toThrow();
  await request.closedEarly;
  fake.next('held');
  fake.release();
  expect(await ask(fake)).toContain('response.completed');
});
