/** The texts that depend on the session's state: what a person reads, and what a screen reader says. */
import type { Attempt, DiscardedAttempt, LastAction } from '../../shared/model.ts';
import type { Options } from '../../shared/options.ts';
import type { ProgressMessage, SnapshotMessage, ViewersMessage, WelcomeMessage } from '../../shared/protocol.ts';
import type { Obstacle } from '../session/obstacle.ts';
import {
  type CommandRejection,
  type ConnectionState,
  type EndReason,
  type PictureProblem,
  pictureProblem,
  type SessionState,
} from '../session/session-state.ts';
import { approvalOf, findAttempt, newestAttempts, originOf } from './attempt-tree.ts';

const ordinals = ['', 'First', 'Second', 'Third', 'Fourth', 'Fifth'];
const ordinal = (count: number): string => ordinals[count] ?? `${count}th`;
export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
const seconds = (ms: number): number => Math.ceil(Math.max(0, ms) / 1000);

// ——— numbers ———

/** Such as `0:07`. */
export function stopwatch(ms: number): string {
  const whole = Math.floor(Math.max(0, ms) / 1000);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

function ago(ms: number): string {
  const whole = Math.floor(ms / 1000);
  if (whole < 1) return 'just now';
  if (whole < 60) return `${whole} s ago`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ago`;
  return `${Math.floor(whole / 3600)} h ago`;
}

/** How long a generation usually takes, rounded more coarsely the longer that is. */
export function estimate(elapsedMs: number, expectedMs: number): string {
  const exact = expectedMs / 1000;
  const step = exact < 10 ? 1 : 5;
  const rounded = exact >= 90 ? `${Math.round(exact / 60)} min` : `${Math.max(1, Math.round(exact / step) * step)} s`;
  return `Usually about ${rounded}${elapsedMs > expectedMs * 1.5 ? '; this one takes longer' : ''}.`;
}

export function fileSize(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** The ends of a digest, enough to compare by eye. */
export const shortDigest = (sha256: string): string => `${sha256.slice(0, 8)} … ${sha256.slice(-8)}`;

// ——— attempts and images ———

const TITLE_CHARACTERS = 48;

/** Such as `No. 3`. */
export const attemptNumber = ({ number }: Attempt): string => `No. ${number}`;

/** For screen readers: the number, the prompt, what it was made from, and whether it is approved. */
export function attemptName(
  attempt: Attempt,
  attempts: readonly Attempt[],
  discarded: readonly DiscardedAttempt[],
  approved: boolean,
): string {
  const origin = originOf(attempt, attempts, discarded);
  const parts = [attemptNumber(attempt), firstWords(attempt.prompt)];
  if (origin?.parent) parts.push(`${origin.verb.toLowerCase()} from ${attemptNumber(origin.parent)}`);
  if (approved) parts.push('approved');
  return parts.join(', ');
}

/** The beginning of a text on one line, cut at a word where there is one. */
export function firstWords(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  const characters = [...line];
  if (characters.length <= TITLE_CHARACTERS) return line;
  const cut = characters.slice(0, TITLE_CHARACTERS).join('');
  return `${cut.replace(/\s\S*$/, '').replace(/[\s,.;:]+$/, '')} …`;
}

const imageKinds = {
  partial: 'Preview, still being drawn',
  previous: 'Previous image',
  finished: 'Generated image',
  approved: 'Generated image',
} as const;

/** The alternative text of an image. */
export const imageAlt = (kind: keyof typeof imageKinds, prompt: string): string => `${imageKinds[kind]}: ${prompt}`;

interface PictureProblemText {
  readonly title: string;
  readonly text: string;
}

/** Why a finished picture cannot be seen. */
export const pictureProblems: Readonly<Record<PictureProblem, PictureProblemText>> = {
  undecodable: {
    title: 'Your browser cannot show this picture',
    text: 'Its file may be damaged, or of a kind that this browser does not know.',
  },
  blocked_by_policy: {
    title: 'Your browser cannot show this picture',
    text: 'The Content-Security-Policy of this site forbids it: its owner has to add blob: to img-src.',
  },
  damaged: {
    title: 'This picture arrived damaged',
    text: 'Something between this page and the server has changed its bytes. Open it again for another try.',
  },
  unreachable: {
    title: 'This picture has not come',
    text: 'Something between this page and the server keeps it away. Open it again for another try.',
  },
};

/** What to do about a picture that cannot be approved, because it cannot be seen. */
export function undecidable(problem: PictureProblem): string {
  const isHere = problem === 'undecodable' || problem === 'blocked_by_policy';
  const way = isHere
    ? 'Download it to look at it, or leave the decision to somebody who sees it'
    : 'Leave the decision to somebody who sees it';
  return `A picture can be approved only where it can be seen. ${way}.`;
}

/** The label of the button that ends this person's selection; undefined where the selected attempt is shown anyway. */
export function showLatestLabel(snapshot: SnapshotMessage, selectedId: string | undefined): string | undefined {
  const { attempts } = snapshot;
  const selected = findAttempt(attempts, selectedId);
  if (!selected) return undefined;
  if (snapshot.stage === 'generating') return 'Show what is being drawn';
  if (snapshot.stage === 'final') {
    return selectedId === snapshot.approved.imageId ? undefined : 'Show the approved picture';
  }
  const newest = newestAttempts(attempts);
  if (newest.length > 1) return `Show all ${newest.length} pictures`;
  return newest.includes(selected) ? undefined : 'Show the newest picture';
}

/** What to know before asking for several pictures at once; empty where pictures cost nothing. */
export const billingNote = ({ candidates = 1 }: Options, isFree: boolean): string =>
  isFree || candidates === 1 ? '' : 'Each picture is billed by itself.';

// ——— a generation under way ———

/** `sinceMs` is the time since the message came; without it, the label holds for as long as the phase lasts. */
export function phaseLabel(progress: ProgressMessage | undefined, sinceMs?: number): string {
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
    case 'unknown':
      return 'In progress';
  }
}

// ——— who did what ———

const actions = {
  generate: 'asked for a picture',
  regenerate: 'asked for another picture',
  refine: 'asked for a change',
  approve: 'approved this image',
  cancel: 'cancelled the drawing',
  start_over: 'started over',
  unknown: 'changed something',
} as const satisfies Record<LastAction['action'], string>;

/** A name between characters that keep its direction to itself: in plain text it could turn the words around it. */
const isolated = (name: string): string => `\u2068${name}\u2069`;

/** The predicate of a sentence that begins with a name. */
export const actionPhrase = ({ action }: LastAction): string => actions[action];

/** `participantId` is the reader's own; `now` by the server's clock, in milliseconds since 1970. */
function actionSentence(action: LastAction, participantId: string | undefined, now: number): string {
  const name = action.participantId === participantId ? 'You' : isolated(action.by);
  // Where the two clocks differ by a little, the action must not be in the future.
  return `${name} ${actionPhrase(action)} ${ago(Math.max(0, now - Date.parse(action.at)))}.`;
}

/** Why a command was rejected: the action that came before it, where that is the reason. Parameters as in `actionSentence`. */
export function rejectionSentence(
  { command, code, message, lastAction }: CommandRejection,
  participantId: string | undefined,
  now: number,
): string {
  const isLate = code === 'stale' || code === 'wrong_stage';
  if (isLate && lastAction) return actionSentence(lastAction, participantId, now);
  return isLate && command === 'cancel' ? 'It was too late to cancel: the drawing had ended.' : message;
}

export function viewersLabel({ reviewers, watchers }: ViewersMessage): string {
  const reviewing = plural(reviewers, 'reviewer');
  return watchers ? `${reviewing}, ${watchers} watching` : reviewing;
}

const RELOAD = 'Reload the page to get its newest version.';

export const unknownStage = {
  title: 'Unknown stage',
  text: `This session is at a stage that this page does not know. ${RELOAD}`,
} as const;

const watched = {
  initial_input: 'Nobody has asked for a picture yet. It will show here by itself.',
  generating: 'The picture shows here while it is drawn.',
  user_feedback: 'The reviewers are deciding on this picture.',
} as const;

export type WatchedStage = keyof typeof watched;

/** What somebody who may not decide sees here, and how they could decide. */
export function watchSentence(stage: WatchedStage, role: WelcomeMessage['role']): string {
  const toDecide =
    role === 'unknown'
      ? `This page does not know your role here. ${RELOAD}`
      : 'To decide with them, ask for the review link.';
  return `${watched[stage]} ${toDecide}`;
}

// ——— the connection ———

const closedLabels: Partial<Record<EndReason, string>> = {
  session_gone: 'Session is gone',
  session_ended: 'Session has ended',
};

export function connectionLabel(connection: ConnectionState): string {
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
      return closedLabels[connection.reason] ?? 'Not connected';
    case 'left':
      return 'Not connected';
  }
}

/** Whole seconds until the next try to connect; undefined while one is under way. */
export function secondsToNextTry(connection: ConnectionState, now: number): number | undefined {
  if (connection.status !== 'reconnecting' || connection.nextTryAt === undefined) return undefined;
  return seconds(connection.nextTryAt - now) || undefined;
}

interface EndedNoticeText {
  readonly title: string;
  readonly text: string;
  /** What the person can do next. */
  readonly action: 'new_session' | 'reconnect';
}

/** What the end of a connection means to a person (rule R9). */
export const endedNotices = {
  session_gone: {
    title: 'This session is gone',
    text: 'The server does not have it: it was idle for too long, a reviewer ended it, the server was restarted, or the link is incomplete.',
    action: 'new_session',
  },
  not_allowed: {
    title: 'This link does not let you in',
    text: 'Ask whoever sent it for a fresh one, or start a session of your own.',
    action: 'new_session',
  },
  link_closed: {
    title: 'This watch link was closed by a reviewer',
    text: 'Ask for a new one, or start a session of your own.',
    action: 'new_session',
  },
  session_ended: {
    title: 'A reviewer ended this session',
    text: 'It is over for everybody, and its pictures are gone from the server.',
    action: 'new_session',
  },
  misuse: {
    title: 'The server ended the connection',
    text: 'It could not make sense of a message from this page. Reload the page, and it should work again.',
    action: 'reconnect',
  },
  too_big: {
    title: 'Something on the way takes only small messages',
    text: 'A proxy or relay between this page and the server refuses what the session needs. Whoever runs it has to raise its limit for the size of WebSocket messages.',
    action: 'reconnect',
  },
  blocked: {
    title: 'This page may not connect to the server',
    text: "A page that is served over https can't open an unencrypted connection. The owner of this site has to reach the Proofroom server over https, too.",
    action: 'reconnect',
  },
  blocked_by_policy: {
    title: 'This page may not connect to the server',
    text: "The site's Content-Security-Policy does not allow it. The owner of this site has to add the Proofroom server to connect-src.",
    action: 'reconnect',
  },
} as const satisfies Record<EndReason, EndedNoticeText>;

interface ObstacleText {
  readonly title: string;
  readonly text: string;
  /** The label of a link to the server's own page, where that may help. */
  readonly link?: string;
}

/** What keeps the page from the server, while it goes on trying. */
export const obstacles: Readonly<Record<Obstacle, ObstacleText>> = {
  unreachable: {
    title: 'The server does not answer',
    text: 'This device may be offline, or its network lets nothing through to the server.',
  },
  sign_in: {
    title: 'You have to sign in again',
    text: 'Somebody before the server lets in only people who have signed in. Do that in another tab; this page then goes on by itself.',
    link: 'Sign in in a new tab',
  },
  server_away: {
    title: 'The server is away',
    text: 'It is being restarted, or a proxy before it does not reach it.',
  },
  another_site: {
    title: 'Something else answers at the server’s address',
    text: 'That may be a page to sign in: open it to see. If it is not, the address is wrong, or Proofroom no longer runs there.',
    link: 'Open it in a new tab',
  },
  foreign_page: {
    title: 'The server does not answer this page',
    text: 'Its owner has to add the address of this site to PROOFROOM_ALLOWED_ORIGINS. Or it asks people to sign in first: open it to see.',
    link: 'Open it in a new tab',
  },
  no_websocket: {
    title: 'No WebSocket gets through',
    text: 'The server answers, but a proxy on the way drops WebSockets: it has to pass on Upgrade, Connection and Host. The server’s log says more.',
  },
};

// ——— announcements ———

/** One sentence for the status region at each change that matters. */
export function announcement(state: SessionState): string {
  const { snapshot, connection } = state;
  if (connection.status === 'reconnecting') {
    if (connection.obstacle) return `${obstacles[connection.obstacle].title}. Trying again.`;
    return connection.isServerBusy ? 'The server is busy. Trying again.' : 'The connection is lost. Reconnecting.';
  }
  if (connection.status === 'closed') return `${endedNotices[connection.reason].title}.`;
  switch (snapshot?.stage) {
    case undefined:
      return '';
    case 'initial_input':
      return snapshot.error ? '' : 'Ready for a prompt.';
    case 'generating':
      return generatingAnnouncement(state);
    case 'user_feedback':
      return reviewAnnouncement(snapshot, state);
    case 'final':
      return approvalAnnouncement(snapshot);
    case 'unknown':
      return unknownStage.text;
  }
}

function approvalAnnouncement(snapshot: Extract<SnapshotMessage, { stage: 'final' }>): string {
  const decision = approvalOf(snapshot);
  return `The picture was approved by ${decision ? isolated(decision.by) : 'a reviewer'}.`;
}

function generatingAnnouncement({ progress }: SessionState): string {
  const [first] = progress.values();
  if (first?.phase === 'retrying') return `${first.reason ?? 'That try failed.'} ${ordinal(first.try)} try follows.`;
  return `The picture is being made. ${phaseLabel(first)}.`;
}

/** A failure is announced by its own notice. */
function reviewAnnouncement({ attempts, error, lastGeneration }: SnapshotMessage, state: SessionState): string {
  const newest = newestAttempts(attempts);
  const hasAttempt = lastGeneration === undefined || newest[0]?.image.generationId === lastGeneration.generationId;
  if (!hasAttempt) return error ? '' : 'The drawing was cancelled.';
  if (newest.length > 1) return `${newest.length} pictures are ready. Open one of them to decide.`;
  const problem = newest[0] && pictureProblem(state, newest[0].image.imageId);
  return problem ? `${pictureProblems[problem].title}.` : 'The picture is ready for your decision.';
}

/** What somebody in the comparison needs to know of the session behind it; empty where nothing is unusual. */
export function statusBehindDialog(
  { connection, snapshot, rejection, welcome, serverAheadMs = 0 }: SessionState,
  now: number,
): string {
  if (connection.status === 'closed') return `${endedNotices[connection.reason].title}.`;
  if (connection.status === 'reconnecting' && connection.obstacle) return `${obstacles[connection.obstacle].title}.`;
  if (connection.status !== 'online') return `${connectionLabel(connection)}.`;
  if (rejection) return rejectionSentence(rejection, welcome?.participantId, now + serverAheadMs);
  if (snapshot?.stage === 'generating') return 'Another picture is being drawn: nothing can be approved meanwhile.';
  return '';
}
