/** Counts how often each rule was checked, and at which line of the simulator, and keeps the first rule that did not hold. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export const rules = [
  ...(['M1', 'M2', 'M3', 'M4', 'M5', 'M6', 'M7', 'M8', 'M9', 'M10', 'M11', 'M12'] as const),
  ...(['W1', 'W2', 'W3', 'W4', 'W5', 'W6', 'W7', 'W8', 'W9', 'W10', 'W11'] as const),
  ...(['R1', 'R2', 'R3', 'R4', 'R5', 'R6', 'R7', 'R8', 'R9', 'R11', 'R13', 'S4', 'S9'] as const),
  /** Typed text is never lost, and its fields agree in the end: R1 for the shared draft. */
  'draft',
  /** Supported options reach the generator as they were requested; others are rejected before anything is requested. */
  'options',
  /** A discard or a restore moves one attempt and changes nothing else. */
  'discard',
  /** A participant keeps the id over all connections, and nobody else gets it. */
  'participant',
  /** A candidate is asked for once, and once more when the server that drew it was lost. */
  'takeover',
] as const;
export type Rule = (typeof rules)[number];

export class RuleBroken extends Error {
  override readonly name = 'RuleBroken';
  readonly rule: Rule;

  constructor(rule: Rule, problem: string) {
    super(`${rule} is broken: ${problem}`);
    this.rule = rule;
  }
}

export class RuleChecks {
  readonly #byRule = new Map<Rule, number>();
  /** By the line of the check, such as `session-rules.ts:120`. */
  readonly #byLine = new Map<string, number>();
  #broken: RuleBroken | undefined;

  /**
   * Checks a rule. A broken rule is thrown later, by `throwIfBroken`: most checks run inside a call from the product, which might catch
   * the error.
   */
  check(rule: Rule, holds: boolean, problem: () => string): void {
    const line = callerOf(this.check);
    this.#byRule.set(rule, this.times(rule) + 1);
    this.#byLine.set(line, this.timesAt(line) + 1);
    if (!holds) this.#broken ??= new RuleBroken(rule, problem());
  }

  /** @throws {RuleBroken} the first rule that did not hold */
  throwIfBroken(): void {
    if (this.#broken) throw this.#broken;
  }

  /** How often `rule` was checked. */
  times(rule: Rule): number {
    return this.#byRule.get(rule) ?? 0;
  }

  /** How often the check at `line` ran. */
  timesAt(line: string): number {
    return this.#byLine.get(line) ?? 0;
  }

  add(other: RuleChecks): void {
    for (const [rule, times] of other.#byRule) this.#byRule.set(rule, this.times(rule) + times);
    for (const [line, times] of other.#byLine) this.#byLine.set(line, this.timesAt(line) + times);
  }

  /** Every check in the simulator's source and how often it ran, the rarest first. */
  coverage(): { readonly line: string; readonly times: number }[] {
    const lines = checkLines().map((line) => ({ line, times: this.timesAt(line) }));
    return lines.toSorted((one, other) => one.times - other.times);
  }
}

/** The lines of all checks, such as `session-rules.ts:120`. */
function checkLines(): string[] {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .flatMap((file) => {
      const lines = readFileSync(join(import.meta.dirname, file), 'utf8').split('\n');
      return lines.flatMap((text, at) => (/\b(checks|own)\.check\(/.test(text) ? [`${basename(file)}:${at + 1}`] : []));
    });
}

/** The line that called `callee`, without the text of a stack: this is asked for millions of times. */
function callerOf(callee: (...args: never[]) => unknown): string {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const holder: { stack?: NodeJS.CallSite[] } = {};
  Error.stackTraceLimit = 1;
  Error.prepareStackTrace = (_error, callSites) => callSites;
  Error.captureStackTrace(holder, callee);
  const callSite = holder.stack?.[0];
  Object.assign(Error, { prepareStackTrace, stackTraceLimit });
  return `${basename(callSite?.getFileName() ?? '')}:${callSite?.getLineNumber()}`;
}
