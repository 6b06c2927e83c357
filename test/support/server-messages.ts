/** Messages of a server, for tests that play one. */

import type { Attempt, DiscardedAttempt, ImageReference, LastAction } from '../../shared/model.ts';
import type { InlineImageMessage, SnapshotMessage, WelcomeMessage } from '../../shared/protocol.ts';
import { digest } from './client-environment.ts';

export const limits = {
  INBOUND_MESSAGE_BYTES: 64 * 1024,
  PROMPT_CHARACTERS: 4_000,
  FEEDBACK_CHARACTERS: 2_000,
  NAME_CHARACTERS: 40,
  HAVE_IDS: 32,
  WANT_IDS: 12,
  ATTEMPTS_PER_SESSION: 12,
  DRAFTS_PER_SECOND: 10,
};

const startedAt = '2026-01-01T00:00:00.000Z';

/** For the participant that the tested client is. */
export function welcome(change: Partial<WelcomeMessage> = {}): WelcomeMessage {
  return {
    type: 'welcome',
    protocol: 1,
    connectionId: 'connection-1',
    participantId: 'participant-1',
    participantSecret: 'secret-1',
    sessionId: 'session-1',
    role: 'reviewer',
    name: 'Reviewer 1',
    generator: { name: 'Demo painter', model: 'demo', demo: true, supports: { refine: true } },
    limits,
    ...change,
  };
}

/** Done by somebody else than the tested client. */
export function lastAction(action: LastAction['action'], change: Partial<LastAction> = {}): LastAction {
  return { action, by: 'Ana', participantId: 'participant-2', connectionId: 'connection-2', at: startedAt, ...change };
}

interface Common {
  draft?: string;
  draftRevision?: number;
  turn?: number;
  attempts?: Attempt[];
  discarded?: DiscardedAttempt[];
  lastAction?: LastAction;
}

function common({ draft = '', draftRevision = 0, turn = 0, attempts = [], discarded, lastAction }: Common) {
  return {
    type: 'snapshot' as const,
    revision: turn,
    turn,
    draft,
    draftRevision,
    attempts,
    ...(discarded && { discarded }),
    decisions: [],
    ...(lastAction && { lastAction }),
  };
}

export function initialInput(change: Common = {}): SnapshotMessage {
  return { ...common(change), stage: 'initial_input' };
}

export function generating(generationId: string, change: Common & { candidates?: number } = {}): SnapshotMessage {
  const { candidates = 1 } = change;
  const generation = { generationId, prompt: 'a fox', options: {}, candidates, startedAt };
  const image = change.attempts?.at(-1)?.image;
  return { ...common({ turn: 1, ...change }), stage: 'generating', generation, ...(image && { image }) };
}

export function userFeedback(images: readonly ImageReference[], change: Common = {}): SnapshotMessage {
  const image = images.at(-1);
  if (!image) throw new Error('user_feedback needs an image.');
  return { ...common({ turn: 2, ...change, attempts: images.map(attempt) }), stage: 'user_feedback', image };
}

export function final(
  images: readonly ImageReference[],
  approved: ImageReference,
  change: Common = {},
): SnapshotMessage {
  const image = images.at(-1) ?? approved;
  return {
    ...common({ turn: 3, ...change, attempts: images.map(attempt) }),
    stage: 'final',
    image,
    outcome: 'approved',
    approved,
  };
}

export function attempt(image: ImageReference, index = 0): Attempt {
  return { number: index + 1, image, prompt: 'a fox', options: {}, startedAt, finishedAt: startedAt };
}

export function discarded(image: ImageReference): DiscardedAttempt {
  const { action: _action, ...act } = lastAction('generate');
  return { ...attempt(image), discarded: act };
}

/** Its bytes differ with `imageId` and are not all ASCII. */
export function image(imageId: string, change: Partial<InlineImageMessage> = {}): InlineImageMessage {
  const bytes = Buffer.concat([Buffer.from([0x89, 0xff, 0x00]), Buffer.from(imageId)]);
  return {
    type: 'image',
    imageId,
    generationId: 'generation-1',
    candidate: 0,
    kind: 'final',
    index: 0,
    mediaType: 'image/png',
    byteLength: bytes.byteLength,
    sha256: digest(bytes),
    width: 16,
    height: 16,
    data: bytes.toString('base64'),
    ...change,
  };
}

/** An image as a snapshot names it. */
export function referenceOf({ type: _type, data: _data, ...reference }: InlineImageMessage): ImageReference {
  return reference;
}
