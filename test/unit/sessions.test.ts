import { describe, expect, test } from 'vitest';
import { GenerationFailed } from '../../server/generators/generator.ts';
import { inStage } from '../support/machine.ts';
import { imageOf } from '../support/scripted-generator.ts';
import { generate, Studio, send, settled } from '../support/core.ts';

describe('R11 sessions side by side', () => {
  test('R11 each result reaches the session that asked, whatever ends in between', async () => {
    const studio = new Studio({ CONCURRENT_CANDIDATES: 2 });
    const [one, two, three] = [studio.sessions.create(), studio.sessions.create(), studio.sessions.create()];
    await send(one, { ...generate, prompt: 'one' });
    await send(two, { ...generate, prompt: 'two' });
    await send(three, { ...generate, prompt: 'three' });
    expect(three.progress(0)).toMatchObject({ phase: 'queued', queuePosition: 1 });
    await send(one, { type: 'cancel' });
    await settled();
    const { drawings } = studio.generator;
    expect(drawings.map(({ request }) => request.prompt)).toEqual(['one', 'two', 'three']);
    drawings[2]?.finish(imageOf('for three'));
    await settled();
    expect(one.state.stage).toBe('initial_input');
    expect(two.state.stage).toBe('generating');
    expect(three.image(inStage(three.state, 'user_feedback').attempts[0].image.imageId)?.bytes).toEqual(
      imageOf('for three').bytes,
    );
    drawings[1]?.fail(new GenerationFailed('network', 'Cut.', { retryable: true }));
    await settled();
    expect(inStage(two.state, 'initial_input').unfinished?.generation.prompt).toBe('two');
    expect(three.state.stage).toBe('user_feedback');
  });

  test('R11 a closed session takes its waiting generations out of the line', async () => {
    const studio = new Studio({ CONCURRENT_CANDIDATES: 1 });
    const [one, two] = [studio.sessions.create(), studio.sessions.create()];
    await send(one, generate);
    await send(two, { ...generate, options: { candidates: 4 } });
    two.close();
    await settled();
    expect(studio.queue.waiting).toBe(0);
    studio.generator.drawings[0]?.finish();
    await settled();
    expect(studio.generator.drawings).toHaveLength(1);
    expect(one.state.stage).toBe('user_feedback');
  });
});
