import { expect, test } from 'vitest';
import { revisedPromptOf } from '../../server/generators/openai/revised-prompt.ts';

test('S4 a rewritten prompt, which stands in every snapshot, is cut to 4,000 characters, and stays well formed', () => {
  expect(revisedPromptOf(`${'x'.repeat(3_999)}🪁`).revisedPrompt).toBe(`${'x'.repeat(3_999)}\ufffd`);
  expect(revisedPromptOf('🪁'.repeat(3_000)).revisedPrompt).toBe('🪁'.repeat(2_000));
  expect(revisedPromptOf('')).toEqual({});
});
