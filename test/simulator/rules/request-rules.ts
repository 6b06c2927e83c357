/** Rules between a command, the generation that it starts, and the images that are drawn for it. */
import { isDeepStrictEqual } from 'node:util';
import type { State } from '../../../server/session/state.ts';
import type { Attempt, Generation } from '../../../shared/model.ts';
import type { Command } from '../../../shared/protocol.ts';
import type { RuleChecks } from '../rule-checks.ts';
import { type DrawRequest, isSupported, requestIn } from '../simulated-generator.ts';

/** A command that starts a generation. */
export type GenerateCommand = Extract<Command, { type: 'generate' | 'regenerate' | 'refine' }>;

export const isGenerateCommand = (command: Command): command is GenerateCommand =>
  command.type === 'generate' || command.type === 'regenerate' || command.type === 'refine';

type LastRequest = Pick<Generation, 'prompt' | 'options'> | undefined;

/** The attempt that was finished last; of several at once, the one with the highest number. */
export const newestOf = ({ attempts }: Pick<State, 'attempts'>): Attempt | undefined =>
  attempts.toSorted((one, other) => one.finishedAt.localeCompare(other.finishedAt)).at(-1);

/** The generation that `command` should start in `before`, by the protocol alone. `last`: the last request since the start over. */
export function expectedGeneration(command: GenerateCommand, before: State, last: LastRequest): Partial<Generation> {
  const named = before.attempts.find(({ image }) => 'imageId' in command && image.imageId === command.imageId);
  const newest = newestOf(before);
  switch (command.type) {
    case 'generate':
      return { prompt: command.prompt, options: command.options ?? {} };
    case 'regenerate': {
      const source = command.imageId === undefined ? (last ?? newest) : named;
      return {
        prompt: command.prompt ?? source?.prompt ?? '',
        options: command.options ?? source?.options ?? {},
        parent: command.imageId ?? newest?.image.imageId ?? '',
      };
    }
    case 'refine':
      return {
        prompt: named?.prompt ?? '',
        feedback: command.feedback,
        options: command.options ?? named?.options ?? {},
        parent: command.imageId,
      };
  }
}

/** An accepted command led from `before` to `state`. */
export function checkGeneration(
  command: GenerateCommand,
  before: State,
  last: LastRequest,
  state: State,
  checks: RuleChecks,
): void {
  if (state.stage !== 'generating') return;
  const actual = state.generation;
  const { prompt, feedback, options, parent } = expectedGeneration(command, before, last);
  const name = `${command.type} ${command.commandId}`;
  const isSameText = actual.prompt === prompt && actual.feedback === feedback;
  checks.check('R11', isSameText, () => `${name} started a generation with another text`);
  const areSameOptions = isDeepStrictEqual(actual.options, options);
  checks.check('options', areSameOptions, () => `${name} started a generation with other options`);
  const isSameCount = actual.candidates === (options?.candidates ?? 1);
  checks.check('options', isSameCount, () => `${name} started ${actual.candidates} candidates`);
  checks.check('M9', actual.parent === parent, () => `${name} starts from another image`);
}

/** The generator got a request for `generation`, whose session is in `state`. */
export function checkRequest(request: DrawRequest, generation: Generation, state: State, checks: RuleChecks): void {
  checks.check('options', isSupported(request.options), () => 'the generator got options that it does not support');
  compare(request, generation, state, checks, 'the generator got');
}

/** An image of `generation` has come. */
export function checkDrawn(
  bytes: Uint8Array | undefined,
  generation: Generation,
  state: State,
  checks: RuleChecks,
): void {
  const request = bytes && requestIn(bytes);
  checks.check('R11', request !== undefined, () => 'the bytes of an image name no request');
  if (request) compare(request, generation, state, checks, 'an image was drawn for');
}

function compare(request: DrawRequest, generation: Generation, state: State, checks: RuleChecks, what: string): void {
  const { prompt, feedback, options, parent } = generation;
  checks.check('R11', request.prompt === prompt, () => `${what} another prompt`);
  checks.check('options', isDeepStrictEqual(request.options, options), () => `${what} other options`);
  if (feedback === undefined) {
    const isFresh = request.parent === undefined && request.feedback === undefined;
    return checks.check('M9', isFresh, () => `${what} a refinement that nobody asked for`);
  }
  checks.check('R11', request.feedback === feedback, () => `${what} another feedback`);
  const source = [...state.attempts, ...state.discarded].find(({ image }) => image.imageId === parent)?.image;
  const isRightSource = source !== undefined && request.parent === source.sha256;
  checks.check('M9', isRightSource, () => `${what} a refinement of another image`);
}
