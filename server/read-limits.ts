/** The limits as the environment sets them, each checked by itself and held against the others. */
import * as v from 'valibot';
import { defaultLimits, type LimitName, type Limits } from './platform/limits.ts';

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
  return { limits, problems };
}

/**
 * What limits that contradict one another keep people from, in sentences that name both variables. They hold all the same: whoever
 * tries how the server behaves at its limits sets such.
 */
export function contradictions(limits: Limits): readonly string[] {
  const sentences: string[] = [];
  if (limits.IMAGE_MEMORY_BYTES < limits.UPSTREAM_IMAGE_BYTES) {
    sentences.push('PROOFROOM_IMAGE_MEMORY_BYTES is less than PROOFROOM_UPSTREAM_IMAGE_BYTES: no image will have room');
  }
  for (const name of ['PROMPT_CHARACTERS', 'FEEDBACK_CHARACTERS'] as const) {
    const leastBytes = limits[name] * BYTES_PER_CHARACTER + ENVELOPE_BYTES;
    if (limits.INBOUND_MESSAGE_BYTES >= leastBytes) continue;
    sentences.push(
      `PROOFROOM_INBOUND_MESSAGE_BYTES is less than ${leastBytes}: not every text that PROOFROOM_${name} allows will fit in`,
    );
  }
  return sentences;
}
