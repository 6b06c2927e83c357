/** Tests of the fake OpenAI itself: `release` must work at any moment, or the tests that use it would be flaky. */
import { expect, onTestFinished, test } from 'vitest';
import { type FakeOpenAI, startFakeOpenAI } from '../../support/fake-openai.ts';

async function startFake(): Promise<FakeOpenAI> {
  const fake = await startFakeOpenAI();
  onTestFinished(() => fake.close());
  return fake;
}

/** Requests a picture. Resolves with all events once the answer is complete. */
async function request({ baseURL }: FakeOpenAI, signal?: AbortSignal): Promise<string> {
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

test('a release before the request finishes the next held drawing, and only that one', async () => {
  const fake = await startFake();
  fake.next('held');
  fake.release();
  expect(await request(fake)).toContain('response.completed');
  fake.next('held');
  const second = request(fake);
  await fake.request(2);
  fake.next('drawn');
  await request(fake);
  expect(fake.sent[1]?.final).toBeUndefined();
  fake.release();
  expect(await second).toContain('response.completed');
});

test('a release finishes all requested drawings, however far they are, and no later ones', async () => {
  const fake = await startFake();
  for (let count = 0; count < 3; count += 1) fake.next('held');
  const early = [request(fake), request(fake)];
  await fake.request(2);
  expect(fake.sent.map(({ partials }) => partials.length)).toContain(0);
  fake.release();
  for (const answer of early) expect(await answer).toContain('response.completed');
  const late = request(fake);
  await fake.request(3);
  expect(fake.sent[2]?.final).toBeUndefined();
  fake.release();
  expect(await late).toContain('response.completed');
});

test('a drawing that the client gave up does not use up a release', async () => {
  const fake = await startFake();
  fake.next('held');
  const cancel = new AbortController();
  const cancelled = request(fake, cancel.signal);
  const { closedEarly } = await fake.request(1);
  cancel.abort();
  await expect(cancelled).rejects.toThrow();
  await closedEarly;
  fake.next('held');
  fake.release();
  expect(await request(fake)).toContain('response.completed');
});
