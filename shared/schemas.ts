/** Building blocks of the schemas in this folder. */
import * as v from 'valibot';

/** A whole number from 0 to 2^53 − 1. */
export const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** A moment in UTC in ISO 8601, as `Date.prototype.toISOString` writes it. */
export const Timestamp = v.pipe(v.string(), v.isoTimestamp());

/**
 * An enum that a newer server may have extended. A value outside of `names` is read as `unknown`, so that a client keeps the rest of
 * the message and shows a neutral text.
 */
export function openEnum<const Name extends string>(names: readonly Name[]) {
  const isName = (value: string): value is Name => names.some((name) => name === value);
  return v.pipe(
    v.string(),
    v.transform((value): Name | 'unknown' => (isName(value) ? value : 'unknown')),
  );
}

/** A value that is none of `names`, of a newer server: read as `unknown`. */
export function otherThan(names: readonly string[]) {
  return v.pipe(
    v.string(),
    v.check((value) => !names.includes(value)),
    v.transform(() => 'unknown' as const),
  );
}
