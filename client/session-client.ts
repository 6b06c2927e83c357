/** The live connection to one session: socket to state, without a framework. */
import type { ImageReference, Options } from '../shared/session.ts';
import type { Notice, SessionState } from './session-state.ts';

export interface SessionClientOptions {
  /** The server's address, `http:` or `https:`. */
  readonly server: string | URL;
  /** Absent: a new session is created. */
  readonly sessionId?: string;
  /** Absent, with a `sessionId`: the client only watches. */
  readonly sessionKey?: string;
  /** The server's access token, where it asks for one to create a session. */
  readonly token?: string;
  readonly name?: string;
}

export type CommandResult =
  | { readonly accepted: true; readonly revision: number }
  | { readonly accepted: false; readonly notice: Notice };

export interface SessionClient {
  readonly state: SessionState;
  /** Calls `listener` at each change of state; returns the undo. */
  subscribe(listener: (state: SessionState) => void): () => void;
  /** Opens the connection; a second call does nothing. */
  connect(): void;
  /** Closes for good and releases all object URLs; may be called twice. */
  close(): void;
  setDraft(text: string): void;
  /** Answers `token_needed`, and connects again. */
  provideToken(token: string): void;
  /** Asks for the bytes of attempts; those that are here already are left out. */
  want(imageIds: readonly string[]): void;
  generate(prompt: string, options?: Options): Promise<CommandResult>;
  regenerate(what?: { imageId?: string; prompt?: string; options?: Options }): Promise<CommandResult>;
  refine(imageId: string, feedback: string, options?: Options): Promise<CommandResult>;
  /** Names the image by id and digest (rule M3). */
  approve(image: ImageReference): Promise<CommandResult>;
  cancel(): Promise<CommandResult>;
  startOver(): Promise<CommandResult>;
}
