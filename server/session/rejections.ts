/** The core's refusals: a code, and the sentence that explains it. */
import type { LastAction, RejectDetail, SentenceParameters } from '../../shared/model.ts';
import type { RejectCode } from '../../shared/protocol.ts';

export interface Rejection {
  readonly accepted: false;
  readonly code: RejectCode;
  /** Tells the author of a client what is wrong with the message. Absent: the sentence of the code says it all. */
  readonly detail?: string;
  /** Names a `detail` that clients may word themselves. */
  readonly sentence?: { readonly detail: RejectDetail; readonly params: SentenceParameters };
  /** The store can't be reached for the moment: whoever wants to join may come back soon. */
  readonly isOutage?: true;
  /** With `stale` and `wrong_stage`: the last action that was accepted (rule M2). */
  readonly lastAction?: LastAction;
}

export type Answer = { readonly accepted: true; readonly revision: number } | Rejection;

export const reject = (code: RejectCode, detail?: string, sentence?: Rejection['sentence']): Rejection => ({
  accepted: false,
  code,
  ...(detail !== undefined && { detail }),
  ...(sentence && { sentence }),
});

/** In English, for clients without a catalogue of their own. */
const sentences: Record<RejectCode, string> = {
  invalid_message: 'The server did not understand this message.',
  not_joined: 'Join a session first.',
  session_not_found:
    'This session is gone: a reviewer ended it, the server was restarted, or nobody was here for a while.',
  rate_limited: 'That was too much at once. Wait a moment and try again.',
  not_allowed: 'You may not do this: the link, the key or the access token does not permit it.',
  link_closed: 'This watch link was closed by a reviewer. Ask for a new one.',
  revoked: 'You may not take part in this session any more: whoever opened it has revoked that.',
  invitation_expired: 'This invitation has expired. Ask whoever sent it for another one.',
  prompt_empty: 'Write something first.',
  prompt_too_long: 'The text is too long.',
  name_invalid: 'This name is empty, too long, or one that the page itself calls people.',
  stale: 'The session has moved on since you looked at it.',
  wrong_stage: 'That is not possible at this stage.',
  image_not_found: 'This image is no longer in the session.',
  decision_not_found: 'There is no such decision in this session.',
  participant_not_found: 'There is no such person or invitation in this session.',
  image_in_use: 'This picture can’t be removed: somebody has decided about it, or has it open.',
  attempts_full: 'There is no room for more pictures in this session. Remove some first.',
  invitations_full: 'This session has as many invitations as it may have.',
  record_full: 'The record of this session is full: no further decision can be recorded.',
  server_busy: 'The server is full at the moment. Try again in a little while.',
  budget_exhausted: 'Today’s budget of this server is used up. Whoever runs the server can raise it.',
  internal_error: 'Something went wrong on the server. Look at the session again before you try once more.',
};

export const sentenceOf = ({ code, detail }: Pick<Rejection, 'code' | 'detail'>): string => detail ?? sentences[code];
