/** Events and states for tests of the machine. States are reached by events, as in a session. */
import { createHash } from 'node:crypto';
import {
  type CommandEvent,
  type Event,
  type FailedEvent,
  type GeneratedEvent,
  type MachineLimits,
  type Transition,
  transition,
} from '../../server/session/machine.ts';
import { initialState, type State } from '../../server/session/state.ts';
import type { EstimatedCost, GenerationError, ImageReference, Usage } from '../../shared/model.ts';
import type { ReviewCommand } from '../../shared/protocol.ts';

type WithoutId<Message> = Message extends unknown ? Omit<Message, 'commandId'> : never;
/** A command without its id, which the machine never looks at. */
export type CommandInput = WithoutId<ReviewCommand>;

export const machineLimits: MachineLimits = { ATTEMPTS_PER_SESSION: 12, DECISIONS_PER_SESSION: 3 };
export const at = '2026-01-01T00:00:00.000Z';
export const later = '2026-01-01T00:00:09.000Z';
export const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex');

export const networkError: GenerationError = { code: 'network', message: 'The connection broke.', retryable: true };

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

/** `generationId` is that of the generation that the command may start. */
export function commandEvent(input: CommandInput, generationId = 'g1', by = 'Ana'): CommandEvent {
  const command: ReviewCommand = { ...input, commandId: `${input.type} ${generationId}` };
  const act = { by, participantId: `participant ${by}`, connectionId: `connection ${by}`, at };
  return { type: 'command', command, act, generationId };
}

/** The events of most tests: `i1` is the image of generation `g1`, `i2` that of the next one, `g2`. */
export const generate = commandEvent({ type: 'generate', prompt: 'a red kite' });
export const generateThree = commandEvent({ type: 'generate', prompt: 'a red kite', options: { candidates: 3 } });
export const regenerate = commandEvent({ type: 'regenerate' }, 'g2');
export const cancel = commandEvent({ type: 'cancel' });
export const approve = commandEvent({ type: 'approve', imageId: 'i1', sha256: sha256Of('i1') });
export const startOver = commandEvent({ type: 'start_over' });
export const discard = commandEvent({ type: 'discard', imageId: 'i1' });
export const restore = commandEvent({ type: 'restore', imageId: 'i1' });

export function generatedEvent(
  imageId: string,
  generationId = 'g1',
  candidate = 0,
  reported: { revisedPrompt?: string; usage?: Usage; estimatedCost?: EstimatedCost } = {},
): GeneratedEvent {
  const image = reference(imageId, generationId, candidate);
  return { type: 'generated', generationId, candidate, image, at: later, ...reported };
}

export function failedEvent(generationId = 'g1', candidate = 0, error: GenerationError = networkError): FailedEvent {
  return { type: 'failed', generationId, candidate, error };
}

/** Freezes a value in depth, so that a change in place throws. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
  return value;
}

/** The state after these events, each of which must be accepted. */
export function stateAfter(...events: readonly Event[]): State {
  return stateFrom(initialState, ...events);
}

export function stateFrom(state: State, ...events: readonly Event[]): State {
  return events.reduce((before: State, event) => accepted(transition(before, event, machineLimits)).state, state);
}

/** @throws {Error} when the transition was rejected */
export function accepted(result: Transition): Extract<Transition, { accepted: true }> {
  if (!result.accepted) throw new Error(`rejected: ${result.code}`);
  return { ...result, state: deepFreeze(result.state) };
}

/** The state, typed by its stage. @throws {Error} when it is at another stage */
export function inStage<Name extends State['stage']>(state: State, stage: Name): Extract<State, { stage: Name }> {
  if (!isAt(state, stage)) throw new Error(`expected ${stage}, found ${state.stage}`);
  return state;
}

const isAt = <Name extends State['stage']>(state: State, stage: Name): state is Extract<State, { stage: Name }> =>
  state.stage === stage;

export const imageIds = ({ attempts }: Pick<State, 'attempts'>): string[] => attempts.map(({ image }) => image.imageId);
export const discardedIds = ({ discarded }: Pick<State, 'discarded'>): string[] =>
  discarded.map(({ image }) => image.imageId);
