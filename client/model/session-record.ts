/** The record of a session as people take it along: with each picture once, and as a file for programs. */
import type { Attempt, DecisionEntry, RecordEntry } from '../../shared/model.ts';
import type { SnapshotMessage } from '../../shared/protocol.ts';
import type { ReceivedImage, SessionState } from '../session/session-state.ts';
import { findAttempt } from './attempt-tree.ts';

type Recorded = Pick<SessionState, 'snapshot' | 'record' | 'images' | 'imageProblems'>;

/** A picture that somebody has decided about, or an ancestor of one. */
export interface RecordedPicture {
  readonly attempt: Attempt;
  /** The picture that it was made from, if any. Without `number`, the record does not know that picture. */
  readonly origin?: { readonly verb: 'refined' | 'regenerated'; readonly number?: number };
  /** `coming`: the session has it, but its bytes are not here yet. `missing`: they can't be had or shown. */
  readonly state: 'here' | 'coming' | 'missing' | 'gone';
  /** Only where it can be shown. */
  readonly picture?: ReceivedImage;
}

/** Each once, in the order in which the record first tells of them. */
export function recordedPictures({ snapshot, record, images, imageProblems }: Recorded): readonly RecordedPicture[] {
  const attempts = attemptsIn(record);
  const kept = [...(snapshot?.attempts ?? []), ...(snapshot?.discarded ?? [])];
  return attempts.map((attempt): RecordedPicture => {
    const { imageId } = attempt.image;
    const parent = findAttempt(attempts, attempt.parent);
    const picture = images.get(imageId);
    const verb = attempt.feedback === undefined ? 'regenerated' : 'refined';
    const origin = attempt.parent !== undefined && {
      origin: { verb, ...(parent && { number: parent.number }) } as const,
    };
    const base = { attempt, ...origin };
    if (!findAttempt(kept, imageId)) return { ...base, state: 'gone' };
    if (picture?.display === 'possible') return { ...base, state: 'here', picture };
    const isMissing = picture?.display !== undefined || imageProblems.has(imageId);
    return { ...base, state: isMissing ? 'missing' : 'coming' };
  });
}

/** The ids of the decisions that their authors have withdrawn. */
export const withdrawnIn = (record: readonly RecordEntry[]): ReadonlySet<string> =>
  new Set(record.flatMap((entry) => (entry.kind === 'withdrawn' ? [entry.decisionId] : [])));

/** The prompt that names the record: of the approved picture, or else of the last one that somebody decided about. */
export function recordedPrompt({ snapshot, record }: Recorded): string {
  const attempts = attemptsIn(record);
  const approved = snapshot?.stage === 'final' ? snapshot.approved?.imageId : undefined;
  const last = record.findLast(isDecision)?.imageId;
  return (findAttempt(attempts, approved) ?? findAttempt(attempts, last))?.prompt ?? '';
}

type WithoutAttempts<Entry> = Entry extends unknown ? Omit<Entry, 'attempts'> : never;

/** Described in `shared/PROTOCOL.md`. Version 1 grows by addition, like the protocol. */
export interface RecordFile {
  readonly format: 'proofroom.record';
  readonly version: 1;
  readonly exportedAt: string;
  /** The first 12 hex digits of the SHA-256 of the session's id, as in the server's log: the id itself would let readers watch. */
  readonly session?: string;
  readonly stage: SnapshotMessage['stage'];
  readonly outcome?: Extract<SnapshotMessage, { stage: 'final' }>['outcome'];
  readonly approved?: { readonly imageId: string; readonly sha256: string };
  readonly approvalsNeeded: number;
  /** Whether all entries are in the file. */
  readonly complete: boolean;
  readonly entries: readonly WithoutAttempts<RecordEntry>[];
  readonly attempts: readonly Attempt[];
}

/** @param now milliseconds since 1970, by the server's clock */
export function recordFile(
  { snapshot, record }: { readonly snapshot: SnapshotMessage; readonly record: readonly RecordEntry[] },
  { now, session }: { readonly now: number; readonly session: string | undefined },
): RecordFile {
  const final = snapshot.stage === 'final' ? snapshot : undefined;
  const approved = final?.approved;
  return {
    format: 'proofroom.record',
    version: 1,
    exportedAt: new Date(now).toISOString(),
    ...(session !== undefined && { session }),
    stage: snapshot.stage,
    ...(final && { outcome: final.outcome }),
    ...(approved && { approved: { imageId: approved.imageId, sha256: approved.sha256 } }),
    approvalsNeeded: snapshot.approvalsNeeded ?? 1,
    complete: record.length >= (snapshot.recordLength ?? 0),
    entries: record.map(withoutAttempts),
    attempts: attemptsIn(record),
  };
}

function withoutAttempts(entry: RecordEntry): WithoutAttempts<RecordEntry> {
  if (!isDecision(entry)) return entry;
  const { attempts: _attempts, ...rest } = entry;
  return rest;
}

const isDecision = (entry: RecordEntry): entry is DecisionEntry =>
  entry.kind === 'approved' || entry.kind === 'changes_requested' || entry.kind === 'declined';

/** Each attempt stands in the first entry that has to do with it. A server that sends one again changes nothing. */
export function attemptsIn(record: readonly RecordEntry[]): readonly Attempt[] {
  const attempts = record.flatMap((entry) => (isDecision(entry) ? (entry.attempts ?? []) : []));
  return [...new Map(attempts.toReversed().map((attempt) => [attempt.image.imageId, attempt])).values()].toReversed();
}
