/** The part of the rail that each stage has to itself: what goes on, and the decision. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Attempt, Generation, LastAction } from '../../../shared/model.ts';
import type { SnapshotMessage } from '../../../shared/protocol.ts';
import { attemptNumber } from '../../model/attempt-label.ts';
import { attemptsOf, findAttempt } from '../../model/attempt-tree.ts';
import { deed } from '../../model/sentences.ts';
import { promptOf } from '../../model/viewer-content.ts';
import type { SessionState } from '../../session/session-state.ts';
import './approval-note.ts';
import './decision-bar.ts';
import './progress-panel.ts';
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
      if (session.connection.status === 'closed') return session.draft.trim() ? quote(session.draft) : nothing;
      return html`${othersDeed(session, 'start_over')}
      ${isWatching ? html`${watch(snapshot)} ${beingWritten(session.draft)}` : nothing}`;
    case 'generating':
      return drawing(session, snapshot.generation, isWatching ? watch(snapshot) : nothing);
    case 'user_feedback': {
      const prompt = attempt?.prompt ?? promptOf(session, snapshot.image.imageId);
      if (isWatching) return html`${watch(snapshot)} ${quote(prompt)}`;
      return decides ? decision(session, attempt) : quote(prompt);
    }
    case 'final':
      return html`<proof-approval
          class="landing"
          .decision=${snapshot.decisions.at(-1)}
          .number=${numberElsewhere(snapshot.attempts, snapshot.approved.imageId, attempt)}
        ></proof-approval>`;
  }
}

/** Of the approved attempt, where another one is looked at. */
function numberElsewhere(attempts: readonly Attempt[], approvedId: string, lookedAt: Attempt | undefined) {
  const approved = findAttempt(attempts, approvedId);
  return approved && approved !== lookedAt ? attemptNumber(approved, attempts) : undefined;
}

const watch = ({ stage }: SnapshotMessage): TemplateResult =>
  html`<proof-watch class=${stage === 'generating' ? '' : 'landing'} stage=${stage}></proof-watch>`;

/** What somebody else did, where it has changed what everybody sees; `only` that, if it is named. */
function othersDeed({ snapshot, welcome }: SessionState, only?: LastAction['action']): TemplateResult | typeof nothing {
  const last = snapshot?.lastAction;
  if (!last || last.connectionId === welcome?.connectionId || (only && last.action !== only)) return nothing;
  return html`<p class="soft"><bdi>${last.by}</bdi> ${deed(last.action)}.</p>`;
}

const beingWritten = (draft: string) =>
  draft.trim() ? html`<p class="small soft">The prompt, as it is being written</p>${quote(draft)}` : nothing;

function drawing(session: SessionState, generation: Generation, watching: TemplateResult | typeof nothing) {
  const { prompt, feedback } = generation;
  // Of a session that is gone nobody knows whether it still draws.
  if (session.connection.status === 'closed') return quote(prompt);
  const settled = settledOf(session, generation);
  return html`<proof-progress
      class="landing"
      .progress=${furthest(session, settled.all)}
      .pictures=${generation.candidates}
      .finished=${settled.finished}
      ?unavailable=${session.connection.status !== 'online'}
    ></proof-progress>
    ${othersDeed(session)} ${quote(prompt)}
    ${feedback === undefined ? nothing : html`<p class="small soft">To change: <q dir="auto">${feedback}</q></p>`}
    ${watching}`;
}

/** The candidates that have ended, and how many of them brought a picture. */
function settledOf({ snapshot }: SessionState, generation: Generation) {
  const { failures = [] } = generation;
  const attempts = attemptsOf(generation, snapshot?.attempts ?? []);
  const all = [...attempts.map(({ image }) => image.candidate), ...failures.map(({ candidate }) => candidate)];
  return { all: new Set(all), finished: attempts.length };
}

const phases = ['drawing', 'started', 'retrying', 'queued'] as const;

/** Of several candidates the one that is furthest: what it does is what goes on. */
function furthest({ progress }: SessionState, settled: ReadonlySet<number>) {
  return [...progress.values()]
    .filter(({ candidate }) => !settled.has(candidate))
    .toSorted((one, other) => phases.indexOf(one.phase) - phases.indexOf(other.phase))[0];
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

export const quote = (prompt: string): TemplateResult => html`<blockquote dir="auto">${prompt}</blockquote>`;
