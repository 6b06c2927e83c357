/** All that is kept of a session, but its images: plain JSON, which one server may write and another read. */
import type { AccessState } from './access.ts';
import type { SpentForImage } from './spending.ts';
import { initialState, type State } from './state.ts';
import type { Requester } from './turn-order.ts';

/** Grows when a server of before could not read the document. Such a server leaves the session alone. */
export const DOCUMENT_FORMAT = 1;

export interface SessionDocument {
  readonly format: typeof DOCUMENT_FORMAT;
  readonly state: State;
  readonly access: AccessState;
  /** The shared text as the last command has set it; what was typed since is a signal. */
  readonly draft: string;
  /** Counts the images that were asked for, so that the same prompt gives another picture. */
  readonly requestedImages: number;
  /** Of the generation that runs, for whichever server draws it. */
  readonly drawing?: { readonly requester: Requester; readonly spent: SpentForImage };
}

export const firstDocument = (access: AccessState, approvalsNeeded: number): SessionDocument => ({
  format: DOCUMENT_FORMAT,
  state: { ...initialState, approvalsNeeded },
  access,
  draft: '',
  requestedImages: 0,
});
