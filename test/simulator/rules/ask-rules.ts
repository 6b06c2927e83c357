/** What must hold between what a person asked for and what is drawn. */
import { isDeepStrictEqual } from 'node:util';
import type { Session } from '../../../server/session/session.ts';
import type { Generation } from '../../../shared/model.ts';
import type { Command } from '../../../shared/protocol.ts';
import { type Ask, askIn, isOffered } from '../ask.ts';
import type { Ledger } from '../ledger.ts';

type State = Session['state'];
export type Asking = Extract<Command, { type: 'generate' | 'regenerate' | 'refine' }>;

export const isAsking = (command: Command): command is Asking =>
  command.type === 'generate' || command.type === 'regenerate' || command.type === 'refine';

type LastAsk = Pick<Generation, 'prompt' | 'options'> | undefined;

/** The generation that `command` should make of `before`, told from the rules of the design alone; `last` is what was last asked for. */
export function meant(command: Asking, before: State, last: LastAsk): Partial<Generation> {
  const named = before.attempts.find(({ image }) => 'imageId' in command && image.imageId === command.imageId);
  const newest = before.attempts.at(-1);
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

/** A command was accepted, and made the step from `before` to `state`. */
export function checkGeneration(command: Asking, before: State, last: LastAsk, state: State, ledger: Ledger): void {
  if (state.stage !== 'generating') return;
  const is = state.generation;
  const { prompt, feedback, options, parent } = meant(command, before, last);
  const what = `${command.type} ${command.commandId}`;
  ledger.check('R11', is.prompt === prompt && is.feedback === feedback, () => `${what} asks in other words`);
  ledger.check('options', isDeepStrictEqual(is.options, options), () => `${what} asks with other options`);
  ledger.check('options', is.candidates === (options?.candidates ?? 1), () => `${what} asks for ${is.candidates}`);
  ledger.check('M9', is.parent === parent, () => `${what} starts from another image`);
}

/** The service that draws is asked: by `generation`, in a session that keeps its parent. */
export function checkAsk(ask: Ask, generation: Generation, state: State, ledger: Ledger): void {
  ledger.check('options', isOffered(ask.options), () => 'the service is asked with options that it does not offer');
  compare(ask, generation, state, ledger, 'is asked for');
}

/** An image has come of `generation`. */
export function checkDrawn(bytes: Uint8Array | undefined, generation: Generation, state: State, ledger: Ledger): void {
  const ask = bytes && askIn(bytes);
  ledger.check('R11', ask !== undefined, () => 'an image does not say what it was asked for');
  if (ask) compare(ask, generation, state, ledger, 'was drawn');
}

function compare(ask: Ask, generation: Generation, state: State, ledger: Ledger, how: string): void {
  const { prompt, feedback, options, parent } = generation;
  ledger.check('R11', ask.prompt === prompt, () => `another prompt ${how}`);
  ledger.check('options', isDeepStrictEqual(ask.options, options), () => `another set of options ${how}`);
  if (feedback === undefined) {
    const isFree = ask.parent === undefined && ask.feedback === undefined;
    return ledger.check('M9', isFree, () => `an image that nobody refines ${how}`);
  }
  ledger.check('R11', ask.feedback === feedback, () => `another feedback ${how}`);
  const source = [...state.attempts, ...state.discarded].find(({ image }) => image.imageId === parent)?.image;
  const isRight = source !== undefined && ask.parent === source.sha256;
  ledger.check('M9', isRight, () => `a change of another image ${how}`);
}
