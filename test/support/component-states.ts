/** Session states for component tests, one for each situation of the page. The person in front of the page is `me`. */

import type { ReceivedImage, SessionState } from '../../client/session/session-state.ts';
import type { Attempt, Decision, Generation, ImageReference, RecordEntry, Role } from '../../shared/model.ts';
import type { Invitation, Links, ProgressMessage, SnapshotMessage, WelcomeMessage } from '../../shared/protocol.ts';
import { capabilities } from './capabilities.ts';

export const prompt = 'A heron at the edge of a misty lake, first light';
const digest = '3fa9c01b7d2e4f508a6b9c0d1e2f3a4b5c6d7e8f9a0b1c2d3e4f5a6b7c8d9e1c';
const startedAt = '2026-11-22T19:03:00.000Z';
const finishedAt = '2026-11-22T19:03:20.000Z';
export const sessionKey = 'key-that-only-reviewers-know';

const limits = {
  INBOUND_MESSAGE_BYTES: 65_536,
  PROMPT_CHARACTERS: 4_000,
  FEEDBACK_CHARACTERS: 2_000,
  NAME_CHARACTERS: 40,
  HAVE_IDS: 32,
  WANT_IDS: 12,
  ATTEMPTS_PER_SESSION: 12,
  DRAFTS_PER_SECOND: 10,
};

export function welcome(role: Role, demo = false): WelcomeMessage {
  const generator = demo
    ? { name: 'Demo painter', model: 'demo', demo, supports: capabilities }
    : { name: 'OpenAI', model: 'an-image-model', demo, supports: capabilities };
  return {
    type: 'welcome',
    protocol: 1,
    connectionId: 'c1',
    participantId: 'me',
    participantSecret: 'secret-that-proves-it',
    sessionId: 's1',
    role,
    name: 'Reviewer 1',
    generator,
    limits,
    keptForMs: 24 * 3_600_000,
  };
}

/** An image of one colour, with real PNG bytes. */
export async function paint(
  imageId: string,
  {
    kind = 'final',
    candidate = 0,
    width = 48,
    height = 32,
    colour = 'teal',
  }: Partial<ImageReference> & { colour?: string } = {},
): Promise<ReceivedImage> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('This browser draws nothing.');
  context.fillStyle = colour;
  context.fillRect(0, 0, width, height);
  const blob = await canvas.convertToBlob({ type: 'image/png' });
  const reference: ImageReference = {
    imageId,
    generationId: 'g1',
    candidate,
    kind,
    index: 0,
    mediaType: 'image/png',
    byteLength: blob.size,
    sha256: digest,
    width,
    height,
  };
  return { reference, blob, url: URL.createObjectURL(blob), display: 'possible' };
}

export const generation: Generation = { generationId: 'g1', prompt, options: {}, candidates: 1, startedAt };

export const attemptOf = (image: ImageReference): Attempt => ({
  number: 1,
  image,
  prompt,
  options: { size: '1536x1024' },
  revisedPrompt: 'A lone grey heron in dense mist.',
  usage: { inputTokens: 84, outputTokens: 4_160, totalTokens: 4_244 },
  startedAt,
  finishedAt,
});

export const failureOf = (candidate: number, message: string): NonNullable<Generation['failures']>[number] => ({
  candidate,
  error: { code: 'provider_error', message, retryable: true },
});

export const decisionOn = ({ imageId, sha256 }: ImageReference, change: Partial<Decision> = {}): Decision => ({
  decision: 'approved',
  decisionId: 'decision-1',
  imageId,
  sha256,
  number: 1,
  role: 'reviewer',
  by: 'Ana',
  participantId: 'ana',
  connectionId: 'c2',
  at: '2026-11-22T19:04:12.000Z',
  ...change,
});

const own = { by: 'Reviewer 1', participantId: 'me', connectionId: 'c1' } as const;

const base: SessionState = {
  connection: { status: 'online' },
  welcome: welcome('reviewer'),
  draft: prompt,
  viewers: { type: 'viewers', reviewers: 2, watchers: 1 },
  invitations: [],
  people: [
    { participantId: 'me', name: 'Reviewer 1', role: 'reviewer', lookingAt: 'i1' },
    { participantId: 'ana', name: 'Ana', role: 'reviewer', lookingAt: 'i1' },
    { participantId: 'cy', name: 'Reviewer 2', role: 'watcher' },
  ],
  record: [],
  progress: new Map(),
  partials: new Map(),
  images: new Map(),
  imageProblems: new Map(),
  pending: [],
  sessionId: 's1',
  sessionKey,
};

const attempts: Attempt[] = [];
const decisions: Decision[] = [];
const shared = {
  type: 'snapshot',
  revision: 4,
  turn: 3,
  draft: prompt,
  draftRevision: 1,
  attempts,
  decisions,
} as const;

const withAttempt = (picture: ReceivedImage) => ({
  image: picture.reference,
  attempts: [attemptOf(picture.reference)],
});

export const progress = (message: Partial<ProgressMessage>, receivedAt = Date.now()): SessionState['progress'] =>
  new Map([
    [
      0,
      {
        type: 'progress',
        generationId: 'g1',
        candidate: 0,
        phase: 'drawing',
        try: 1,
        maxTries: 3,
        elapsedMs: 7_300,
        expectedMs: 21_000,
        ...message,
        receivedAt,
      },
    ],
  ]);

export function empty(): SessionState {
  const snapshot: SnapshotMessage = { ...shared, stage: 'initial_input', draft: '' };
  return { ...base, draft: '', welcome: welcome('reviewer', true), snapshot };
}

export function failedFirst(retryable: boolean): SessionState {
  const error = { code: 'timeout', message: 'The model took too long. Ask again in a moment.', retryable } as const;
  return { ...base, snapshot: { ...shared, stage: 'initial_input', lastGeneration: generation, error } };
}

export function generating(previous?: ReceivedImage, partial?: ReceivedImage, drawnPrompt = prompt): SessionState {
  return {
    ...base,
    snapshot: {
      ...shared,
      stage: 'generating',
      turn: 4,
      generation: { ...generation, generationId: 'g2', prompt: drawnPrompt },
      ...(previous && withAttempt(previous)),
    },
    progress: progress({}),
    images: new Map(previous && [[previous.reference.imageId, previous]]),
    partials: new Map(partial && [[0, partial]]),
  };
}

/** Four candidates, of which these are finished, in this order, and those have failed. When all have ended, it is in review. */
export function several(finished: readonly ReceivedImage[], failed: readonly number[] = []): SessionState {
  const error = { code: 'provider_error', message: 'It broke.', retryable: true } as const;
  const failures = failed.map((candidate) => ({ candidate, error }));
  const asked: Generation = { ...generation, candidates: 4, ...(failures.length > 0 && { failures }) };
  const attempts = finished.map(({ reference }, at) => ({ ...attemptOf(reference), number: at + 1 }));
  const image = finished.at(-1)?.reference;
  const hasEnded = image && finished.length + failed.length === asked.candidates;
  return {
    ...base,
    snapshot: hasEnded
      ? { ...shared, stage: 'user_feedback', turn: 5, image, attempts, lastGeneration: asked }
      : { ...shared, stage: 'generating', turn: 4, generation: asked, attempts, ...(image && { image }) },
    images: new Map(finished.map((picture) => [picture.reference.imageId, picture])),
  };
}

export function deciding(picture: ReceivedImage): SessionState {
  return {
    ...base,
    snapshot: { ...shared, stage: 'user_feedback', turn: 5, ...withAttempt(picture) },
    images: new Map([[picture.reference.imageId, picture]]),
  };
}

/** One picture from each of several generations, the newest last. */
export function decidingOn(pictures: readonly ReceivedImage[], turn = 5): SessionState {
  const attempts = pictures.map(({ reference }, at) => ({
    ...attemptOf({ ...reference, generationId: `g${at + 1}` }),
    number: at + 1,
  }));
  const image = attempts.at(-1)?.image;
  if (!image) throw new Error('There is no picture to decide on.');
  return {
    ...base,
    snapshot: { ...shared, stage: 'user_feedback', turn, image, attempts },
    images: new Map(pictures.map((picture) => [picture.reference.imageId, picture])),
  };
}

/** Ana has discarded that attempt. */
export function discardedByAna(state: SessionState, imageId: string): SessionState {
  const { snapshot } = state;
  const attempt = snapshot?.attempts.find(({ image }) => image.imageId === imageId);
  if (!snapshot || !attempt) throw new Error('There is no such attempt.');
  const discarded = { by: 'Ana', participantId: 'ana', connectionId: 'c2', at: finishedAt };
  const attempts = snapshot.attempts.filter((one) => one !== attempt);
  const image = attempts.at(-1)?.image;
  const common = { ...shared, turn: snapshot.turn, attempts, discarded: [{ ...attempt, discarded }] };
  return {
    ...state,
    snapshot: image ? { ...common, stage: 'user_feedback', image } : { ...common, stage: 'initial_input', turn: 9 },
  };
}

/** Ana has started over. */
export const startedOverByAna = (state: SessionState): SessionState => ({
  ...state,
  draft: '',
  snapshot: {
    ...shared,
    stage: 'initial_input',
    turn: 9,
    draft: '',
    lastAction: { action: 'start_over', by: 'Ana', participantId: 'ana', connectionId: 'c2', at: finishedAt },
  },
});

export function failedAgain(picture: ReceivedImage): SessionState {
  const error = {
    code: 'provider_error',
    message: 'The service could not draw this. Ask again.',
    retryable: true,
  } as const;
  const snapshot: SnapshotMessage = {
    ...shared,
    stage: 'user_feedback',
    ...withAttempt(picture),
    lastGeneration: generation,
    error,
  };
  return { ...deciding(picture), snapshot };
}

export function approved(picture: ReceivedImage, change: Partial<Decision> = {}): SessionState {
  const snapshot: SnapshotMessage = {
    ...shared,
    stage: 'final',
    turn: 6,
    ...withAttempt(picture),
    outcome: 'approved',
    approved: picture.reference,
    decisions: [decisionOn(picture.reference, change)],
  };
  return { ...deciding(picture), snapshot };
}

const act = (by: string, minute: number) =>
  ({
    by,
    participantId: by.toLowerCase(),
    connectionId: 'c',
    at: `2026-11-22T19:0${minute}:12.000Z`,
    role: 'reviewer',
  }) as const;

/** A record with an entry of every kind. The first of the two pictures is no longer in the session; the second was made from it. */
export function recorded(picture: ReceivedImage): SessionState {
  const { reference } = picture;
  const gone = attemptOf({ ...reference, imageId: 'gone', sha256: digest.replaceAll('3', '5') });
  const attempt = { ...attemptOf(reference), number: 2, parent: 'gone', feedback: 'Warmer light, and no boat' };
  const about = ({ number, image: { imageId, sha256 } }: Attempt) => ({ number, imageId, sha256 });
  const record: RecordEntry[] = [
    { kind: 'approvals_changed', entryId: 'e1', ...act('Ana', 0), approvals: 2 },
    { kind: 'invited', entryId: 'e2', ...act('Ana', 1), invitee: { name: 'Bo', role: 'reviewer' } },
    {
      kind: 'changes_requested',
      entryId: 'e3',
      ...act('Ana', 2),
      ...about(gone),
      note: 'The heron has three legs.',
      counts: true,
      attempts: [gone],
    },
    { kind: 'declined', entryId: 'e4', ...act('Bo', 3), ...about(gone), note: 'It is no heron.', counts: true },
    { kind: 'withdrawn', entryId: 'e5', ...act('Bo', 4), ...about(gone), decisionId: 'e4', decision: 'declined' },
    { kind: 'forgotten', entryId: 'e6', at: '2026-11-22T19:05:12.000Z', numbers: [1] },
    { kind: 'revoked', entryId: 'e7', ...act('Ana', 6), invitee: { name: 'Cy', role: 'watcher' } },
    { kind: 'approved', entryId: 'e8', ...act('Dee', 7), ...about(attempt), attempts: [attempt] },
    { kind: 'approved', entryId: 'e9', ...act('Ana', 8), ...about(attempt), note: 'That is it.', counts: true },
    { kind: 'unknown', entryId: 'e10', at: '2026-11-22T19:09:12.000Z' },
  ];
  const snapshot: SnapshotMessage = {
    ...shared,
    stage: 'final',
    turn: 6,
    image: reference,
    attempts: [attempt],
    outcome: 'approved',
    approved: reference,
    approvalsNeeded: 2,
    decisions: [decisionOn(reference)],
    recordLength: record.length,
  };
  return { ...deciding(picture), snapshot, record };
}

/** The same state with these decisions on record. */
export const decided = (state: SessionState, ...decisions: Decision[]): SessionState =>
  state.snapshot ? { ...state, snapshot: { ...state.snapshot, decisions } } : state;

/** Somebody asked for changes, and this person has withdrawn an approval. */
export function changesRequested(picture: ReceivedImage): SessionState {
  const { reference } = picture;
  const note = 'The heron stands too far to the left, and the mist hides its legs.';
  const { at } = decisionOn(reference);
  return decided(
    deciding(picture),
    decisionOn(reference, { ...own, decisionId: 'd1', withdrawn: { ...own, at } }),
    decisionOn(reference, { decisionId: 'd2', decision: 'changes_requested', note }),
  );
}

export function declined(picture: ReceivedImage, change: Partial<Decision> = {}): SessionState {
  const note = 'None of them fits the campaign.';
  const decision = decisionOn(picture.reference, { decision: 'declined', note, ...change });
  const snapshot: SnapshotMessage = {
    ...shared,
    stage: 'final',
    turn: 6,
    ...withAttempt(picture),
    outcome: 'declined',
    approved: undefined,
    decisions: [decision],
  };
  return { ...deciding(picture), snapshot };
}

/** Two have to agree: Ana has, and Mira and this person could. `counts`: this person's approval does. */
export function severalNeeded(picture: ReceivedImage, counts = true): SessionState {
  const state = decided(deciding(picture), decisionOn(picture.reference, { counts: true }));
  const reviewer = { role: 'reviewer', counts: true } as const;
  return {
    ...state,
    ...(state.snapshot && { snapshot: { ...state.snapshot, approvalsNeeded: 2 } }),
    welcome: { ...welcome('reviewer'), ...(counts && { counts: true as const, creator: true as const }) },
    people: [
      { ...reviewer, participantId: 'ana', name: 'Ana' },
      { ...reviewer, participantId: 'mira', name: 'Mira' },
    ],
  };
}

/** Somebody else was faster by two seconds. */
export function lostRace(picture: ReceivedImage): SessionState {
  const at = Date.now();
  const lastAction = {
    action: 'regenerate',
    by: 'Ana',
    participantId: 'ana',
    connectionId: 'c2',
    at: new Date(at - 2_400).toISOString(),
  } as const;
  const rejection = { command: 'approve', code: 'stale', message: 'Too late.', lastAction, at } as const;
  return { ...deciding(picture), rejection };
}

export function watching({ sessionKey: _key, ...state }: SessionState): SessionState {
  return { ...state, welcome: welcome('watcher') };
}

/** For a reviewer: as the creator of the session, unless `change` says otherwise. */
export const withLinks = (state: SessionState, change: Partial<Links> = {}): SessionState => ({
  ...state,
  links: { watch: 'open', review: 'open', reviewKey: sessionKey, manages: ['watcher', 'reviewer'], ...change },
});

/** For the session's creator: invitations that are here, not used yet, expired and revoked. */
export function withInvitations(state: SessionState): SessionState {
  const invitation = (name: string, more: Partial<Invitation>): Invitation => ({
    keyId: `key-${name}`,
    name,
    role: 'reviewer',
    key: `key-that-only-${name}-knows`,
    participantId: name.toLowerCase(),
    ...more,
  });
  const expiresAt = '2026-11-29T15:30:00.000Z';
  return {
    ...withLinks(state),
    welcome: { ...welcome('reviewer'), creator: true, counts: true },
    invitations: [
      invitation('Eve', { used: true, revoked: true }),
      invitation('Dan', { expired: true, expiresAt }),
      invitation('Ana', { used: true }),
      invitation('Bartholomew Featherstonehaugh-Cholmondeley', { role: 'watcher', expiresAt }),
    ],
  };
}

export const reconnecting = (state: SessionState): SessionState => ({
  ...state,
  connection: { status: 'reconnecting', nextTryAt: Date.now() + 3_000 },
});

export const gone = (state: SessionState): SessionState => ({
  ...state,
  connection: { status: 'closed', reason: 'session_gone' },
});

export function tokenNeeded(refused: boolean): SessionState {
  const { welcome: _welcome, viewers: _viewers, sessionId: _id, sessionKey: _key, ...rest } = base;
  return { ...rest, draft: '', connection: { status: 'token_needed', refused } };
}

/** Of a newer server: a stage that this page does not know. */
export function unknownStage(picture: ReceivedImage): SessionState {
  const state = deciding(picture);
  return { ...state, snapshot: { ...shared, stage: 'unknown', turn: 6, ...withAttempt(picture) } };
}

export const blocked = (state: SessionState): SessionState => ({
  ...state,
  connection: { status: 'closed', reason: 'blocked' },
});

/** What the page shows in the course of a session, each with its name. */
export function mainStates(picture: ReceivedImage, partial: ReceivedImage): readonly [string, SessionState][] {
  return [
    ['an empty session', empty()],
    ['a first failure', failedFirst(true)],
    ['a generation without a picture', generating()],
    ['a generation over the previous picture', generating(picture)],
    ['a preview', generating(picture, partial)],
    ['a picture to decide on', deciding(picture)],
    ['a failure beside the old picture', failedAgain(picture)],
    ['a lost race', lostRace(picture)],
    ['a pending command', { ...deciding(picture), pending: [{ type: 'approve', commandId: '1', imageId: 'i1' }] }],
    ['an approved picture', approved(picture)],
    ['a record', recorded(picture)],
    ['changes that somebody asked for', changesRequested(picture)],
    ['a declined review', declined(picture)],
    ['an approval of one’s own', approved(picture, own)],
    ['one approval of two', severalNeeded(picture)],
    ['approvals that do not count', severalNeeded(picture, false)],
    ['a watched session', watching(empty())],
    ['a watched picture', watching(deciding(picture))],
    ['a lost connection', reconnecting(deciding(picture))],
    ['a session that is gone', gone(deciding(picture))],
    ['a blocked connection', blocked(tokenNeeded(false))],
    ['a token form', tokenNeeded(true)],
    ['an unknown stage', unknownStage(picture)],
  ];
}
