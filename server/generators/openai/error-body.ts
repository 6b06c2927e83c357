/** What a server says of a failure, in whatever form it says it: an error as OpenAI writes it, or a mere text. */
import * as v from 'valibot';
import type { Refusal } from './refusals.ts';

/** A side matter: where it has another type than it should, it counts as not said, and harms nothing beside it. */
export const optionalText = v.fallback(v.nullish(v.string()), undefined);

/** Codes are words with OpenAI; others write the HTTP status there. */
export const optionalCode = v.fallback(v.nullish(v.union([v.string(), v.number()])), undefined);

const ErrorBody = v.object({ code: optionalCode, type: optionalText, message: optionalText });

/** Only what tells failures apart: the words themselves go nowhere (rule S7). */
export function refusalOf(error: unknown): Refusal {
  const parsed = v.safeParse(ErrorBody, error);
  if (!parsed.success) return { message: typeof error === 'string' ? error : undefined };
  const { code, type, message } = parsed.output;
  return typeof code === 'number' ? { status: code, type, message } : { code, type, message };
}
