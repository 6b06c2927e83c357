import { describe, expect, test } from 'vitest';
import { firstAnswer, type RememberedAnswer, remembered } from '../../../../server/session/answers.ts';
import { type Answer, reject } from '../../../../server/session/rejections.ts';
import type { Command } from '../../../../shared/protocol.ts';

const cancel = (commandId: string): Command => ({ type: 'cancel', commandId });
const answer: Answer = { accepted: true, revision: 7 };

function rememberedOf(command: Command): RememberedAnswer {
  return remembered(command, answer) ?? expect.fail('not remembered');
}

describe('the answer to a command', () => {
  test('M7: is given again to the same command, whatever the order of its fields', () => {
    const first: Command = { type: 'generate', commandId: 'a', turn: 1, prompt: 'p', options: { quality: 'low' } };
    const before = rememberedOf(first);
    const reordered = { options: { quality: 'low' }, prompt: 'p', turn: 1, commandId: 'a', type: 'generate' } as const;
    expect([firstAnswer(before, first), firstAnswer(before, reordered)]).toEqual([answer, answer]);
  });

  test('M7: other content under the same id is invalid_message', () => {
    const first: Command = { type: 'generate', commandId: 'a', turn: 1, prompt: 'p', options: { quality: 'low' } };
    const before = rememberedOf(first);
    const others: Command[] = [
      { type: 'cancel', commandId: 'a', turn: 1 },
      { ...first, prompt: 'q' },
      { ...first, turn: 2 },
      { ...first, options: { quality: 'high' } },
      { ...first, options: {} },
      { type: 'generate', commandId: 'a', turn: 1, prompt: 'p' },
      { type: 'generate', commandId: 'a', prompt: 'p', options: { quality: 'low' } },
    ];
    for (const other of others) {
      expect(firstAnswer(before, other), JSON.stringify(other)).toMatchObject({ code: 'invalid_message' });
    }
  });

  test.each(['rate_limited', 'not_allowed', 'server_busy', 'internal_error'] as const)(
    'M7: %s is not remembered, so the same id may try again',
    (code) => {
      expect(remembered(cancel('a'), reject(code))).toBeUndefined();
    },
  );
});
