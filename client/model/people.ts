/** The people of a session as the page shows them: with initials, a colour, and what they look at. */
import type { Person } from '../../shared/model.ts';
import type { SessionState } from '../session/session-state.ts';
import { findAttempt } from './attempt-tree.ts';
import type { Texts } from './texts.ts';

export interface ShownPerson {
  readonly participantId: string;
  readonly name: string;
  readonly role: Person['role'];
  /** One or two characters, others than anybody else's here. */
  readonly initials: string;
  /** An index into the colours of `client/components/ui/avatar.ts`, by who they are; another one where somebody here has it. */
  readonly colour: number;
  readonly isYou: boolean;
  /** The attempt that they have open, as long as it is here. */
  readonly lookingAt: { readonly imageId: string; readonly number: number } | undefined;
}

/** How many colours `client/components/ui/avatar.ts` has. */
export const COLOURS = 10;

/**
 * In the order in which they came, with the reader first.
 * @param before the list until now: people in it keep colour and initials
 */
export function peopleOf(
  t: Texts,
  { people, welcome, snapshot }: Pick<SessionState, 'people' | 'welcome' | 'snapshot'>,
  before: readonly ShownPerson[] = [],
): readonly ShownPerson[] {
  const named = people.map((person) => ({ ...person, name: nameOf(t, person) }));
  const marks = marksOf(named, before);
  const shown = named.map(({ lookingAt, ...person }): ShownPerson => {
    const attempt = findAttempt(snapshot?.attempts ?? [], lookingAt);
    return {
      ...person,
      ...(marks.get(person.participantId) ?? { initials: '', colour: 0 }),
      isYou: person.participantId === welcome?.participantId,
      lookingAt: attempt && { imageId: attempt.image.imageId, number: attempt.number },
    };
  });
  return shown.toSorted((one, other) => Number(other.isYou) - Number(one.isYou));
}

type Marks = Pick<ShownPerson, 'initials' | 'colour'>;

/** By participant id. */
function marksOf(people: readonly Person[], before: readonly ShownPerson[]): ReadonlyMap<string, Marks> {
  const isHere = (one: ShownPerson) =>
    people.some(({ participantId, name }) => participantId === one.participantId && name === one.name);
  const marks = new Map(before.filter(isHere).map((one): [string, Marks] => [one.participantId, one]));
  for (const { participantId, name } of people) {
    if (marks.has(participantId)) continue;
    const taken = [...marks.values()];
    marks.set(participantId, {
      initials: initialsOf(name, new Set(taken.map(({ initials }) => initials))),
      colour: colourOf(participantId, new Set(taken.map(({ colour }) => colour))),
    });
  }
  return marks;
}

/** The others who have that attempt open. */
export const othersAt = (people: readonly ShownPerson[], imageId: string): readonly ShownPerson[] =>
  people.filter(({ isYou, lookingAt }) => !isYou && lookingAt?.imageId === imageId);

/** For screen readers; undefined where nobody looks at it. */
export function lookersSentence(t: Texts, people: readonly ShownPerson[]): string | undefined {
  if (people.length === 0) return undefined;
  const names = new Intl.ListFormat(t.language).format(people.map(({ name }) => name));
  return t('people.lookAtIt', { count: people.length, names });
}

/** A reviewer who came by an open link and has given no name is asked for one before their first decision. */
export const needsName = ({ welcome }: Pick<SessionState, 'welcome'>, chosen: string | undefined): boolean =>
  welcome?.role === 'reviewer' && !welcome.invited && !chosen?.trim();

/** Without a name of their own, the server calls watchers reviewers, too. */
function nameOf(t: Texts, { name, role }: Person): string {
  const [, number] = /^Reviewer (\d+)$/.exec(name) ?? [];
  return role === 'watcher' && number ? t('people.watcher', { number: Number(number) }) : name;
}

const graphemes = new Intl.Segmenter();
const charactersOf = (word: string): string[] => [...graphemes.segment(word)].map(({ segment }) => segment);

/** Such as `A` for Ana, `AL` for Ana Lopez and `J2` for Jonas 2, with other letters of the name where somebody has those. */
function initialsOf(name: string, taken: ReadonlySet<string>): string {
  const [first = ['?'], ...others] = name
    .split(/[\s\p{P}]+/u)
    .filter(Boolean)
    .map(charactersOf);
  const initial = (first[0] ?? '?').toUpperCase();
  const last = others.at(-1)?.[0]?.toUpperCase() ?? '';
  const seconds = [last, ...first.slice(1), ...Array.from({ length: 8 }, (_, index) => String(index + 2))];
  return seconds.map((second) => initial + second).find((one) => !taken.has(one)) ?? initial;
}

function colourOf(participantId: string, taken: ReadonlySet<number>): number {
  let hash = 0;
  for (const character of participantId) hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
  const colours = Array.from({ length: COLOURS }, (_, index) => (hash + index) % COLOURS);
  return colours.find((colour) => !taken.has(colour)) ?? hash % COLOURS;
}
