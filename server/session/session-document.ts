/** All that is kept of a session, but its images: plain JSON, which one server may write and another read. */
import type { State } from './state.ts';

/** Grows when a server of before could not read the document. Such a server leaves the session alone. */
export const DOCUMENT_FORMAT = 1;

export interface SessionDocument {
  readonly format: typeof DOCUMENT_FORMAT;
  readonly state: State;
}
