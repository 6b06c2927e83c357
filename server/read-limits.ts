/** The limits as the environment sets them, checked each by itself and against one another. */
import * as v from 'valibot';
import { defaultLimits, type LimitName, type Limits } from './limits.ts';

/** A longer timer would fire at once: https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const wholeNumber = (least: number, most: number) =>
  v.pipe(
    v.string(),
    v.digits(`must be a whole number from ${least} to ${most}`),
    v.transform(Number),
    v.minValue(least, `must be ${least} or more`),
    v.maxValue(most, `must be ${most} or less`),
  );

/** What JSON makes of a UTF-16 unit in UTF-8: three bytes, but for what hardly anybody writes. */
const BYTES_PER_CHARACTER = 3;
/** Room for what a message holds besides its words. */
const ENVELOPE_BYTES = 4 * 1024;

/** `problems` names each variable that can't be used, one in a line. */
export function readLimits(given: Readonly<Record<string, string | undefined>>): {
  readonly limits: Limits;
  readonly problems: readonly string[];
} {
  const limits: Record<LimitName, number> = { ...defaultLimits };
  const problems: string[] = [];
  for (const name of Object.keys(defaultLimits) as LimitName[]) {
    const text = given[`PROOFROOM_${name}`];
    if (text === undefined) continue;
    const most = name.endsWith('_MS') ? LONGEST_TIMER_MS : Number.MAX_SAFE_INTEGER;
    const parsed = v.safeParse(wholeNumber(1, most), text);
    if (parsed.success) limits[name] = parsed.output;
    else problems.push(`PROOFROOM_${name} ${parsed.issues[0].message}`);
  }
  return { limits, problems: problems.length > 0 ? problems : contradictions(limits) };
}

/** Limits that leave people nothing that they could do, in sentences that name both. */
function contradictions(limits: Limits): string[] {
  const problems: string[] = [];
  if (limits.IMAGE_MEMORY_BYTES < limits.UPSTREAM_IMAGE_BYTES) {
    problems.push(
      'PROOFROOM_IMAGE_MEMORY_BYTES must be PROOFROOM_UPSTREAM_IMAGE_BYTES or more: one image has to fit in',
    );
  }
  for (const name of ['PROMPT_CHARACTERS', 'FEEDBACK_CHARACTERS'] as const) {
    const leastBytes = limits[name] * BYTES_PER_CHARACTER + ENVELOPE_BYTES;
    if (limits.INBOUND_MESSAGE_BYTES >= leastBytes) continue;
    problems.push(`PROOFROOM_INBOUND_MESSAGE_BYTES must be ${leastBytes} or more for PROOFROOM_${name} to fit in`);
  }
  return problems;
}
