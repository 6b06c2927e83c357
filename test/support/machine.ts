/** Events and states for tests of the machine, made the way a session makes them: by one event after the other. */
import { createHash } from 'node:crypto';
import {
  type CommandEvent,
  type Event,
  type FailedEvent,
  type GeneratedEvent,
  type Rules,
  type Transition,
  transition,
} from '../../server/session/machine.ts';
import { initialState, type State } from '../../server/session/state.ts';
import type { EstimatedCost, GenerationError, ImageReference, Usage } from '../../shared/model.ts';
import type { Command } from '../../shared/protocol.ts';

type WithoutId<Message> = Message extends unknown ? Omit<Message, 'commandId'> : never;
/** A command whose id does not matter: the machine never looks at it. */
export type Ask = WithoutId<Command>;

export const rules: Rules = { ATTEMPTS_PER_SESSION: 12, DECISIONS_PER_SESSION: 3 };
export const at = '2026-01-01T00:00:00.000Z';
export const later = '2026-01-01T00:00:09.000Z';
export const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex');

export const failure: GenerationError = { code: 'network', message: 'The line was cut.', retryable: true };

/** An image whose digest follows from its id. */
export function reference(imageId: string, generationId = 'g1', candidate = 0): ImageReference {
  return {
    imageId,
    generationId,
    candidate,
    kind: 'final',
    index: 0,
    mediaType: 'image/png',
    byteLength: 4,
    sha256: sha256Of(imageId),
    width: 8,
    height: 6,
  };
}

/** `generationId` is for the generation that the command may start. */
export function asks(ask: Ask, generationId = 'g1', by = 'Ana'): CommandEvent {
  const command: Command = { ...ask, commandId: `${ask.type} ${generationId}` };
  return { type: 'command', command, by, connectionId: `connection of ${by}`, at, generationId };
}

/** What the story of most tests is made of: `i1` comes of the first ask, `i2` of the second one, which is `g2`. */
export const generate = asks({ type: 'generate', prompt: 'a red kite' });
export const generateThree = asks({ type: 'generate', prompt: 'a red kite', options: { candidates: 3 } });
export const again = asks({ type: 'regenerate' }, 'g2');
export const cancel = asks({ type: 'cancel' });
export const approve = asks({ type: 'approve', imageId: 'i1', sha256: sha256Of('i1') });
export const startOver = asks({ type: 'start_over' });
export const discard = asks({ type: 'discard', imageId: 'i1' });
export const restore = asks({ type: 'restore', imageId: 'i1' });

export function draws(
  imageId: string,
  generationId = 'g1',
  candidate = 0,
  told: { revisedPrompt?: string; usage?: Usage; estimatedCost?: EstimatedCost } = {},
): GeneratedEvent {
  const image = reference(imageId, generationId, candidate);
  return { type: 'generated', generationId, candidate, image, at: later, ...told };
}

export function fails(generationId = 'g1', candidate = 0, error: GenerationError = failure): FailedEvent {
  return { type: 'failed', generationId, candidate, error };
}

/** Freezes the state in depth, so that whoever changes it in place is found out. */
export function frozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) frozen(part);
  return value;
}

/** The state after these events, each of which must be accepted. */
export function stateAfter(...events: readonly Event[]): State {
  return follow(initialState, ...events);
}

export function follow(from: State, ...events: readonly Event[]): State {
  return events.reduce((state: State, event) => accepted(transition(state, event, rules)).state, from);
}

export function accepted(result: Transition): Extract<Transition, { accepted: true }> {
  if (!result.accepted) throw new Error(`rejected: ${result.code}`);
  return { ...result, state: frozen(result.state) };
}

/** The state as a stage, or an error: tests say which stage they expect. */
export function inStage<Name extends State['stage']>(state: State, stage: Name): Extract<State, { stage: Name }> {
  if (!isIn(state, stage)) throw new Error(`expected ${stage}, found ${state.stage}`);
  return state;
}

const isIn = <Name extends State['stage']>(state: State, stage: Name): state is Extract<State, { stage: Name }> =>
  state.stage === stage;

export const imageIds = ({ attempts }: Pick<State, 'attempts'>): string[] => attempts.map(({ image }) => image.imageId);
/** Of the attempts that were put aside. */
export const discardedIds = ({ discarded }: Pick<State, 'discarded'>): string[] =>
  discarded.map(({ image }) => image.imageId);
