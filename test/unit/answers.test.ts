import { describe, expect, test } from 'vitest';
import { type Answer, Answers } from '../../server/session/answers.ts';
import type { Command } from '../../shared/protocol.ts';

const cancel = (commandId: string, turn?: number): Command => ({
  type: 'cancel',
  commandId,
  ...(turn !== undefined && { turn }),
});
const answer: Answer = { accepted: true, revision: 7 };

describe('Answers', () => {
  test('M7 an id that was never seen has no answer', () => {
    expect(new Answers(2).find(cancel('a'))).toBeUndefined();
  });

  test('M7 the first answer is given again', () => {
    const answers = new Answers(2);
    answers.remember(cancel('a'), answer);
    expect(answers.find(cancel('a'))).toBe(answer);
    expect(answers.find(cancel('a'))).toBe(answer);
  });

  test('M7 other content is invalid_message: another type, another field, one more, one fewer', () => {
    const answers = new Answers(2);
    const first: Command = { type: 'generate', commandId: 'a', turn: 1, prompt: 'p', options: { quality: 'low' } };
    answers.remember(first, answer);
    const others: Command[] = [
      cancel('a', 1),
      { ...first, prompt: 'q' },
      { ...first, turn: 2 },
      { ...first, options: { quality: 'high' } },
      { ...first, options: {} },
      { type: 'generate', commandId: 'a', turn: 1, prompt: 'p' },
      { type: 'generate', commandId: 'a', prompt: 'p', options: { quality: 'low' } },
    ];
    for (const other of others) expect(answers.find(other)).toEqual({ accepted: false, code: 'invalid_message' });
    expect(answers.find({ options: { quality: 'low' }, prompt: 'p', turn: 1, commandId: 'a', type: 'generate' })).toBe(
      answer,
    );
  });

  test('M7 the oldest is forgotten first, whether it was asked for in between or not', () => {
    const answers = new Answers(2);
    answers.remember(cancel('a'), answer);
    answers.remember(cancel('b'), answer);
    answers.find(cancel('a'));
    answers.remember(cancel('c'), answer);
    expect([answers.find(cancel('a')), answers.find(cancel('b')), answers.find(cancel('c'))]).toEqual([
      undefined,
      answer,
      answer,
    ]);
  });

  test('ids that are names of an object’s own are ids like any other', () => {
    const answers = new Answers(2);
    expect(answers.find(cancel('__proto__'))).toBeUndefined();
    answers.remember(cancel('constructor'), answer);
    expect(answers.find(cancel('constructor'))).toBe(answer);
  });
});
