/** The part of the rail that each stage has to itself: what goes on, and the decision. */
import { html, nothing, type TemplateResult } from 'lit';
import type { SnapshotMessage } from '../../shared/protocol.ts';
import type { Attempt, Generation } from '../../shared/session.ts';
import type { SessionState } from '../session-state.ts';
import { promptOf } from '../showing.ts';
import './approval-note.ts';
import './decision-bar.ts';
import './progress-line.ts';
import './watch-note.ts';

export interface StagePart {
  readonly session: SessionState;
  readonly snapshot: SnapshotMessage;
  /** The attempt that the person looks at. */
  readonly attempt: Attempt | undefined;
  readonly decides: boolean;
  readonly isWatching: boolean;
}

/** What has the class `landing` takes the focus when the stage begins. */
export function stagePart(part: StagePart): TemplateResult | typeof nothing {
  const { session, snapshot, attempt, decides, isWatching } = part;
  switch (snapshot.stage) {
    case 'initial_input':
      return isWatching ? html`${watch(snapshot)} ${beingWritten(session.draft)}` : nothing;
    case 'generating':
      return drawing(session, snapshot.generation, isWatching ? watch(snapshot) : nothing);
    case 'user_feedback': {
      const prompt = attempt?.prompt ?? promptOf(session, snapshot.image.imageId);
      if (isWatching) return html`${watch(snapshot)} ${quote(prompt)}`;
      return decides ? decision(session, attempt) : quote(prompt);
    }
    case 'final':
      return html`<proof-approval class="landing" .decision=${snapshot.decisions.at(-1)}></proof-approval>
        ${quote(promptOf(session, snapshot.approved.imageId))}`;
  }
}

const watch = ({ stage }: SnapshotMessage): TemplateResult =>
  html`<proof-watch class=${stage === 'generating' ? '' : 'landing'} stage=${stage}></proof-watch>`;

const beingWritten = (draft: string) =>
  draft.trim() ? html`<p class="small soft">The prompt, as it is being written</p>${quote(draft)}` : nothing;

function drawing(session: SessionState, generation: Generation, watching: TemplateResult | typeof nothing) {
  const { prompt, feedback } = generation;
  // Of a session that is gone nobody knows whether it still draws.
  if (session.connection.status === 'closed') return quote(prompt);
  return html`<proof-progress class="landing" .progress=${firstProgress(session, generation)}></proof-progress>
    ${quote(prompt)}
    ${feedback === undefined ? nothing : html`<p class="small soft">To change: <q dir="auto">${feedback}</q></p>`}
    ${watching}`;
}

/** Of several candidates that of the first which is still being drawn. */
function firstProgress({ progress, snapshot }: SessionState, generation: Generation) {
  const { generationId, failures = [] } = generation;
  const finished = snapshot?.attempts.filter(({ image }) => image.generationId === generationId) ?? [];
  const settled = new Set([
    ...finished.map(({ image }) => image.candidate),
    ...failures.map(({ candidate }) => candidate),
  ]);
  return [...progress.values()].find(({ candidate }) => !settled.has(candidate));
}

/** Nobody approves what they can't see. */
function decision({ images, pending, connection }: SessionState, attempt: Attempt | undefined): TemplateResult {
  const isHere = attempt === undefined || images.has(attempt.image.imageId);
  return html`<proof-decision
    class="landing"
    .image=${attempt?.image}
    ?busy=${pending.has('approve')}
    ?unavailable=${connection.status !== 'online' || !isHere}
  ></proof-decision>`;
}

const quote = (prompt: string): TemplateResult => html`<blockquote dir="auto">${prompt}</blockquote>`;
