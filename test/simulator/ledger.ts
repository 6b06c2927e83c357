/** Which rules were put to the test, where and how often, and the first that was broken. */
import { basename } from 'node:path';

export const rules = [
  ...['M1', 'M2', 'M3', 'M4', 'M5', 'M6', 'M7', 'M8', 'M9', 'M10'],
  ...['W1', 'W2', 'W3', 'W4', 'W5', 'W6', 'W7', 'W8', 'W9'],
  ...['R1', 'R2', 'R3', 'R4', 'R5', 'R6', 'R7', 'R8', 'R9', 'R11', 'S4', 'draft', 'discard', 'options'],
] as const;
export type Rule =
  | `M${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10}`
  | `W${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9}`
  | `R${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 11}`
  | 'S4'
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
  /** By the place in the source that checks, such as `wire-rules.ts:120`. */
  readonly #heldAt = new Map<string, number>();
  #broken: RuleBroken | undefined;

  /**
   * Notes that `rule` applied, and whether it held. A broken one is kept and not thrown: most are found inside a call from the
   * product, which might swallow it. Every place that calls this must come to it often (see sites.ts), or it checks nothing.
   */
  check(rule: Rule, holds: boolean, what: () => string): void {
    const site = caller(this.check);
    this.#held.set(rule, this.times(rule) + 1);
    this.#heldAt.set(site, this.timesAt(site) + 1);
    if (!holds) this.#broken ??= new RuleBroken(rule, what());
  }

  /** Notes that `rule` is broken, by what should never come. */
  broken(rule: Rule, what: () => string): void {
    this.#broken ??= new RuleBroken(rule, what());
  }

  /** @throws {RuleBroken} the first that was */
  throwIfBroken(): void {
    if (this.#broken) throw this.#broken;
  }

  /** How often `rule` applied. */
  times(rule: Rule): number {
    return this.#held.get(rule) ?? 0;
  }

  /** How often the check at `site` applied. */
  timesAt(site: string): number {
    return this.#heldAt.get(site) ?? 0;
  }

  add(other: Ledger): void {
    for (const [rule, times] of other.#held) this.#held.set(rule, this.times(rule) + times);
    for (const [site, times] of other.#heldAt) this.#heldAt.set(site, this.timesAt(site) + times);
  }
}

/** The line that called `callee`: asked for very often, so without the text of a stack. */
function caller(callee: (...args: never[]) => unknown): string {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const asked: { stack?: NodeJS.CallSite[] } = {};
  Error.stackTraceLimit = 1;
  Error.prepareStackTrace = (_error, sites) => sites;
  Error.captureStackTrace(asked, callee);
  const site = asked.stack?.[0];
  Object.assign(Error, { prepareStackTrace, stackTraceLimit });
  return `${basename(site?.getFileName() ?? '')}:${site?.getLineNumber()}`;
}
