import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Names, normalizedName } from '../../../../server/session/names.ts';
import { isBlank } from '../../../../shared/text.ts';

const LONGEST = 40;
const CONTROLS = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

/** Letters, marks, spaces, controls and look-alikes, more often than chance would give them. */
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      ...'anYou 2',
      '\u0301',
      '\u0430',
      '\u202e',
      '\u200b',
      '\u00a0',
      '\n',
      '\u{1f98a}',
      '\u3164',
      '\u0958',
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
  ),
  maxLength: 60,
});

describe('a name', () => {
  test('has nothing in it that people do not see, at most 40 characters, and stays as it is when it is sent again', () => {
    fc.assert(
      fc.property(text, (given) => {
        const name = normalizedName(given, LONGEST);
        expect(name).not.toMatch(CONTROLS);
        expect(name).not.toMatch(/^[\s\p{M}]|\s$|\s\s|[^\S ]/u);
        expect(name.length).toBeLessThanOrEqual(LONGEST);
        expect(name).toBe(name.normalize('NFC'));
        expect(name === '' || !isBlank(name)).toBe(true);
        expect(normalizedName(name, LONGEST)).toBe(name);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    [' Ana  Maria\n', 'Ana Maria'],
    ['\u202eanA\u202c', 'anA'],
    ['A\u200bn\u00ada\u2060', 'Ana'],
    ['\u0301Ana', 'Ana'],
    ['a\u0301', 'á'],
    [`Z${'\u0334'.repeat(20)}`, `Z${'\u0334'.repeat(4)}`],
    ['\u200b\u3164\u2800', ''],
    ['Ѳ'.repeat(60), 'Ѳ'.repeat(40)],
    ['🦊'.repeat(30), '🦊'.repeat(20)],
  ])('of %j is %j', (given, name) => {
    expect(normalizedName(given, LONGEST)).toBe(name);
  });

  test.each(['You', ' yOU ', 'ＹＯＵ', 'Y\u043eu', '“You”', 'You.', 'Y\u200bou', 'Somebody', 'a reviewer'])(
    'is not %j, as the page calls people so',
    (given) => {
      expect(normalizedName(given, LONGEST)).toBe('');
    },
  );

  test.each(['You Li', 'Youssef', '尤', 'م'])('may be %j', (given) => {
    expect(normalizedName(given, LONGEST)).toBe(given);
  });
});

describe('the names of a session', () => {
  const namesOf = (...wanted: string[]) => {
    const names = new Names(LONGEST);
    return wanted.map((name, at) => names.nameFor(`participant ${at}`, name, true));
  };

  test('that look alike are told apart by numbers: other case, other scripts, full width, letters that resemble each other', () => {
    expect(namesOf('Ana', 'ana', 'А\u043d\u0430', 'Ａｎａ', '\u0410n\u0430', 'Ana 2')).toEqual([
      'Ana',
      'ana 2',
      'А\u043d\u0430',
      'Ａｎａ 3',
      '\u0410n\u0430 4',
      'Ana 5',
    ]);
    expect(namesOf('Ian', 'lan', 'paypal', 'p\u0430yp\u0430l', 'rnaria', 'maria')).toEqual([
      'Ian',
      'lan 2',
      'paypal',
      'p\u0430yp\u0430l 2',
      'rnaria',
      'maria 2',
    ]);
  });

  test('stay within the limit when a number is added', () => {
    const long = 'x'.repeat(LONGEST);
    expect(namesOf(long, long)).toEqual([long, `${'x'.repeat(LONGEST - 2)} 2`]);
  });

  test('are free again for the participant who had them, and for nobody else', () => {
    const names = new Names(LONGEST);
    expect(names.nameFor('one', 'Ana', true)).toBe('Ana');
    expect(names.nameFor('two', 'Ana', true)).toBe('Ana 2');
    expect(names.nameFor('one', 'Bo', true)).toBe('Bo');
    expect(names.nameFor('two', 'Ana', true)).toBe('Ana 2');
    expect(names.nameFor('three', 'Ana', true)).toBe('Ana 3');
    expect(names.nameFor('one', 'Ana', true)).toBe('Ana');
  });

  test('are not kept for those who only watch', () => {
    const names = new Names(LONGEST);
    expect(names.nameFor('watcher', 'Ana', false)).toBe('Ana');
    expect(names.nameFor('reviewer', 'Ana', true)).toBe('Ana');
    expect(names.nameFor('watcher', 'Ana', false)).toBe('Ana 2');
  });

  test('for people who give none are counted, past those that somebody chose', () => {
    expect(namesOf('', 'Reviewer 3', 'You', ' ')).toEqual(['Reviewer 1', 'Reviewer 3', 'Reviewer 2', 'Reviewer 4']);
  });

  test('are never the same for two participants, whatever they ask for', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 12 }), (wanted) => {
        const given = namesOf(...wanted, ...wanted).map((name) => name.normalize('NFKC').toLowerCase());
        expect(new Set(given).size).toBe(given.length);
      }),
    );
  });

  test('take a bounded time and memory, however many people come', () => {
    const names = new Names(LONGEST);
    for (let count = 0; count < 5_000; count += 1) names.nameFor(`p${count}`, `Ana ${count}`, true);
    expect(names.nameFor('last', 'Ana 4999', true)).not.toBe('Ana 4999');
    expect(names.nameFor('last', 'Ana 1', true)).toBe('Ana 1');
  });
});

test('W11: an invited name stays its participant’s, however many others come, until it is released', () => {
  const names = new Names(LONGEST);
  expect([names.reserve('p1', 'Mira'), names.reserve('p2', 'mira')]).toEqual(['Mira', 'mira 2']);
  for (let count = 0; count < 2_000; count += 1) names.nameFor(`other ${count}`, `Guest ${count}`, true);
  expect([names.nameOf('p1'), names.nameFor('other', 'MIRA', false)]).toEqual(['Mira', 'MIRA 3']);
  names.release('p1');
  expect([names.nameOf('p1'), names.nameFor('other', 'MIRA', false)]).toEqual([undefined, 'MIRA']);
  expect(['Mira', 'x'.repeat(LONGEST + 1), ' ', 'you'].map((name) => names.isPossible(name))).toEqual([
    ...[true, false, false, false],
  ]);
});
