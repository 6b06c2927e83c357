/** The part of the sidebar that differs from stage to stage: what goes on, and the decision. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Attempt, Decision, DiscardedAttempt, Generation, LastAction } from '../../../shared/model.ts';
import type { SnapshotMessage } from '../../../shared/protocol.ts';
import { endingDecision, promptOf } from '../../model/attempt-in-view.ts';
import { attemptsOf, findAttempt } from '../../model/attempt-tree.ts';
import { approvalStatus, decisionsOn, wouldCount } from '../../model/decisions.ts';
import { isApprovable, isSavable, permissionsOf } from '../../model/permissions.ts';
import type { WatchedStage } from '../../model/sentences.ts';
import type { Texts } from '../../model/texts.ts';
import type { UnsentInput } from '../../model/unsent-input.ts';
import { pictureProblem, type SessionState } from '../../session/session-state.ts';
import { person } from '../ui/person.ts';
import '../ui/long-text.ts';
import './decision-bar.ts';
import './decision-list.ts';
import './outcome-note.ts';
import './progress-panel.ts';
import './watch-note.ts';

interface StagePanel {
  readonly t: Texts;
  readonly session: SessionState;
  readonly snapshot: SnapshotMessage;
  /** The attempt in view. */
  readonly attempt: Attempt | undefined;
  /** The same, where the session does not keep it any more. */
  readonly held: Attempt | DiscardedAttempt | undefined;
  readonly unsent: UnsentInput;
  /** The picture has just come into view, and not by an act of this person. */
  readonly resting: boolean;
}

/** The element with the class `focus-target` gets the focus when the stage begins. */
export function stagePanel(panel: StagePanel): TemplateResult | typeof nothing {
  const { t, session, snapshot, attempt } = panel;
  const { watches, decides, hasEnded } = permissionsOf(session);
  const watchNote = (stage: WatchedStage, css = 'focus-target') =>
    watches && !hasEnded
      ? html`<proof-watch-note class=${css} .stage=${stage} .ownRole=${session.welcome?.role}></proof-watch-note>`
      : nothing;
  switch (snapshot.stage) {
    case 'initial_input':
      if (hasEnded) return session.draft.trim() ? quote(session.draft) : nothing;
      return html`${othersAction(t, session, 'start_over')} ${watchNote('initial_input')}
      ${watches ? sharedDraft(t, session.draft) : nothing}`;
    case 'generating':
      return hasEnded
        ? quote(snapshot.generation.prompt)
        : html`${running(t, session, snapshot.generation)} ${watchNote('generating', '')}`;
    case 'user_feedback': {
      const prompt = quote(attempt?.prompt ?? promptOf(session, snapshot.image.imageId));
      if (watches) return html`${watchNote('user_feedback')} ${prompt} ${decisionList(panel)}`;
      if (panel.held && decides) return html`${notKept(t, panel.held)} ${prompt} ${decisionList(panel)}`;
      return html`${decides ? decision(panel) : prompt} ${decisionList(panel)}`;
    }
    case 'final':
      return html`${outcome(panel, snapshot)} ${decisionList(panel, endingDecision(snapshot))}`;
    case 'unknown':
      return html`<h2 class="focus-target" tabindex="-1">${t('stage.unknown')}</h2>
        <p class="soft">${t('stage.unknown.text')}</p>
        ${attempt ? quote(attempt.prompt) : nothing}`;
  }
}

export const quote = (prompt: string): TemplateResult =>
  html`<blockquote dir="auto"><proof-text .text=${prompt}></proof-text></blockquote>`;

/** The last action, if it is somebody else's; `only` names the one that counts. */
function othersAction(
  t: Texts,
  { snapshot, welcome }: SessionState,
  only?: LastAction['action'],
): TemplateResult | typeof nothing {
  const last = snapshot?.lastAction;
  if (!last || last.participantId === welcome?.participantId || (only && last.action !== only)) return nothing;
  return html`<p class="soft">${t.rich(`action.${last.action}`, { name: last.by, person })}</p>`;
}

const sharedDraft = (t: Texts, draft: string): TemplateResult | typeof nothing =>
  draft.trim() ? html`<p class="small soft">${t('watch.draft')}</p>${quote(draft)}` : nothing;

function running(t: Texts, session: SessionState, generation: Generation): TemplateResult {
  const { feedback, prompt, candidates } = generation;
  const { settled, finished } = outcomesOf(session, generation);
  return html`<proof-progress
      class="focus-target"
      .progress=${furthestProgress(session, settled)}
      .pictures=${candidates}
      .finished=${finished}
      ?unavailable=${session.connection.status !== 'online'}
    ></proof-progress>
    ${othersAction(t, session)} ${quote(prompt)}
    ${feedback === undefined ? nothing : html`<p class="small soft">${t.rich('progress.toChange', { feedback, quote: (text) => html`<q dir="auto">${text}</q>` })}</p>`}`;
}

/** The candidates that have ended, and how many of them became attempts. */
function outcomesOf({ snapshot }: SessionState, generation: Generation): { settled: Set<number>; finished: number } {
  const attempts = attemptsOf(generation, snapshot?.attempts ?? []);
  const failed = generation.failures?.map(({ candidate }) => candidate) ?? [];
  return { settled: new Set([...attempts.map(({ image }) => image.candidate), ...failed]), finished: attempts.length };
}

const phases = ['drawing', 'started', 'retrying', 'queued', 'unknown'] as const;

/** Of the candidate that is furthest: its phase is shown for all of them. */
function furthestProgress({ progress }: SessionState, settled: ReadonlySet<number>) {
  return [...progress.values()]
    .filter(({ candidate }) => !settled.has(candidate))
    .toSorted((one, other) => phases.indexOf(one.phase) - phases.indexOf(other.phase))[0];
}

/** A notice in place of the decision, for a picture that is not in review. */
const notKept = (t: Texts, held: Attempt | DiscardedAttempt): TemplateResult =>
  html`<h2 class="focus-target" tabindex="-1">${t('held.title')}</h2>
    <p class="soft">${t('discarded' in held ? 'held.discarded' : 'held.gone')}</p>`;

function decision({ session, attempt, unsent, resting }: StagePanel): TemplateResult {
  const { pending, connection, welcome } = session;
  const image = attempt?.image;
  const imageId = image?.imageId;
  return html`<proof-decision
    class="focus-target"
    .image=${image}
    .number=${attempt?.number}
    .problem=${imageId && pictureProblem(session, imageId)}
    ?savable=${imageId !== undefined && isSavable(session, imageId)}
    .status=${image && approvalStatus(session, image)}
    .counts=${image && wouldCount(session, image)}
    .participantId=${welcome?.participantId}
    .limit=${welcome?.limits.FEEDBACK_CHARACTERS}
    .unsent=${unsent}
    .pending=${pending}
    ?unavailable=${connection.status !== 'online' || !imageId || !isApprovable(session, imageId)}
    ?resting=${resting}
  ></proof-decision>`;
}

function outcome(
  { session, attempt }: StagePanel,
  snapshot: Extract<SnapshotMessage, { stage: 'final' }>,
): TemplateResult {
  const { welcome, pending, connection, serverAheadMs } = session;
  const { attempts, approved } = snapshot;
  return html`<proof-outcome
    class="focus-target"
    .decision=${endingDecision(snapshot)}
    ?approved=${approved !== undefined}
    .number=${approved && approvedElsewhere(attempts, approved.imageId, attempt)}
    .participantId=${welcome?.participantId}
    ?decides=${permissionsOf(session).decides}
    .pending=${pending}
    ?unavailable=${connection.status !== 'online'}
    .serverAheadMs=${serverAheadMs}
  ></proof-outcome>`;
}

/** The decisions about the picture in view, without the one that is shown already. */
function decisionList({ session, snapshot, attempt }: StagePanel, shown?: Decision): TemplateResult | typeof nothing {
  if (!attempt) return nothing;
  const { welcome, pending, connection, serverAheadMs } = session;
  return html`<proof-decisions
    .decisions=${decisionsOn(snapshot, attempt.image).filter((decision) => decision !== shown)}
    .participantId=${welcome?.participantId}
    ?decides=${permissionsOf(session).decides}
    .pending=${pending}
    ?unavailable=${connection.status !== 'online'}
    .serverAheadMs=${serverAheadMs}
  ></proof-decisions>`;
}

/** The approved attempt's number, where another attempt is in view. */
function approvedElsewhere(
  attempts: readonly Attempt[],
  approvedId: string,
  inView: Attempt | undefined,
): number | undefined {
  const approved = findAttempt(attempts, approvedId);
  return approved && approved !== inView ? approved.number : undefined;
}
