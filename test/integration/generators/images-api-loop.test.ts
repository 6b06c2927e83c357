import { describe, expect, test } from 'vitest';
import { withRetries } from '../../../server/generators/retry.ts';
import { UPSTREAM_TEXT } from '../../support/fake-openai-scenarios.ts';
import { PROMPT } from '../../support/generation.ts';
import { IMAGES_KEY, setUpImagesApi } from '../../support/images-api-adapter.ts';
import { startServer } from '../../support/server.ts';
import { bytesOf } from '../../support/ws-client.ts';

describe('the Images API through the whole server', () => {
  async function startSession() {
    const { fake, generator } = await setUpImagesApi({ imageModel: 'gpt-image-2', sizes: ['64x48'] });
    const server = await startServer({}, withRetries(generator, { random: () => 0 }));
    const ana = server.client();
    await ana.join({ name: 'Ana' });
    return { fake, ana, logs: server.logs };
  }

  test('W4: an image, a refinement that sends exactly its bytes, and the approval', async () => {
    const { fake, ana } = await startSession();
    ana.send({ type: 'generate', commandId: 'first', prompt: PROMPT, options: { size: '64x48' } });
    const first = await ana.stage('user_feedback');
    expect(first.image).toMatchObject({ mediaType: 'image/png', width: 64, height: 48 });
    expect(bytesOf(await ana.until('image', ({ kind }) => kind === 'final'))).toEqual(fake.sent[0]);

    ana.send({ type: 'refine', commandId: 'finer', imageId: first.image.imageId, feedback: 'more rain' });
    const second = await ana.stage('user_feedback', ({ attempts }) => attempts.length === 2);
    expect(fake.requests[1]).toMatchObject({ path: '/v1/images/edits', files: [{ field: 'image' }] });
    expect(fake.requests[1]?.files[0]?.bytes).toEqual(fake.sent[0]);

    const { imageId, sha256 } = second.image;
    ana.send({ type: 'approve', commandId: 'yes', imageId, sha256 });
    expect((await ana.stage('final')).approved).toMatchObject({ imageId, sha256 });
  });

  test('R2: a cancel closes the upstream request', async () => {
    const { fake, ana } = await startSession();
    fake.next('held');
    ana.send({ type: 'generate', commandId: 'first', prompt: PROMPT });
    const { closedEarly } = await fake.request(1);
    ana.send({ type: 'cancel', commandId: 'no' });
    await ana.stage('initial_input', ({ lastGeneration }) => lastGeneration !== undefined);
    await closedEarly;
  });

  test('S7: neither the error nor the log repeats the key, the prompt or a text of the service', async () => {
    const { fake, ana, logs } = await startSession();
    fake.next('detail');
    ana.send({ type: 'generate', commandId: 'first', prompt: PROMPT });
    const { error } = await ana.stage('initial_input', (snapshot) => snapshot.error !== undefined);
    expect(error).toMatchObject({ code: 'provider_error', retryable: false });
    for (const text of [...logs, JSON.stringify(error)]) {
      for (const secret of [IMAGES_KEY, PROMPT, UPSTREAM_TEXT]) expect(text).not.toContain(secret);
    }
  });
});
