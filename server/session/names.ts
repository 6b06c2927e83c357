/** Names of participants: how a text becomes a name, and which names people could mistake for each other. */
import unhomoglyph from 'unhomoglyph';
import { invisible, isBlank } from '../../shared/text.ts';

/** What the page itself calls people: with such a name, others would read that they themselves had acted. */
const RESERVED = new Set(['you', 'somebody', 'someone', 'nobody', 'everybody', 'everyone', 'areviewer', 'theserver']);

/** More marks on one letter than any script needs, so that they cover the lines above and below. */
const STACKED_MARKS = /(\p{M}{4})\p{M}+/gu;
/** A mark without a letter joins whatever stands before the name. */
const LEADING_MARKS = /^[\p{M} ]+/u;

/**
 * The name that a text gives: in NFC, on one line, without characters that nobody sees, at most `longest` UTF-16 units. Empty where
 * nothing visible is left, or where the page calls people so itself.
 */
export function normalizedName(text: string, longest: number): string {
  const visible = text
    .replace(/[\s\p{Z}]+/gu, ' ')
    .replace(invisible, '')
    .normalize('NFC')
    .replace(STACKED_MARKS, '$1')
    .replace(/ +/g, ' ')
    .replace(LEADING_MARKS, '');
  const name = cut(visible, longest);
  return isBlank(name) || isReserved(name) ? '' : name;
}

interface Owner {
  readonly participantId: string;
  readonly name: string;
}

/** The names of one session, as plain JSON. */
export interface TakenNames {
  /** The owners of names, by the keys of the names; the latest claimed last. */
  readonly owners: readonly (readonly [string, Owner])[];
  /** The same of those who were invited. Their names are never given to others. */
  readonly invited: readonly (readonly [string, Owner])[];
  /** How many of `Reviewer 1`, `Reviewer 2`, … were given. */
  readonly defaultNames: number;
}

export const noNames: TakenNames = { owners: [], invited: [], defaultNames: 0 };

/** Gives names in one session. Nobody gets a name that looks like one that somebody else has had there. */
export class Names {
  readonly #longest: number;
  readonly #before: TakenNames;
  readonly #owners: Map<string, Owner>;
  readonly #invited: Map<string, Owner>;
  #defaultNames: number;
  #isChanged = false;

  /**
   * @param longest the longest name, in UTF-16 units
   * @param taken those that were given before
   */
  constructor(longest: number, taken = noNames) {
    this.#longest = longest;
    this.#before = taken;
    this.#owners = new Map(taken.owners);
    this.#invited = new Map(taken.invited);
    this.#defaultNames = taken.defaultNames;
  }

  /** The names that are taken now: the same object as before if nothing has changed. */
  get taken(): TakenNames {
    if (!this.#isChanged) return this.#before;
    return { owners: [...this.#owners], invited: [...this.#invited], defaultNames: this.#defaultNames };
  }

  /**
   * The name of a participant who asks for `wanted`: with a number behind it where somebody else has that name, or `Reviewer 1`,
   * `Reviewer 2`, … where there is none. The participant's own earlier names are free for them.
   * @param isKept nobody else gets the name from now on
   */
  nameFor(participantId: string, wanted: string, isKept: boolean): string {
    const name = normalizedName(wanted, this.#longest);
    const chosen = name ? this.#distinct(name, participantId) : this.#defaultName(participantId);
    // A participant who comes back with the same name changes nothing.
    if (isKept && this.nameOf(participantId) !== chosen) this.#keep(chosen, participantId);
    return chosen;
  }

  /** Whether somebody can be invited by that name: something visible is left of it, and not too much. */
  isPossible(wanted: string): boolean {
    const name = normalizedName(wanted, this.#longest);
    return name !== '' && normalizedName(wanted, Number.POSITIVE_INFINITY) === name;
  }

  /** The name of somebody who is invited, with a number if need be. Others don't get it until it is released. */
  reserve(participantId: string, wanted: string): string {
    const chosen = this.#distinct(normalizedName(wanted, this.#longest), participantId);
    this.#isChanged = true;
    for (const key of keysOf(chosen)) this.#invited.set(key, { participantId, name: chosen });
    return chosen;
  }

  /** Others may have the name of an invitation again. */
  release(participantId: string): void {
    this.#isChanged = true;
    for (const [key, owner] of this.#invited) if (owner.participantId === participantId) this.#invited.delete(key);
  }

  /** The name that a participant had last; undefined for watchers who were not invited. */
  nameOf(participantId: string): string | undefined {
    const owners = [...this.#owners.values(), ...this.#invited.values()];
    return owners.findLast((owner) => owner.participantId === participantId)?.name;
  }

  #defaultName(participantId: string): string {
    let name: string;
    do {
      this.#defaultNames += 1;
      this.#isChanged = true;
      name = `Reviewer ${this.#defaultNames}`;
    } while (!this.#isFree(name, participantId));
    return name;
  }

  #distinct(wanted: string, participantId: string): string {
    const base = wanted.replace(/ \d{1,6}$/, '');
    let name = wanted;
    for (let number = 2; !this.#isFree(name, participantId); number += 1) {
      const suffix = ` ${number}`;
      name = `${cut(base, this.#longest - suffix.length)}${suffix}`;
    }
    return name;
  }

  #isFree(name: string, participantId: string): boolean {
    const isOwn = (owner: Owner | undefined) => (owner?.participantId ?? participantId) === participantId;
    return keysOf(name).every((key) => isOwn(this.#owners.get(key)) && isOwn(this.#invited.get(key)));
  }

  #keep(name: string, participantId: string): void {
    this.#isChanged = true;
    for (const key of keysOf(name)) {
      this.#owners.delete(key);
      this.#owners.set(key, { participantId, name });
    }
    for (const key of this.#owners.keys()) {
      if (this.#owners.size <= MOST_KEYS) break;
      this.#owners.delete(key);
    }
  }
}

/** So that a session whose people come and go without end keeps no more than some hundred kilobytes of names. */
const MOST_KEYS = 2_000;

/**
 * Names that share a key look alike. The first key is for other spellings of the same letters (`ana`, `Ana`, in full width), the second
 * for other letters (`Аnа` with Cyrillic ones). The look-alikes are those of Unicode's confusables.txt, which is too long to keep here.
 */
function keysOf(name: string): readonly string[] {
  const compatible = name.normalize('NFKC');
  return [compatible.toLowerCase(), `≈${unhomoglyph(compatible).toLowerCase()}`];
}

/** Punctuation does not make the word another one. */
const isReserved = (name: string): boolean =>
  keysOf(name).some((key) => RESERVED.has(key.replace(/[^\p{L}\p{N}]+/gu, '')));

/** The whole characters at the beginning, as far as they fit. */
function cut(name: string, longest: number): string {
  let kept = '';
  for (const character of name) {
    if (kept.length + character.length > longest) break;
    kept += character;
  }
  return kept.trimEnd();
}
