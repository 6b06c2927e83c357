/** What this server offers to draw: all that its generator knows, within the server's limits. */

import type { Options, Supports } from '../../shared/model.ts';
import type { Command } from '../../shared/protocol.ts';
import type { Generator } from '../generators/generator.ts';
import { problemWithOptions } from '../generators/openai/supports.ts';
import { defaultLimits, type Limits } from '../platform/limits.ts';

export function offerOf({ supports }: Pick<Generator, 'supports'>, limits: Limits): Supports {
  const candidates = mostCandidates(limits);
  const sizes = supports.sizes?.filter((size) => pixelsOf(size) <= limits.UPSTREAM_IMAGE_PIXELS);
  return { ...supports, ...(sizes && { sizes }), candidates };
}

/** The environment can only lower the number of candidates: the protocol knows no more than the default. */
function mostCandidates(limits: Limits): number {
  const { CONCURRENT_CANDIDATES, QUEUED_CANDIDATES, IMAGE_MEMORY_BYTES, UPSTREAM_IMAGE_BYTES } = limits;
  // Those that are drawn at once need their room at once, and there is never more than all of it.
  const rooms = Math.floor(IMAGE_MEMORY_BYTES / UPSTREAM_IMAGE_BYTES);
  const most = Math.min(
    defaultLimits.CANDIDATES_PER_GENERATION,
    limits.CANDIDATES_PER_GENERATION,
    // Of more than are kept, the first would be gone before anybody could choose it.
    limits.ATTEMPTS_PER_SESSION,
    CONCURRENT_CANDIDATES + QUEUED_CANDIDATES,
    rooms < CONCURRENT_CANDIDATES ? rooms : Number.POSITIVE_INFINITY,
  );
  return Math.max(1, most);
}

/** What a command asks for that is not offered, in a sentence; nothing when all is. */
export function problemWithAsk(command: Command, offer: Supports, limits: Limits): string | undefined {
  if (command.type === 'refine' && !offer.refine) return 'This server cannot change an image in words.';
  const options = 'options' in command ? command.options : undefined;
  return options && (problemWithOptions(options, offer) ?? problemWithPixels(options, limits.UPSTREAM_IMAGE_PIXELS));
}

/** An image of more would be drawn and paid for, and then not taken. */
function problemWithPixels({ size = 'auto' }: Options, most: number): string | undefined {
  if (pixelsOf(size) <= most) return undefined;
  return `The option size must have ${most.toLocaleString('en')} pixels or fewer on this server.`;
}

/** Of `auto`, which the generator chooses, none. */
function pixelsOf(size: string): number {
  const [width = 0, height = 0] = size === 'auto' ? [] : size.split('x').map(Number);
  return width * height;
}
