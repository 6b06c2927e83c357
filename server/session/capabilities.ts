/** What this server can draw: what its generator can do, within the server's limits. */
import { type Capabilities, optionNames, optionProblem } from '../../shared/options.ts';
import type { Command } from '../../shared/protocol.ts';
import type { Generator } from '../generators/generator.ts';
import { defaultLimits, type Limits } from '../platform/limits.ts';

export function capabilitiesOf({ capabilities }: Pick<Generator, 'capabilities'>, limits: Limits): Capabilities {
  const sizes = capabilities.sizes?.filter((size) => pixelsOf(size) <= limits.UPSTREAM_IMAGE_PIXELS);
  return { ...capabilities, ...(sizes && { sizes }), candidates: maxCandidates(limits) };
}

function maxCandidates(limits: Limits): number {
  const most = Math.min(
    defaultLimits.CANDIDATES_PER_GENERATION,
    limits.CANDIDATES_PER_GENERATION,
    // The first of more would be dropped before anybody could choose it.
    limits.ATTEMPTS_PER_SESSION,
    limits.CONCURRENT_CANDIDATES + waitingCandidates(limits),
    Math.floor(limits.IMAGE_MEMORY_BYTES / limits.UPSTREAM_IMAGE_BYTES),
    limits.ASKS_PER_MINUTE_PER_SESSION,
    limits.ASKS_PER_MINUTE_PER_ADDRESS,
    limits.ASKS_PER_MINUTE,
    limits.DAILY_ASKS,
  );
  return Math.max(1, most);
}

function waitingCandidates(limits: Limits): number {
  const { QUEUED_CANDIDATES, QUEUED_CANDIDATES_PER_ADDRESS, QUEUED_CANDIDATES_PER_SESSION } = limits;
  return Math.min(QUEUED_CANDIDATES, QUEUED_CANDIDATES_PER_ADDRESS, QUEUED_CANDIDATES_PER_SESSION);
}

/** What a command wants that this server can't draw, in a sentence that names the option; undefined when it can. */
export function capabilityProblem(command: Command, capabilities: Capabilities, limits: Limits): string | undefined {
  if (command.type === 'refine' && !capabilities.refine) return 'This server cannot change an image in words.';
  const options = 'options' in command ? command.options : undefined;
  if (!options) return undefined;
  for (const name of optionNames) {
    const problem = optionProblem(name, options, capabilities);
    if (problem !== undefined) return problem;
  }
  // An image of more pixels would be drawn and paid for, and then not taken.
  const { UPSTREAM_IMAGE_PIXELS: most } = limits;
  if (pixelsOf(options.size ?? 'auto') <= most) return undefined;
  return `The option size must have ${most.toLocaleString('en')} pixels or fewer on this server.`;
}

/** 0 for `auto`, which leaves the size to the generator. */
function pixelsOf(size: string): number {
  const [width = 0, height = 0] = size === 'auto' ? [] : size.split('x').map(Number);
  return width * height;
}
