/** What this server offers to draw: all that its generator knows, within the server's limits. */
import type { Command } from '../../shared/protocol.ts';
import type { Supports } from '../../shared/session.ts';
import type { Generator } from '../generate/generator.ts';
import { problemWithOptions } from '../generate/supports.ts';
import { defaultLimits, type Limits } from '../limits.ts';

/** The environment can only lower the number of candidates: the protocol knows no more than the default. */
export function offerOf({ supports }: Pick<Generator, 'supports'>, limits: Limits): Supports {
  const { CANDIDATES_PER_GENERATION, ATTEMPTS_PER_SESSION } = limits;
  // Of more than are kept, the first would be gone before anybody could choose it.
  const candidates = Math.min(CANDIDATES_PER_GENERATION, defaultLimits.CANDIDATES_PER_GENERATION, ATTEMPTS_PER_SESSION);
  return { ...supports, candidates };
}

/** What a command asks for that is not offered, in a sentence; nothing when all is. */
export function problemWithAsk(command: Command, offer: Supports): string | undefined {
  if (command.type === 'refine' && !offer.refine) return 'This server cannot change an image in words.';
  const options = 'options' in command ? command.options : undefined;
  return options && problemWithOptions(options, offer);
}
