/** The page's sentences: from state to what a person reads. */

import type { LastAction } from '../../shared/model.ts';
import type { ProgressMessage, SnapshotMessage, ViewersMessage } from '../../shared/protocol.ts';
import type { ConnectionState, Notice, SessionState } from '../session/session-state.ts';
import { attemptsOf } from './attempt-tree.ts';

const ordinals = ['', 'First', 'Second', 'Third', 'Fourth', 'Fifth'];
const ordinal = (count: number): string => ordinals[count] ?? `${count}th`;
const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
const seconds = (ms: number): number => Math.ceil(Math.max(0, ms) / 1000);

/** A stopwatch's face, such as `0:07`. */
export function stopwatch(ms: number): string {
  const whole = Math.floor(Math.max(0, ms) / 1000);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** An estimate, never a promise: rounded the coarser the longer it is. */
export function usually(ms: number): string {
  const exact = ms / 1000;
  if (exact >= 90) return `usually about ${Math.round(exact / 60)} min`;
  const step = exact < 10 ? 1 : 5;
  return `usually about ${Math.max(1, Math.round(exact / step) * step)} s`;
}

export function ago(ms: number): string {
  const whole = Math.floor(ms / 1000);
  if (whole < 1) return 'just now';
  if (whole < 60) return `${whole} s ago`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ago`;
  return `${Math.floor(whole / 3600)} h ago`;
}

/** What happens now in a generation. `sinceMs` is the time since the message came; absent where nothing on show ticks. */
export function phaseWords(progress: ProgressMessage | undefined, sinceMs?: number): string {
  switch (progress?.phase) {
    case undefined:
      return 'Starting';
    case 'queued':
      return progress.queuePosition ? `Waiting, place ${progress.queuePosition} in line` : 'Waiting in line';
    case 'started':
      return 'Sent to the model';
    case 'drawing':
      return 'Drawing';
    case 'retrying': {
      if (sinceMs === undefined) return `${ordinal(progress.try)} try soon`;
      const left = seconds((progress.retryInMs ?? 0) - sinceMs);
      return left > 0 ? `${ordinal(progress.try)} try in ${left} s` : `${ordinal(progress.try)} try starts now`;
    }
  }
}

const actions = {
  generate: 'asked for a picture',
  regenerate: 'asked for another picture',
  refine: 'asked for a change',
  approve: 'approved this image',
  cancel: 'cancelled the drawing',
  start_over: 'started over',
} as const satisfies Record<LastAction['action'], string>;

/** What somebody did, as in “Ana …”. */
export const deed = (action: LastAction['action']): string => actions[action];

/** Who did what, and how long ago; a clock that runs ahead of the server's never makes it the future. */
export function actionSentence(action: LastAction, connectionId: string | undefined, now: number): string {
  const who = action.connectionId === connectionId ? 'You' : action.by;
  return `${who} ${actions[action.action]} ${ago(Math.max(0, now - Date.parse(action.at)))}.`;
}

/** Why a command was refused: by what somebody else did, where that is the reason. */
export function noticeSentence(notice: Notice, connectionId: string | undefined, now: number): string {
  const isLate = notice.code === 'stale' || notice.code === 'wrong_stage';
  if (isLate && notice.lastAction) return actionSentence(notice.lastAction, connectionId, now);
  // Nobody did anything: the drawing ended by itself while the click was on its way.
  return isLate && notice.command === 'cancel' ? 'It was too late to cancel: the drawing had ended.' : notice.message;
}

export function viewersWords({ reviewers, watchers }: ViewersMessage): string {
  const people = plural(reviewers, 'reviewer');
  return watchers ? `${people}, ${watchers} watching` : people;
}

export function connectionWords(connection: ConnectionState): string {
  switch (connection.status) {
    case 'connecting':
      return 'Connecting';
    case 'online':
      return 'Live';
    case 'reconnecting':
      return connection.isServerBusy ? 'The server is busy' : 'Reconnecting';
    case 'token_needed':
      return 'Access token needed';
    case 'closed':
      return connection.reason === 'session_gone' ? 'Session is gone' : 'Not connected';
    case 'left':
      return 'Not connected';
  }
}

/** Whole seconds until the next try begins; undefined while one is under way. */
export function secondsToNextTry(connection: ConnectionState, now: number): number | undefined {
  if (connection.status !== 'reconnecting' || connection.nextTryAt === undefined) return undefined;
  return seconds(connection.nextTryAt - now) || undefined;
}

type Closed = Extract<ConnectionState, { status: 'closed' }>;
interface Farewell {
  readonly title: string;
  readonly text: string;
  readonly offer: 'new_session' | 'reconnect';
}

/** What an ended connection means to a person, and what they can do (rule R9). */
export const farewells = {
  session_gone: {
    title: 'This session is gone',
    text: 'The server does not have it: it was idle for too long, the server was restarted, or the link is incomplete.',
    offer: 'new_session',
  },
  not_allowed: {
    title: 'This link does not let you in',
    text: 'Ask whoever sent it for a fresh one, or start a session of your own.',
    offer: 'new_session',
  },
  misuse: {
    title: 'The server ended the connection',
    text: 'It could not make sense of a message from this page. Reload the page, and it should work again.',
    offer: 'reconnect',
  },
  going_away: {
    title: 'The server has shut down',
    text: 'Connect again once it is back.',
    offer: 'reconnect',
  },
} as const satisfies Record<Closed['reason'], Farewell>;

/** One sentence for the status region whenever something of note has changed. */
export function announcement(state: SessionState): string {
  const { snapshot, connection } = state;
  if (connection.status === 'reconnecting') {
    return connection.isServerBusy ? 'The server is busy. Trying again.' : 'The connection is lost. Reconnecting.';
  }
  if (connection.status === 'closed') return `${farewells[connection.reason].title}.`;
  if (!snapshot) return '';
  switch (snapshot.stage) {
    case 'initial_input':
      return snapshot.error ? '' : 'Ready for a prompt.';
    case 'generating':
      return generatingAnnouncement(state);
    case 'user_feedback':
      return reviewAnnouncement(snapshot);
    case 'final':
      return `The picture was approved by ${snapshot.decisions.at(-1)?.by ?? 'a reviewer'}.`;
  }
}

/** Of what brought nothing, its own note tells. */
function reviewAnnouncement({ attempts, error, lastGeneration }: SnapshotMessage): string {
  const newest = attemptsOf(attempts.at(-1)?.image, attempts);
  const hasBrought = lastGeneration === undefined || newest[0]?.image.generationId === lastGeneration.generationId;
  if (!hasBrought) return error ? '' : 'The drawing was cancelled.';
  return newest.length > 1
    ? `${newest.length} pictures are ready. Open one of them to decide.`
    : 'The picture is ready for your decision.';
}

/** What somebody who is busy with something else needs to know of the session; empty when all is as usual. */
export function newsMeanwhile({ connection, snapshot, notice, welcome }: SessionState, now: number): string {
  if (connection.status === 'closed') return `${farewells[connection.reason].title}.`;
  if (connection.status !== 'online') return `${connectionWords(connection)}.`;
  if (notice) return noticeSentence(notice, welcome?.connectionId, now);
  if (snapshot?.stage === 'generating') return 'Another picture is being drawn: nothing can be approved meanwhile.';
  return '';
}

function generatingAnnouncement({ progress }: SessionState): string {
  const [first] = progress.values();
  if (first?.phase === 'retrying') return `${first.reason ?? 'That try failed.'} ${ordinal(first.try)} try follows.`;
  return `The picture is being made. ${phaseWords(first)}.`;
}

/** Bytes as people read them. */
export function fileSize(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** The ends of a digest, enough to compare by eye. */
export const shortDigest = (sha256: string): string => `${sha256.slice(0, 8)} … ${sha256.slice(-8)}`;
