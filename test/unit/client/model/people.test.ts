import { describe, expect, test } from 'vitest';
import { COLOURS, lookersSentence, needsName, othersAt, peopleOf } from '../../../../client/model/people.ts';
import { initialState, type SessionState } from '../../../../client/session/session-state.ts';
import type { Person } from '../../../../shared/model.ts';
import { image, referenceOf, userFeedback, welcome } from '../../../support/server-messages.ts';
import { english } from '../../../support/texts.ts';

const person = (name: string, more: Partial<Person> = {}): Person => ({
  participantId: name.toLowerCase(),
  name,
  role: 'reviewer',
  ...more,
});
const first = referenceOf(image('image-1'));
const withPeople = (...people: Person[]): SessionState => ({
  ...initialState,
  welcome: welcome({ participantId: 'ana', name: 'Ana' }),
  snapshot: userFeedback([first]),
  people,
});
const initialsOf = (...names: string[]): string[] =>
  peopleOf(english, withPeople(...names.map((name) => person(name)))).map(({ initials }) => initials);

describe('the people of a session', () => {
  test('have initials that nobody else has, in any script', () => {
    expect(initialsOf('Bo', 'Bea Lund', 'Bob', 'bo 2', 'Bo-Å', 'B', 'B.')).toEqual([
      'B',
      'BL',
      'Bo',
      'B2',
      'BÅ',
      'B3',
      'B4',
    ]);
    expect(initialsOf('王小明', 'דנה', '👩‍🎨 Cy', '…')).toEqual(['王', 'ד', '👩‍🎨C', '?']);
  });

  test('have a colour each, and keep it and their initials when others come and go', () => {
    const many = Array.from({ length: COLOURS }, (_, index) => person(`Bo ${index}`));
    const all = peopleOf(english, withPeople(...many));
    expect(new Set(all.map(({ colour }) => colour)).size).toBe(COLOURS);
    const last = withPeople(...many.slice(-1), person('Bo 99'), person('B9'));
    const [kept, , added] = peopleOf(english, last, all);
    expect(kept).toMatchObject({ initials: 'B9', colour: all.at(-1)?.colour });
    expect(added?.initials).not.toBe('B9');
    const [renamed] = peopleOf(
      english,
      withPeople({ ...person('Cy'), participantId: many[0]?.participantId ?? '' }),
      all,
    );
    expect(renamed?.initials).toBe('C');
  });

  test('begin with the reader, and look at attempts that are still here', () => {
    const state = withPeople(
      person('Bo', { lookingAt: 'image-1' }),
      person('Cy', { lookingAt: 'gone' }),
      person('Ana', { lookingAt: 'image-1' }),
    );
    const people = peopleOf(english, state);
    expect(people.map(({ name, isYou, lookingAt }) => [name, isYou, lookingAt?.number])).toEqual([
      ['Ana', true, 1],
      ['Bo', false, 1],
      ['Cy', false, undefined],
    ]);
    expect(lookersSentence(english, othersAt(people, 'image-1'))).toBe('Bo looks at it.');
    expect(lookersSentence(english, [])).toBeUndefined();
  });

  test('are not called reviewers where they watch and have given no name', () => {
    const [watcher, reviewer] = peopleOf(
      english,
      withPeople(person('Reviewer 3', { role: 'watcher' }), person('Reviewer 4')),
    );
    expect([watcher?.name, reviewer?.name]).toEqual(['Watcher 3', 'Reviewer 4']);
  });
});

test('a reviewer without a name of their own is asked for one, and a watcher is not', () => {
  expect(needsName({ welcome: welcome() }, undefined)).toBe(true);
  expect(needsName({ welcome: welcome() }, ' ')).toBe(true);
  expect(needsName({ welcome: welcome() }, 'Ana')).toBe(false);
  expect(needsName({ welcome: welcome({ role: 'watcher' }) }, undefined)).toBe(false);
  expect(needsName({ welcome: welcome({ invited: true }) }, undefined)).toBe(false);
  expect(needsName({}, undefined)).toBe(false);
});
