/** What the session client tells its subscribers: everything that a view needs, and nothing that it may change. */

import type { ImageReference } from '../../shared/model.ts';
import type {
  Command,
  ProgressMessage,
  RejectMessage,
  SnapshotMessage,
  ViewersMessage,
  WelcomeMessage,
} from '../../shared/protocol.ts';

/** Why the connection ended for good. `blocked`: the browser refuses to connect, as an https page may not use an unencrypted socket. */
export type EndReason = 'session_gone' | 'not_allowed' | 'misuse' | 'going_away' | 'blocked';

export type ConnectionState =
  /** A connection is being made: the first one, or one that the person asked for. */
  | { readonly status: 'connecting' }
  | { readonly status: 'online' }
  /** The line is lost, or could not be made at first; the next try begins at `nextTryAt` (milliseconds of `Date.now()`), or is under way when absent. */
  | {
      readonly status: 'reconnecting';
      readonly nextTryAt?: number;
      /** The server is there, but it refused the last try: it is full, or was asked too often. */
      readonly isServerBusy?: true;
    }
  /** The server wants an access token before it creates a session, or refused the one it got. */
  | { readonly status: 'token_needed'; readonly refused: boolean }
  /** Ended by the server for good: the client no longer tries, unless it is told to. What was received stays on show (rule R9). */
  | { readonly status: 'closed'; readonly reason: EndReason }
  /** The client itself was closed: its images are gone. */
  | { readonly status: 'left' };

/** An image whose bytes are here. */
export interface ReceivedImage {
  readonly reference: ImageReference;
  readonly blob: Blob;
  /** An object URL, valid while the image is in the state. */
  readonly url: string;
}

/** Why a command of this client was rejected. */
export interface CommandRejection {
  readonly command: Command['type'];
  /** `closed`: the connection ended for good before an answer came, so the command may or may not have been done. */
  readonly code: RejectMessage['code'] | 'closed';
  readonly message: string;
  readonly lastAction?: RejectMessage['lastAction'];
  /** Milliseconds of `Date.now()`. */
  readonly at: number;
}

export interface SessionState {
  readonly connection: ConnectionState;
  readonly welcome?: WelcomeMessage;
  readonly snapshot?: SnapshotMessage;
  /** The shared text of the prompt field: typed here, or as last heard from the server (rule W8). */
  readonly draft: string;
  /** That text, as long as the server may not have it: whoever ends this client early would lose it. */
  readonly unsentDraft?: string | undefined;
  readonly viewers?: ViewersMessage;
  /** The running generation's last progress, by candidate, with the local moment it arrived (milliseconds of `Date.now()`). */
  readonly progress: ReadonlyMap<number, ProgressMessage & { readonly receivedAt: number }>;
  /** The running generation's last partial, by candidate. */
  readonly partials: ReadonlyMap<number, ReceivedImage>;
  /** Final images whose bytes are here, by image id. */
  readonly images: ReadonlyMap<string, ReceivedImage>;
  /** Commands that wait for their answer. */
  readonly pending: readonly Command[];
  /** The last rejection, until the next accepted command. */
  readonly rejection?: CommandRejection;
  /** What a person needs to come back, and to bring others along. */
  readonly sessionId?: string;
  readonly sessionKey?: string;
}

/** Before anything was heard. */
export const initialState: SessionState = {
  connection: { status: 'connecting' },
  draft: '',
  progress: new Map(),
  partials: new Map(),
  images: new Map(),
  pending: [],
};

/** Whether a command of that type, and about that image if one is given, waits for its answer. */
export function isPending(pending: readonly Command[], type: Command['type'], imageId?: string): boolean {
  return pending.some(
    (command) =>
      command.type === type && (imageId === undefined || ('imageId' in command && command.imageId === imageId)),
  );
}
