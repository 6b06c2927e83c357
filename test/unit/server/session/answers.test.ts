import { describe, expect, test } from 'vitest';
import { Answers } from '../../../../server/session/answers.ts';
import { type Answer, reject } from '../../../../server/session/rejections.ts';
import type { Command } from '../../../../shared/protocol.ts';

const cancel = (commandId: string): Command => ({ type: 'cancel', commandId });
const answer: Answer = { accepted: true, revision: 7 };

describe('Answers', () => {
  test('M7: the first answer is found again, and no answer to an unknown id', () => {
    const answers = new Answers(2);
    answers.remember(cancel('constructor'), answer);
    expect(answers.find(cancel('constructor'))).toBe(answer);
    expect(answers.find(cancel('constructor'))).toBe(answer);
    expect(answers.find(cancel('__proto__'))).toBeUndefined();
  });

  test('M7: other content under the same id is invalid_message; the order of the fields does not matter', () => {
    const answers = new Answers(2);
    const first: Command = { type: 'generate', commandId: 'a', turn: 1, prompt: 'p', options: { quality: 'low' } };
    answers.remember(first, answer);
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
      expect(answers.find(other), JSON.stringify(other)).toMatchObject({ accepted: false, code: 'invalid_message' });
    }
    const reordered = { options: { quality: 'low' }, prompt: 'p', turn: 1, commandId: 'a', type: 'generate' } as const;
    expect(answers.find(reordered)).toBe(answer);
  });

  test('M7: the oldest answer is forgotten first, though it was just looked up', () => {
    const answers = new Answers(2);
    answers.remember(cancel('a'), answer);
    answers.remember(cancel('b'), answer);
    answers.find(cancel('a'));
    answers.remember(cancel('c'), answer);
    expect(['a', 'b', 'c'].map((id) => answers.find(cancel(id)))).toEqual([undefined, answer, answer]);
  });

  test.each(['rate_limited', 'not_allowed', 'server_busy', 'internal_error'] as const)(
    'M7: %s is not remembered, so the same id may try again',
    (code) => {
      const answers = new Answers(2);
      answers.remember(cancel('a'), reject(code));
      expect(answers.find(cancel('a'))).toBeUndefined();
    },
  );
});
