/** Which rules were put to the test, how often, and the first that was broken. */

export const rules = [
  ...['M1', 'M2', 'M3', 'M4', 'M5', 'M6', 'M7', 'M8', 'M9', 'M10'],
  ...['W1', 'W2', 'W3', 'W4', 'W5', 'W6', 'W7', 'W8', 'W9'],
  ...['R1', 'R2', 'R4', 'R5', 'R7', 'R8', 'R9', 'R11', 'draft', 'discard', 'options'],
] as const;
export type Rule =
  | `M${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10}`
  | `W${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9}`
  | `R${1 | 2 | 4 | 5 | 7 | 8 | 9 | 11}`
  /** Typed text is never lost: R1 for the prompt field. */
  | 'draft'
  /** Options that are offered reach the service as they were asked for; others are refused, and nothing is asked for. */
  | 'options'
  /** To discard and to restore moves one attempt, and changes nothing else. */
  | 'discard';

export class RuleBroken extends Error {
  override readonly name = 'RuleBroken';
  readonly rule: Rule;

  constructor(rule: Rule, what: string) {
    super(`${rule} is broken: ${what}`);
    this.rule = rule;
  }
}

export class Ledger {
  readonly #held = new Map<Rule, number>();
  #broken: RuleBroken | undefined;

  /**
   * Notes that `rule` applied, and whether it held. A broken one is kept and not thrown: most are found inside a call from the
   * product, which might swallow it.
   */
  check(rule: Rule, holds: boolean, what: () => string): void {
    this.#held.set(rule, (this.#held.get(rule) ?? 0) + 1);
    if (!holds) this.#broken ??= new RuleBroken(rule, what());
  }

  /** @throws {RuleBroken} the first that was */
  throwIfBroken(): void {
    if (this.#broken) throw this.#broken;
  }

  /** How often `rule` applied. */
  times(rule: Rule): number {
    return this.#held.get(rule) ?? 0;
  }

  add(other: Ledger): void {
    for (const [rule, times] of other.#held) this.#held.set(rule, this.times(rule) + times);
  }
}
