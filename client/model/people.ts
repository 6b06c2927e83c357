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
  /** An index into the colours of `client/components/ui/avatar.ts`: the same person has the same one on every page. */
  readonly colour: number;
  readonly isYou: boolean;
  /** The attempt that they have open, as long as it is here. */
  readonly lookingAt: { readonly imageId: string; readonly number: number } | undefined;
}

/** How many colours `client/components/ui/avatar.ts` has. */
export const COLOURS = 10;

/** In the order in which they came, with the reader first. */
export function peopleOf(t: Texts, { people, welcome, snapshot }: SessionState): readonly ShownPerson[] {
  const taken = new Set<string>();
  const shown = people.map((person): ShownPerson => {
    const { participantId, role, lookingAt } = person;
    const name = nameOf(t, person);
    const attempt = findAttempt(snapshot?.attempts ?? [], lookingAt);
    const initials = initialsOf(name, taken);
    taken.add(initials);
    return {
      participantId,
      name,
      role,
      initials,
      colour: colourOf(participantId),
      isYou: participantId === welcome?.participantId,
      lookingAt: attempt && { imageId: attempt.image.imageId, number: attempt.number },
    };
  });
  return shown.toSorted((one, other) => Number(other.isYou) - Number(one.isYou));
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
  welcome?.role === 'reviewer' && !chosen?.trim();

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

function colourOf(participantId: string): number {
  let hash = 0;
  for (const character of participantId) hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
  return hash % COLOURS;
}
