/** The state that the session client gives its subscribers: immutable, and complete enough to draw a view from. */

import type { ImageReference, LastAction, Person, RecordEntry } from '../../shared/model.ts';
import type {
  Command,
  Invitation,
  Links,
  ProgressMessage,
  RejectMessage,
  SnapshotMessage,
  ViewersMessage,
  WelcomeMessage,
} from '../../shared/protocol.ts';
import type { Obstacle } from './obstacle.ts';

/** Why the client no longer tries to connect by itself (rule W7). */
export type EndReason =
  /** The server does not have the session, or has it no longer. */
  | 'session_gone'
  /** The key is wrong. */
  | 'not_allowed'
  /** The watch link was closed or replaced. */
  | 'link_closed'
  /** The session's creator has turned this participant out, or revoked the invitation. */
  | 'revoked'
  /** The invitation has expired. */
  | 'invitation_expired'
  /** A reviewer has ended the session for everybody. */
  | 'session_ended'
  /** This client sent something that the protocol does not allow. */
  | 'misuse'
  /** Something on the way does not even take small messages. */
  | 'too_big'
  /** No socket may be opened to the server's address: `ws:` from a page on `https:`, say. */
  | 'blocked'
  /** The Content-Security-Policy of the page keeps it from the server. */
  | 'blocked_by_policy';

export type ConnectionState =
  /** The first connection is being made, or one after `reconnect`, `rename` or `provideToken`. */
  | { readonly status: 'connecting' }
  | { readonly status: 'online' }
  /** The connection was lost, or the first one failed. */
  | {
      readonly status: 'reconnecting';
      /** When the next try begins, in milliseconds of `Date.now()`; absent while one is under way. */
      readonly nextTryAt?: number;
      /** The server answered the last try, but was full or had too many requests. */
      readonly isServerBusy?: true;
      /** What keeps the client from the server, once some tries have failed. */
      readonly obstacle?: Obstacle;
    }
  /** The server creates a session only with an access token; `refused` when it got one and did not accept it. */
  | { readonly status: 'token_needed'; readonly refused: boolean }
  /** No more tries until `reconnect` is called. Snapshot and images stay (rule R9). */
  | { readonly status: 'closed'; readonly reason: EndReason }
  /** `close` was called: the images are released. */
  | { readonly status: 'left' };

/** An image whose bytes are here. */
export interface ReceivedImage {
  readonly reference: ImageReference;
  readonly blob: Blob;
  /** An object URL, valid while the image is in the state. */
  readonly url: string;
  /** Whether the browser can show it; absent where there is no page. */
  readonly display?: 'possible' | DisplayProblem;
}

/** Why the browser cannot show an image whose bytes are here. */
export type DisplayProblem =
  /** The file is damaged, or of a kind that this browser does not know. */
  | 'undecodable'
  /** The page's Content-Security-Policy allows no `blob:` images. */
  | 'blocked_by_policy';

/** Why the bytes of a final image are not here. */
export type ImageProblem =
  /** They could not be downloaded. */
  | 'unreachable'
  /** Other bytes came than the session has, more than once. */
  | 'damaged';

/** Why a command of this client was rejected. */
export interface CommandRejection {
  readonly command: Command['type'];
  /** `closed`: the connection ended for good before the answer came, so the command may or may not have been done. */
  readonly code: RejectMessage['code'] | 'closed';
  /** A sentence to show, in English. */
  readonly message: string;
  /** Names the sentence where it says more than the code, for pages in other languages. */
  readonly detail?: RejectMessage['detail'];
  readonly params?: RejectMessage['params'];
  /** The attempt that the command was about, where the session had it. */
  readonly about?: { readonly imageId: string; readonly number: number };
  /** What somebody did that this client did not know of when it gave the command. */
  readonly lastAction?: LastAction;
  /** When it was rejected, in milliseconds of `Date.now()`. */
  readonly at: number;
}

export interface SessionState {
  readonly connection: ConnectionState;
  readonly welcome?: WelcomeMessage;
  /** The open links to the session, for reviewers. */
  readonly links?: Links;
  /** The invitations with their keys, oldest first: for the session's creator, and empty for everybody else. */
  readonly invitations: readonly Invitation[];
  /** How far the server's clock is ahead of this one, in milliseconds; absent where the server does not tell. */
  readonly serverAheadMs?: number;
  readonly snapshot?: SnapshotMessage;
  /** The text of the prompt field: typed here, or as the server last sent it (rule W8). */
  readonly draft: string;
  /**
   * The same text, while it was typed here and the server may not have it, or has another one by a command: closing the client now could
   * lose it.
   */
  readonly unsentDraft?: string;
  /** The `draftRevision` at which it was typed; absent before the first join. */
  readonly unsentDraftRevision?: number;
  readonly viewers?: ViewersMessage;
  /** The people who are here, this participant included: all reviewers and the first watchers. */
  readonly people: readonly Person[];
  /** The record of decisions, oldest first: `snapshot.recordLength` entries once all have come. */
  readonly record: readonly RecordEntry[];
  /** The running generation's last progress by candidate, with the time of its arrival in milliseconds of `Date.now()`. */
  readonly progress: ReadonlyMap<number, ProgressMessage & { readonly receivedAt: number }>;
  /** The running generation's last partial, by candidate. */
  readonly partials: ReadonlyMap<number, ReceivedImage>;
  /** Final images whose bytes are here, by image id. */
  readonly images: ReadonlyMap<string, ReceivedImage>;
  /** Final images that should be here and are not, by image id, until they are wanted again. */
  readonly imageProblems: ReadonlyMap<string, ImageProblem>;
  /** Commands without an answer, in the order in which they were given. */
  readonly pending: readonly Command[];
  /** The last rejection, until a command is accepted. */
  readonly rejection?: CommandRejection;
  /** With the key, what it takes to join this session again. */
  readonly sessionId?: string;
  readonly sessionKey?: string;
}

/** Why this person cannot see a final image; undefined where they can, or will. */
export type PictureProblem = ImageProblem | DisplayProblem;

export function pictureProblem(
  { images, imageProblems }: Pick<SessionState, 'images' | 'imageProblems'>,
  imageId: string,
): PictureProblem | undefined {
  const image = images.get(imageId);
  return image ? displayProblem(image) : imageProblems.get(imageId);
}

export const displayProblem = ({ display }: ReceivedImage): DisplayProblem | undefined =>
  display === 'possible' ? undefined : display;

/** Before the server has sent anything. */
export const initialState: SessionState = {
  connection: { status: 'connecting' },
  draft: '',
  invitations: [],
  people: [],
  record: [],
  progress: new Map(),
  partials: new Map(),
  images: new Map(),
  imageProblems: new Map(),
  pending: [],
};

/** Whether a command of that type waits for its answer; with `imageId`, one about that image. */
export function isPending(pending: readonly Command[], type: Command['type'], imageId?: string): boolean {
  return pending.some(
    (command) =>
      command.type === type && (imageId === undefined || ('imageId' in command && command.imageId === imageId)),
  );
}
