/** The texts that depend on the session's state: what a person reads, and what a screen reader says. */
import type {
  Attempt,
  DiscardedAttempt,
  GenerationError,
  LastAction,
  RecordEntry,
  SentenceParameters,
} from '../../shared/model.ts';
import type { Options } from '../../shared/options.ts';
import type { ProgressMessage, SnapshotMessage, WelcomeMessage } from '../../shared/protocol.ts';
import type { Obstacle } from '../session/obstacle.ts';
import {
  type CommandRejection,
  type EndReason,
  type PictureProblem,
  pictureProblem,
  type SessionState,
} from '../session/session-state.ts';
import { endingDecision } from './attempt-in-view.ts';
import { findAttempt, newestAttempts, originOf } from './attempt-tree.ts';
import { connectionLabel, seconds } from './bar-sentences.ts';
import type { ApprovalStatus } from './decisions.ts';
import { ago, moment } from './formats.ts';
import { permissionsOf } from './permissions.ts';
import type { MessageKey, Texts } from './texts.ts';

/** How long a generation usually takes, rounded more coarsely the longer that is. */
export function estimate(t: Texts, elapsedMs: number, expectedMs: number): string {
  const exact = expectedMs / 1000;
  const step = exact < 10 ? 1 : 5;
  const isLate = elapsedMs > expectedMs * 1.5 ? 'yes' : 'no';
  return exact >= 90
    ? t('progress.usualMinutes', { minutes: Math.round(exact / 60), isLate })
    : t('progress.usualSeconds', { seconds: Math.max(1, Math.round(exact / step) * step), isLate });
}

// ——— what the server says ———

/** A text, and the language that it is in. */
export interface Worded {
  readonly text: string;
  readonly language: string;
}

/** The server's sentences are in English, for what this page does not know yet. */
const asSent = (text: string): Worded => ({ text, language: 'en' });

/** Why there is no picture. */
export function failureSentence(t: Texts, { detail, params, message }: GenerationError): Worded {
  return detail === undefined || detail === 'unknown'
    ? asSent(message)
    : worded(t, `failure.${detail}`, params, message);
}

/** Why there is another try; undefined where the server does not say. */
export function retrySentence(
  t: Texts,
  { reason, reasons }: Pick<ProgressMessage, 'reason' | 'reasons'>,
): Worded | undefined {
  if (reason === undefined) return undefined;
  if (!reasons?.length) return asSent(reason);
  const sentences = reasons.map(({ detail, params }) =>
    detail === 'unknown' ? asSent(reason) : worded(t, `retry.${detail}`, params, reason),
  );
  const unknown = sentences.find(({ language }) => language !== t.language);
  return unknown ? asSent(reason) : { text: sentences.map(({ text }) => text).join(' '), language: t.language };
}

/** A newer server may leave out a parameter that this version needs: then its own sentence stands. */
function worded(t: Texts, key: MessageKey, params: SentenceParameters | undefined, sent: string): Worded {
  try {
    return { text: t.filled(key, params ?? {}), language: t.language };
  } catch {
    return asSent(sent);
  }
}

// ——— attempts and images ———

const TITLE_CHARACTERS = 48;

/** Such as `No. 3`. */
export const attemptNumber = (t: Texts, { number }: Pick<Attempt, 'number'>): string => t('picture.number', { number });

/** For screen readers: the number, the prompt, what it was made from, and what was decided about it. */
export function attemptName(
  t: Texts,
  attempt: Attempt,
  {
    attempts,
    discarded,
    isApproved,
    hasChanges,
  }: {
    readonly attempts: readonly Attempt[];
    readonly discarded: readonly DiscardedAttempt[];
    readonly isApproved: boolean;
    /** Changes are asked for. */
    readonly hasChanges: boolean;
  },
): string {
  const origin = originOf(attempt, attempts, discarded);
  return t('picture.name', {
    number: attempt.number,
    prompt: firstWords(attempt.prompt),
    origin: origin?.parent ? origin.verb : 'none',
    parent: origin?.parent?.number ?? 0,
    approved: isApproved ? 'yes' : 'no',
    changes: hasChanges ? 'yes' : 'no',
  });
}

/** The beginning of a text on one line, cut at a word where there is one. */
export function firstWords(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  const characters = [...line];
  if (characters.length <= TITLE_CHARACTERS) return line;
  const cut = characters.slice(0, TITLE_CHARACTERS).join('');
  return `${cut.replace(/\s\S*$/, '').replace(/[\s,.;:]+$/, '')} …`;
}

/** The alternative text of an image. */
export const imageAlt = (
  t: Texts,
  kind: 'partial' | 'previous' | 'finished' | 'approved' | 'declined',
  prompt: string,
): string => t(`picture.${kind === 'approved' || kind === 'declined' ? 'finished' : kind}`, { prompt });

/** How many of the needed approvals there are, and whose are missing. `participantId` is the reader's own. */
export function approvalSentence(
  t: Texts,
  { count, needed, waitsFor }: ApprovalStatus,
  participantId: string | undefined,
): string {
  const missing = needed - count;
  if (missing <= 0) return t('approvals.enough', { count, needed });
  const names = waitsFor.map((one) =>
    one.participantId !== undefined && one.participantId === participantId ? t('approvals.you') : isolated(one.name),
  );
  if (names.length < missing) return t('approvals.tooFew', { count, needed });
  const type = names.length > missing ? 'disjunction' : 'conjunction';
  return t('approvals.waiting', { count, needed, names: new Intl.ListFormat(t.language, { type }).format(names) });
}

/** Within a list of names, so that the direction of one disturbs no other. */
const isolated = (name: string): string => `\u2068${name}\u2069`;

/** Says why a picture that is not shown cannot be approved, and what the person can do instead. `savable`: this person may download it. */
export function undecidable(t: Texts, problem: PictureProblem, savable: boolean): string {
  const isHere = problem === 'undecodable' || problem === 'blocked_by_policy';
  const whatToDo = isHere ? (savable ? 'decision.downloadOrLeave' : 'decision.leaveNoDownload') : 'decision.leave';
  return `${t('decision.onlySeen')} ${t(whatToDo)}`;
}

/** The label of the button that ends this person's selection; undefined where the selected attempt is shown anyway. */
export function showLatestLabel(
  t: Texts,
  snapshot: SnapshotMessage,
  selectedId: string | undefined,
): string | undefined {
  const { attempts } = snapshot;
  const selected = findAttempt(attempts, selectedId);
  if (!selected) return undefined;
  if (snapshot.stage === 'generating') return t('picture.showDrawn');
  if (snapshot.stage === 'final') {
    const ending = snapshot.approved ?? endingDecision(snapshot) ?? snapshot.image;
    if (selectedId === ending.imageId) return undefined;
    return t(snapshot.approved ? 'picture.showApproved' : 'picture.showNewest');
  }
  const newest = newestAttempts(attempts);
  if (newest.length > 1) return t('picture.showAll', { count: newest.length });
  return newest.includes(selected) ? undefined : t('picture.showNewest');
}

/** What to know before asking for several pictures at once; empty where pictures cost nothing. */
export const billingNote = (t: Texts, { candidates = 1 }: Options, isFree: boolean): string =>
  isFree || candidates === 1 ? '' : t('options.billed');

// ——— a generation under way ———

/** `sinceMs` is the time since the message came; without it, the label holds for as long as the phase lasts. */
export function phaseLabel(t: Texts, progress: ProgressMessage | undefined, sinceMs?: number): string {
  switch (progress?.phase) {
    case undefined:
      return t('progress.starting');
    case 'queued': {
      const { queuePosition: place } = progress;
      return place ? t('progress.queuedAt', { place }) : t('progress.queued');
    }
    case 'started':
      return t('progress.started');
    case 'drawing':
      return t('progress.drawing');
    case 'retrying': {
      if (sinceMs === undefined) return t('progress.trySoon', { try: progress.try });
      const left = seconds((progress.retryInMs ?? 0) - sinceMs);
      return left > 0
        ? t('progress.tryIn', { try: progress.try, seconds: left })
        : t('progress.tryNow', { try: progress.try });
    }
    case 'unknown':
      return t('progress.unknown');
  }
}

// ——— the record ———

/** Numbers of the pictures that were given up for memory, and that this person has not been told of. */
export function forgottenNumbers(
  record: readonly RecordEntry[],
  attempts: readonly Attempt[],
  readUpTo: string | undefined,
): readonly number[] {
  const read = record.findIndex(({ entryId }) => entryId === readUpTo);
  const numbers = record.slice(read + 1).flatMap((entry) => (entry.kind === 'forgotten' ? entry.numbers : []));
  // After a start over, the numbers count from 1 again.
  const isOfNow = numbers.every((number) => !attempts.some((attempt) => attempt.number === number));
  return isOfNow ? [...new Set(numbers)].toSorted((one, other) => one - other) : [];
}

export function forgottenSentence(t: Texts, numbers: readonly number[]): string {
  const names = numbers.map((number) => new Intl.NumberFormat(t.language).format(number));
  const list = new Intl.ListFormat(t.language, { type: 'conjunction' }).format(names);
  return t('forgotten.pictures', { count: numbers.length, numbers: list });
}

// ——— who did what ———

/** `participantId` is the reader's own; `now` by the server's clock, in milliseconds since 1970. */
function actionSentence(
  t: Texts,
  { action, participantId, by, at }: LastAction,
  ownId: string | undefined,
  now: number,
): string {
  return t(`actionAgo.${action}`, {
    who: participantId === ownId ? 'you' : 'other',
    name: by,
    // Where the two clocks differ by a little, the action must not be in the future.
    ago: ago(t, Math.max(0, now - Date.parse(at))),
  });
}

const decisionCommands = ['approve', 'request_changes', 'decline'] as const;

/** What became of a decision that lost a race; undefined where it was not one. */
function lostDecision(
  t: Texts,
  { command, code, about, lastAction }: CommandRejection,
  participantId: string | undefined,
  discarded: readonly DiscardedAttempt[],
): string | undefined {
  const decision = decisionCommands.find((one) => one === command);
  if (!decision || !about) return undefined;
  const lost = (reason: string) => t(`lost.${decision}`, { number: about.number, reason });
  if (code === 'image_not_found') {
    const act = findAttempt(discarded, about.imageId)?.discarded;
    return lost(act ? t('lostTo.discard', { name: act.by }) : t('lostTo.gone'));
  }
  if ((code !== 'stale' && code !== 'wrong_stage') || !lastAction) return undefined;
  const { action, by: name, number = 0 } = lastAction;
  return lost(
    t(`lostTo.${action}`, { who: lastAction.participantId === participantId ? 'you' : 'other', name, number }),
  );
}

/**
 * Why a command was rejected: what became of a decision, or the action that came before, where that is the reason. Parameters as in
 * `actionSentence`; `discarded` are the session's attempts that were put aside.
 */
export function rejectionSentence(
  t: Texts,
  rejection: CommandRejection,
  participantId: string | undefined,
  now: number,
  discarded: readonly DiscardedAttempt[] = [],
): Worded {
  const { command, code, message, detail, params, lastAction } = rejection;
  const lost = lostDecision(t, rejection, participantId, discarded);
  if (lost !== undefined) return { text: lost, language: t.language };
  const isLate = code === 'stale' || code === 'wrong_stage';
  if (code === 'unknown') return asSent(message);
  if (detail) return detail === 'unknown' ? asSent(message) : worded(t, `rejectDetail.${detail}`, params, message);
  if (isLate && lastAction) {
    return { text: actionSentence(t, lastAction, participantId, now), language: t.language };
  }
  const key = isLate && command === 'cancel' ? 'reject.tooLateToCancel' : (`reject.${code}` as const);
  return { text: t(key), language: t.language };
}

export type WatchedStage = 'initial_input' | 'generating' | 'user_feedback';

/** What somebody who may not decide sees here, and how they could decide. */
export const watchSentence = (t: Texts, stage: WatchedStage, role: WelcomeMessage['role']): string =>
  `${t(`watch.${stage}`)} ${t(role === 'unknown' ? 'watch.unknownRole' : 'watch.toDecide')}`;

// ——— how long it lasts ———

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
] as const;

/** How long the session is kept; undefined where the server does not say. Whole days are told from two on. */
export function keptSentence(t: Texts, welcome: SessionState['welcome']): string | undefined {
  const ms = welcome?.keptForMs;
  if (ms === undefined) return undefined;
  const [unit, length] = UNITS.find(([, unitMs]) => ms % unitMs === 0 && ms >= 2 * unitMs) ?? ['minute', 60_000];
  return t('kept.for', { unit, count: Math.max(1, Math.round(ms / length)) });
}

/** Until when it is kept if everybody leaves at `now`, in milliseconds since 1970. */
export const keptUntil = (t: Texts, { keptForMs = 0 }: WelcomeMessage, now: number): string =>
  t('kept.until', { when: moment(t, new Date(now + keptForMs).toISOString()) });

// ——— the connection ———

/** What a person can do about the end of a connection (rule R9). */
export const endedActions = {
  session_gone: 'new_session',
  not_allowed: 'new_session',
  link_closed: 'new_session',
  revoked: 'new_session',
  invitation_expired: 'new_session',
  session_ended: 'new_session',
  misuse: 'reconnect',
  too_big: 'reconnect',
  blocked: 'reconnect',
  blocked_by_policy: 'reconnect',
} as const satisfies Record<EndReason, 'new_session' | 'reconnect'>;

/** The labels of the links to the server's own page, where that may help against what keeps the page from the server. */
export const obstacleLinks: Readonly<Partial<Record<Obstacle, MessageKey & `obstacle.${string}Link`>>> = {
  sign_in: 'obstacle.signInLink',
  another_site: 'obstacle.openLink',
  foreign_page: 'obstacle.openLink',
};

// ——— announcements ———

/** One sentence for the status region at each change that matters. */
export function announcement(t: Texts, state: SessionState): string {
  const { snapshot, connection } = state;
  if (connection.status === 'reconnecting') {
    if (connection.obstacle) return t('announce.obstacle', { title: t(`obstacle.${connection.obstacle}`) });
    return t(connection.isServerBusy ? 'announce.serverBusy' : 'announce.connectionLost');
  }
  if (connection.status === 'closed') return t('announce.sentence', { title: t(`ended.${connection.reason}`) });
  switch (snapshot?.stage) {
    case undefined:
      return '';
    case 'initial_input':
      return snapshot.error ? '' : t(permissionsOf(state).watches ? 'announce.noPrompt' : 'announce.readyForPrompt');
    case 'generating':
      return generatingAnnouncement(t, state);
    case 'user_feedback':
      return reviewAnnouncement(t, snapshot, state);
    case 'final': {
      const name = endingDecision(snapshot)?.by;
      if (!snapshot.approved) {
        return name === undefined ? t('announce.declined') : t('announce.declinedBy', { name });
      }
      return name === undefined ? t('announce.approvedBySomebody') : t('announce.approved', { name });
    }
    case 'unknown':
      return t('stage.unknown.text');
  }
}

function generatingAnnouncement(t: Texts, { progress }: SessionState): string {
  const [first] = progress.values();
  if (first?.phase === 'retrying') {
    const reason = retrySentence(t, first)?.text ?? t('progress.thatTryFailed');
    return `${reason} ${t('progress.tryFollows', { try: first.try })}`;
  }
  return t('announce.drawing', { phase: phaseLabel(t, first) });
}

/** A failure is announced by its own notice. */
function reviewAnnouncement(
  t: Texts,
  { attempts, error, lastGeneration, lastAction }: SnapshotMessage,
  state: SessionState,
): string {
  const decided = lastAction && decisionAnnouncement(t, lastAction, state.welcome?.participantId);
  if (decided) return decided;
  const newest = newestAttempts(attempts);
  const hasAttempt = lastGeneration === undefined || newest[0]?.image.generationId === lastGeneration.generationId;
  if (!hasAttempt) return error ? '' : t('announce.cancelled');
  const { watches } = permissionsOf(state);
  if (newest.length > 1) {
    return t(watches ? 'announce.severalWatched' : 'announce.severalReady', { count: newest.length });
  }
  const problem = newest[0] && pictureProblem(state, newest[0].image.imageId);
  return problem
    ? t('announce.sentence', { title: t(`problem.${problem}`) })
    : t(watches ? 'announce.watched' : 'announce.ready');
}

/** Of a decision after which the review goes on. */
function decisionAnnouncement(
  t: Texts,
  { action, by: name, participantId, number = 0 }: LastAction,
  ownId: string | undefined,
): string | undefined {
  if (action !== 'approve' && action !== 'request_changes' && action !== 'withdraw') return undefined;
  return t(`announce.${action}`, { who: participantId === ownId ? 'you' : 'other', name, number });
}

/** What somebody in the comparison needs to know of the session behind it; empty where nothing is unusual. */
export function statusBehindDialog(t: Texts, state: SessionState, now: number): string {
  const { connection, snapshot, rejection, welcome, serverAheadMs = 0 } = state;
  if (connection.status === 'closed') return t('announce.sentence', { title: t(`ended.${connection.reason}`) });
  if (connection.status === 'reconnecting' && connection.obstacle) {
    return t('announce.sentence', { title: t(`obstacle.${connection.obstacle}`) });
  }
  if (connection.status !== 'online') return t('announce.sentence', { title: connectionLabel(t, connection) });
  if (rejection)
    return rejectionSentence(t, rejection, welcome?.participantId, now + serverAheadMs, snapshot?.discarded).text;
  if (snapshot?.stage !== 'generating') return '';
  return t(permissionsOf(state).watches ? 'compare.drawingWatched' : 'compare.drawing');
}
