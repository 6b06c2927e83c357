/** How a session ends for a client, in the state and in the answers to commands that never got one. */
import type { Command } from '../../shared/protocol.ts';
import type { CommandRejection, EndReason } from './session-state.ts';

/** What a close code without a way back means (rule W7). */
export function closedFor(code: number): EndReason {
  switch (code) {
    case 1001:
      return 'going_away';
    case 4403:
      return 'not_allowed';
    case 4404:
      return 'session_gone';
    default:
      return 'misuse';
  }
}

const answers = {
  session_gone: { code: 'session_not_found', message: 'The session is gone from the server.' },
  not_allowed: { code: 'not_allowed', message: 'This link does not let you in.' },
  misuse: { code: 'closed', message: 'The server ended the connection before it answered.' },
  going_away: { code: 'closed', message: 'The server shut down before it answered.' },
  blocked: { code: 'closed', message: 'The browser does not let this page connect to the server.' },
  left: { code: 'closed', message: 'The connection was closed before the server answered.' },
} as const satisfies Record<EndReason | 'left', Pick<CommandRejection, 'code' | 'message'>>;

/** The answer to a command that no server will answer any more, or that nobody waits for; `at` in milliseconds since 1970. */
export function unanswered(command: Command['type'], reason: EndReason | 'left', at: number): CommandRejection {
  return { command, ...answers[reason], at };
}
