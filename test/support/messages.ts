/** One full example of every message: all its fields are there, the optional ones too. */

import type { Attempt, DecisionEntry, DiscardedAttempt, Generation } from '../../shared/model.ts';
import type { ClientMessage, Invitation, ServerMessage } from '../../shared/protocol.ts';
import { at, later, reference, sha256Of } from './machine.ts';

type ByType<Message extends { type: string }> = { [Type in Message['type']]: Extract<Message, { type: Type }> };
type ByStage = { [Stage in 'initial_input' | 'generating' | 'user_feedback']: Extract<Snapshot, { stage: Stage }> } & {
  [Outcome in 'approved' | 'declined']: Extract<Snapshot, { outcome: Outcome }>;
};
type Snapshot = Extract<ServerMessage, { type: 'snapshot' }>;
type Image = Extract<ServerMessage, { type: 'image' }>;

const command = { commandId: 'c1', turn: 3 };
const options = {
  model: 'an-image-model',
  size: '1536x1024',
  quality: 'high',
  background: 'opaque',
  format: 'webp',
  compression: 80,
  partialImages: 2,
  candidates: 2,
} as const;
const act = { by: 'Ana', participantId: 'p', connectionId: 'c', at };
const lastAction = { action: 'generate', ...act } as const;

export const clientMessages: ByType<ClientMessage> = {
  join: {
    type: 'join',
    sessionId: 's',
    key: 'k',
    token: 't',
    name: 'Ana',
    participant: { id: 'p', secret: 'q' },
    have: ['i1'],
    record: 3,
    images: 'url',
    prompts: 'once',
    approvals: 2,
  },
  want: { type: 'want', imageIds: ['i1', 'i2'] },
  draft: { type: 'draft', text: '', draftId: 'd1' },
  generate: { type: 'generate', ...command, prompt: 'a red kite', options },
  regenerate: { type: 'regenerate', ...command, imageId: 'i1', prompt: 'a blue kite', options },
  refine: { type: 'refine', ...command, imageId: 'i1', feedback: 'darker', options },
  look: { type: 'look', imageId: 'i1' },
  approve: { type: 'approve', ...command, imageId: 'i1', sha256: sha256Of('i1'), note: 'at last' },
  request_changes: { type: 'request_changes', ...command, imageId: 'i1', sha256: sha256Of('i1'), note: 'darker' },
  decline: { type: 'decline', ...command, imageId: 'i1', sha256: sha256Of('i1'), note: 'no' },
  withdraw: { type: 'withdraw', ...command, decisionId: 'e1' },
  require_approvals: { type: 'require_approvals', ...command, approvals: 2 },
  remove: { type: 'remove', ...command, imageIds: ['i1', 'i2'] },
  cancel: { type: 'cancel', ...command, reason: 'too dark' },
  start_over: { type: 'start_over', ...command },
  discard: { type: 'discard', ...command, imageId: 'i1' },
  restore: { type: 'restore', ...command, imageId: 'i1' },
  close_link: { type: 'close_link', commandId: 'c1', role: 'watcher' },
  replace_link: { type: 'replace_link', commandId: 'c1', role: 'reviewer' },
  invite: { type: 'invite', commandId: 'c1', name: 'Mira', role: 'reviewer', expiresAt: later },
  revoke: { type: 'revoke', commandId: 'c1', keyId: 'n1' },
  end_session: { type: 'end_session', commandId: 'c1' },
};

const generation: Generation = {
  generationId: 'g2',
  prompt: 'a red kite',
  promptId: '2',
  feedback: 'darker',
  parent: 'i1',
  options,
  candidates: 2,
  startedAt: at,
  failures: [{ candidate: 1, error: { code: 'no_image', message: 'No image came.', retryable: true } }],
  cancelReason: 'too dark',
};
const attempt: Attempt = {
  number: 2,
  image: reference('i1'),
  parent: 'i0',
  parentDropped: true,
  prompt: 'a red kite',
  promptId: '2',
  feedback: 'brighter',
  options,
  revisedPrompt: 'a scarlet kite',
  usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 },
  estimatedCost: { amount: 0.04, currency: 'USD' },
  startedAt: at,
  finishedAt: later,
};
const discarded: DiscardedAttempt = { ...attempt, number: 1, image: reference('i0'), discarded: act };
const subject = { imageId: 'i1', sha256: sha256Of('i1'), number: 2 };
const decision = { ...subject, ...act, role: 'reviewer', note: 'at last', counts: true } as const;
const entry: DecisionEntry = { kind: 'approved', entryId: 'e1', ...decision, attempts: [attempt] };
const snapshot = {
  type: 'snapshot',
  revision: 7,
  turn: 4,
  draft: 'a red k',
  draftPromptId: '3',
  draftRevision: 2,
  attempts: [attempt],
  discarded: [discarded],
  decisions: [{ decision: 'approved', decisionId: 'e1', ...decision, withdrawn: act }],
  approvalsNeeded: 2,
  recordLength: 1,
  lastAction: { ...lastAction, imageId: 'i1', number: 2 },
} satisfies Partial<Snapshot>;
const image = attempt.image;
const error = { code: 'timeout', message: 'It took too long.', retryable: true } as const;

export const snapshots: ByStage = {
  initial_input: { ...snapshot, stage: 'initial_input', lastGeneration: generation, error },
  generating: { ...snapshot, stage: 'generating', generation, image },
  user_feedback: { ...snapshot, stage: 'user_feedback', image, lastGeneration: generation, error },
  approved: { ...snapshot, stage: 'final', image, outcome: 'approved', approved: image },
  declined: { ...snapshot, stage: 'final', image, outcome: 'declined' },
};

export const images: { inline: Image; url: Image } = {
  inline: { type: 'image', ...image, data: 'iVBORw==' },
  url: { type: 'image', ...image, url: '/api/sessions/s/images/i1' },
};

const links = {
  watch: 'open',
  watchKey: 'w',
  review: 'open',
  reviewKey: 'k',
  manages: ['watcher', 'reviewer'],
} as const;

const invitations: Invitation[] = [
  {
    keyId: 'n1',
    name: 'Mira',
    role: 'watcher',
    key: 'm',
    participantId: 'p2',
    expiresAt: later,
    used: true,
    revoked: true,
    expired: true,
  },
];

export const serverMessages: Omit<ByType<ServerMessage>, 'snapshot' | 'image'> = {
  welcome: {
    type: 'welcome',
    protocol: 1,
    connectionId: 'c',
    participantId: 'p',
    participantSecret: 'q',
    sessionId: 's',
    key: 'k',
    links: { ...links, manages: [...links.manages] },
    invitations,
    invited: true,
    expiresAt: later,
    role: 'reviewer',
    creator: true,
    counts: true,
    name: 'Ana',
    now: at,
    generator: {
      name: 'Demo painter',
      model: 'demo-1',
      demo: true,
      supports: {
        models: ['demo-1'],
        sizes: ['1024x1024'],
        qualities: ['low', 'high'],
        backgrounds: ['opaque'],
        formats: ['png', 'webp'],
        compression: true,
        partialImages: 3,
        candidates: 4,
        refine: true,
      },
    },
    download: 'approved',
    limits: {
      INBOUND_MESSAGE_BYTES: 65_536,
      PROMPT_CHARACTERS: 4_000,
      FEEDBACK_CHARACTERS: 2_000,
      NAME_CHARACTERS: 40,
      HAVE_IDS: 32,
      WANT_IDS: 12,
      ATTEMPTS_PER_SESSION: 12,
      DRAFTS_PER_SECOND: 10,
    },
    keptForMs: 86_400_000,
  },
  draft: { type: 'draft', text: 'a red', by: 'Bo', participantId: 'p', draftId: 'd1' },
  viewers: {
    type: 'viewers',
    reviewers: 2,
    watchers: 0,
    people: [{ participantId: 'p', name: 'Ana', role: 'reviewer', lookingAt: 'i1' }],
  },
  prompt: { type: 'prompt', promptId: '2', text: 'a red kite' },
  record: {
    type: 'record',
    from: 4,
    entries: [
      entry,
      {
        kind: 'withdrawn',
        entryId: 'e2',
        ...subject,
        ...act,
        role: 'reviewer',
        decisionId: 'e1',
        decision: 'approved',
      },
      { kind: 'approvals_changed', entryId: 'e3', ...act, role: 'reviewer', approvals: 2 },
      {
        kind: 'invited',
        entryId: 'e4',
        ...act,
        role: 'reviewer',
        invitee: { name: 'Mira', role: 'watcher', invitationId: 'n1', participantId: 'p2', expiresAt: later },
      },
      { kind: 'forgotten', entryId: 'e5', at, numbers: [1, 3] },
    ],
  },
  links: { type: 'links', ...links, manages: [...links.manages] },
  invitations: { type: 'invitations', invitations },
  progress: {
    type: 'progress',
    generationId: 'g1',
    candidate: 0,
    phase: 'retrying',
    try: 2,
    maxTries: 3,
    elapsedMs: 1_200,
    expectedMs: 20_000,
    queuePosition: 1,
    retryInMs: 4_000,
    reason: 'The service is busy.',
  },
  ack: { type: 'ack', commandId: 'c1', revision: 7 },
  reject: { type: 'reject', commandId: 'c1', imageId: 'i1', code: 'stale', message: 'Too late.', lastAction },
  heartbeat: { type: 'heartbeat', nextBytes: 4_000_000 },
  goodbye: { type: 'goodbye', reason: 'restart', code: 'session_ended', reconnectInMs: 1_500 },
};
