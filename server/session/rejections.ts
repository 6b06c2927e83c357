/** What a person is told of a refused message. */
import type { CloseCode } from '../../shared/close-codes.ts';
import type { RejectCode, RejectMessage } from '../../shared/protocol.ts';

/** What a refusal says besides its code; without a message of its own it gets the code's sentence. */
export type RefusalDetails = Partial<Omit<RejectMessage, 'type' | 'code'>>;

export type Refuse = (code: RejectCode, details?: RefusalDetails) => void;

const sentences: Record<RejectCode, string> = {
  invalid_message: 'The server did not understand this message.',
  not_joined: 'Join a session first.',
  session_not_found: 'This session is gone: the server was restarted, or nobody was here for a while.',
  rate_limited: 'That was too much at once. Wait a moment and try again.',
  not_allowed: 'You may not do this: the link, the key or the access token does not permit it.',
  prompt_empty: 'Write a prompt first.',
  prompt_too_long: 'The text is too long.',
  stale: 'The session has moved on since you looked at it.',
  wrong_stage: 'That is not possible at this stage.',
  image_not_found: 'This image is no longer in the session.',
  server_busy: 'The server is full at the moment. Try again in a little while.',
};

export const sentenceOf = (code: RejectCode): string => sentences[code];

/** How `ws` closes a connection by itself, where the error says that a message was too much. */
export function closeCodeOfError(code: string | undefined): CloseCode | undefined {
  switch (code) {
    case 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH':
      return 1009;
    case 'WS_ERR_TOO_MANY_BUFFERED_PARTS':
      return 1008;
    default:
      return undefined;
  }
}

/** How a connection is closed whose `join` was refused. */
export function closeCodeOf(code: RejectCode): CloseCode {
  switch (code) {
    case 'session_not_found':
      return 4404;
    case 'not_allowed':
      return 4403;
    case 'rate_limited':
    case 'server_busy':
      return 4429;
    default:
      return 1008;
  }
}
