/** What a person sees before the server has answered: the prompt field of a session that is still to be created. */
import type { Capabilities } from '../../shared/options.ts';
import type { SnapshotMessage } from '../../shared/protocol.ts';
import type { SessionState } from '../session/session-state.ts';

/** In place of the capabilities of a server that has sent no `welcome` yet. */
export const noCapabilities: Capabilities = { refine: false };

/** A session as it begins. */
const newSession: SnapshotMessage = {
  type: 'snapshot',
  stage: 'initial_input',
  revision: 0,
  turn: 0,
  draft: '',
  draftRevision: 0,
  attempts: [],
  decisions: [],
};

/** The state with a new session in it, until there is one, or it is clear that there won't be. */
export function withNewSession(state: SessionState): SessionState {
  const { connection, snapshot } = state;
  const isExpected = connection.status === 'connecting' || connection.status === 'reconnecting';
  return snapshot || !isExpected ? state : { ...state, snapshot: newSession };
}

/**
 * The keys of the sentences that the first screen has, whole or up to a dot at their end. The build puts them into a file of their own,
 * which the page loads before the others.
 */
const keys = [
  ...([
    'page.title',
    'area.review',
    'area.opening',
    'language.label',
    'demo.text',
    'options.title',
    'text.keys',
  ] as const),
  ...(['connection.connecting', 'connection.reconnecting', 'connection.nextTry'] as const),
  ...(['prompt.headline', 'prompt.label', 'prompt.placeholder', 'prompt.generate', 'prompt.empty'] as const),
  ...(['examples.', 'missing.'] as const),
];

export const isOnFirstScreen = (key: string): boolean =>
  keys.some((one) => (one.endsWith('.') ? key.startsWith(one) : key === one));
