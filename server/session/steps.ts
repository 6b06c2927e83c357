/** A session changes in steps: each leads from one document to the next, and counts when the store has taken it. */
import type { RejectCode } from '../../shared/protocol.ts';
import { transition } from './machine.ts';
import { type Answer, type Rejection, reject } from './rejections.ts';
import type { SessionDocument } from './session-document.ts';
import type { StoredImage } from './session-images.ts';
import type { State } from './state.ts';
import type { Event, MachineLimits } from './transition.ts';

export interface Step {
  readonly answer: Answer;
  /** Absent: nothing changes. */
  readonly document?: SessionDocument;
  /** Images that the document shows for the first time. */
  readonly images?: readonly StoredImage[];
  /** Called when the document is there and everybody here was told. */
  readonly done?: () => void;
  /** Called when it came to nothing. */
  readonly undo?: () => void;
}

/** Makes a step from the latest document. It is called again when another server was faster. */
export type MakeStep = (before: SessionDocument) => Step | Promise<Step>;

export function stepTo(before: SessionDocument, change: Partial<SessionDocument>): Step {
  const document = { ...before, ...change };
  const isSame = document.state === before.state && document.access === before.access;
  return { answer: { accepted: true, revision: document.state.revision }, ...(!isSame && { document }) };
}

/** @param change what else the step changes, if the machine accepts the event */
export function machineStep(
  before: SessionDocument,
  event: Event,
  limits: MachineLimits,
  change: Partial<SessionDocument> = {},
): Step {
  const result = transition(before.state, event, limits);
  if (!result.accepted) return { answer: rejectWithAction(result.code, before.state) };
  const { state, draft = before.draft } = result;
  return stepTo(before, { ...change, state, draft });
}

function rejectWithAction(code: RejectCode, { lastAction }: State): Rejection {
  const isLate = code === 'stale' || code === 'wrong_stage';
  return { ...reject(code), ...(isLate && lastAction && { lastAction }) };
}
