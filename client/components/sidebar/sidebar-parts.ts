/** What the sidebar shows of a review that has begun, around the prompt field. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Attempt, DiscardedAttempt } from '../../../shared/model.ts';
import type { Options } from '../../../shared/options.ts';
import type { SnapshotMessage } from '../../../shared/protocol.ts';
import { promptOf } from '../../model/attempt-in-view.ts';
import { attemptsOf } from '../../model/attempt-tree.ts';
import { changesRequested } from '../../model/decisions.ts';
import { isSavable, permissionsOf } from '../../model/permissions.ts';
import { keptSentence } from '../../model/sentences.ts';
import type { Texts } from '../../model/texts.ts';
import { feedbackOn, type UnsentInput, withFeedback } from '../../model/unsent-input.ts';
import { isPending, type SessionState } from '../../session/session-state.ts';
import { button } from '../ui/button.ts';
import * as icons from '../ui/icons.ts';
import { quote, stagePanel } from './stage-panel.ts';
import '../notices/error-notice.ts';
import '../notices/forgotten-notice.ts';
import '../notices/rejection-notice.ts';
import '../notices/unfinished-notice.ts';
import './approvals-needed.ts';
import './attempt-changes.ts';
import './attempt-facts.ts';
import './cancel-form.ts';
import './inspector.ts';
import './picture-tools.ts';
import './refine-form.ts';

export interface SidebarContent {
  readonly t: Texts;
  readonly session: SessionState;
  readonly snapshot: SnapshotMessage;
  /** The options for the next picture. */
  readonly options: Options;
  readonly unsent: UnsentInput;
  /** The image id of the attempt that this person has selected; absent: the latest is shown. */
  readonly selectedId: string | undefined;
  /** The attempt that they have open, where the session does not keep it any more. */
  readonly held: Attempt | DiscardedAttempt | undefined;
  /** The attempt in view, where commands can be about it. */
  readonly keptAttempt: Attempt | undefined;
  /** A picture was asked for, and the server has not answered yet. */
  readonly isAsking: boolean;
  /** Leads to the session on the server's own page. */
  readonly link: string;
  /** The picture has just come into view, and not by an act of this person. */
  readonly resting: boolean;
  readonly openRecord: () => void;
}

type Part = TemplateResult | typeof nothing;

/** In the order in which they stand; the prompt form comes after `forms`. */
export interface SidebarParts {
  readonly notices: Part;
  readonly stage: Part;
  readonly picture: Part;
  readonly forms: Part;
  readonly tools: Part;
  readonly more: Part;
}

export function sidebarParts(content: SidebarContent): SidebarParts {
  const { snapshot, session, held, keptAttempt } = content;
  const { watches } = permissionsOf(session);
  const isFinal = snapshot.stage === 'final';
  return {
    notices: notices(content),
    stage: stagePanel({ ...content, attempt: held ?? keptAttempt }),
    picture: html`${isFinal ? html`${tools(content)} ${approvedPrompt(content, (snapshot.approved ?? snapshot.image).imageId)}` : nothing}
      ${changes(content)}`,
    forms: watches ? nothing : html`${cancelForm(content)} ${refineForm(content)}`,
    tools: isFinal ? nothing : tools(content),
    more: html`${record(content)} ${facts(content)} ${approvalsNeeded(content)}
      ${
        watches
          ? nothing
          : html`<proof-inspector .snapshot=${snapshot} .generator=${session.welcome?.generator}></proof-inspector>`
      }
      ${kept(content)}`,
  };
}

/** One constant, so that no element updates for an equal list. */
const noneDiscarded: readonly DiscardedAttempt[] = [];

/** The attempt in view; undefined also while the viewer shows a running generation. */
function shownAttempt({ snapshot, selectedId, held, keptAttempt }: SidebarContent): Attempt | undefined {
  const isDrawing = snapshot.stage === 'generating' && selectedId === undefined && !held;
  return isDrawing ? undefined : (held ?? keptAttempt);
}

/** The model that draws when the options name none. */
const modelOf = ({ welcome }: SessionState): string => welcome?.generator.model ?? '';
const isDemo = ({ welcome }: SessionState): boolean => welcome?.generator.demo === true;

function approvedPrompt({ session, held, keptAttempt }: SidebarContent, approvedId: string): TemplateResult {
  return quote((held ?? keptAttempt)?.prompt ?? promptOf(session, approvedId));
}

/** How the connection, the last command and the last generation ended. */
function notices({ session, snapshot, unsent, link, isAsking }: SidebarContent): TemplateResult {
  const { error, image, lastAction, lastGeneration, attempts, discarded } = snapshot;
  const { connection, rejection, welcome, serverAheadMs, draft, record } = session;
  const { decides, unavailable } = permissionsOf(session);
  const finished = attemptsOf(lastGeneration, attempts).length;
  return html`<div class="notices">
    <proof-ended-notice .connection=${connection} .prompt=${draft} ?keeps=${image !== undefined}></proof-ended-notice>
    <proof-obstacle
      .obstacle=${connection.status === 'reconnecting' ? connection.obstacle : undefined}
      .link=${link}
    ></proof-obstacle>
    <proof-forgotten-notice
      .record=${record}
      .attempts=${attempts}
      .readUpTo=${unsent.readUpTo}
    ></proof-forgotten-notice>
    <proof-rejection-notice
      .rejection=${rejection}
      .participantId=${welcome?.participantId}
      .discarded=${discarded ?? noneDiscarded}
      .serverAheadMs=${serverAheadMs}
    ></proof-rejection-notice>
    <proof-error-notice
      .error=${finished > 0 ? undefined : error}
      .generationId=${lastGeneration?.generationId}
      .serverAheadMs=${serverAheadMs}
      ?decides=${decides}
      ?busy=${isAsking}
      ?unavailable=${unavailable}
    ></proof-error-notice>
    <proof-unfinished-notice
      .lastGeneration=${lastGeneration}
      .lastAction=${lastAction}
      .participantId=${welcome?.participantId}
      .finished=${finished}
      .error=${error}
      .serverAheadMs=${serverAheadMs}
      .draft=${draft}
      ?decides=${decides}
      ?busy=${isAsking}
      ?unavailable=${unavailable}
    ></proof-unfinished-notice>
  </div>`;
}

function cancelForm({ session, snapshot, unsent }: SidebarContent): TemplateResult {
  const { decides, unavailable } = permissionsOf(session);
  return html`<proof-cancel
    ?hidden=${snapshot.stage !== 'generating' || !decides}
    .limit=${session.welcome?.limits.FEEDBACK_CHARACTERS}
    ?free=${isDemo(session) || isQueued(session)}
    .reason=${unsent.reason ?? ''}
    ?busy=${isPending(session.pending, 'cancel')}
    ?unavailable=${unavailable}
  ></proof-cancel>`;
}

/** Also shown, but not to be sent, where it holds text while a generation runs or after the session has ended. */
function refineForm(content: SidebarContent): TemplateResult {
  const { session, snapshot, options, unsent, selectedId, held, keptAttempt, isAsking } = content;
  const { stage, lastGeneration } = snapshot;
  const attempt = held ?? keptAttempt;
  const { decides, refines, unavailable, hasEnded } = permissionsOf(session);
  const { image } = attempt ?? {};
  const isHere = (imageId: string) =>
    imageId === image?.imageId ||
    [...snapshot.attempts, ...(snapshot.discarded ?? [])].some((one) => one.image.imageId === imageId);
  const feedback = feedbackOn(unsent, image?.imageId, isHere);
  const changes = image && changesRequested(snapshot, image)?.note;
  const suggestion = changes ?? lastGeneration?.cancelReason ?? '';
  const hasText = feedback !== undefined || suggestion !== '';
  const isReady = decides && refines && keptAttempt !== undefined && stage === 'user_feedback';
  const waits = decides && hasText && selectedId !== undefined && stage === 'generating';
  const isGone = held !== undefined;
  const keeps = isGone && decides && refines && Boolean(feedback);
  return html`<proof-refine
    ?hidden=${!(isReady || waits || keeps || (hasEnded && hasText))}
    ?waits=${waits}
    ?gone=${isGone}
    .typed=${(text: string) => (image ? withFeedback(unsent, image.imageId, text, isHere) : { feedback: text })}
    .imageId=${attempt?.image.imageId}
    .number=${attempt?.number}
    .limit=${session.welcome?.limits.FEEDBACK_CHARACTERS}
    .feedback=${feedback}
    .suggestion=${suggestion}
    suggested-by=${changes === undefined ? 'cancel' : 'changes'}
    .options=${options}
    .model=${modelOf(session)}
    ?demo=${isDemo(session)}
    ?busy=${isAsking}
    ?unavailable=${unavailable}
  ></proof-refine>`;
}

function tools({ session, snapshot, selectedId, held, keptAttempt, resting }: SidebarContent): Part {
  const { stage, attempts } = snapshot;
  const { images, pending } = session;
  const { decides, unavailable, hasEnded } = permissionsOf(session);
  const attempt = held ?? keptAttempt;
  const isDrawing = stage === 'generating' && !hasEnded && selectedId === undefined && !held;
  if ((attempts.length === 0 && !held) || isDrawing) return nothing;
  return html`<proof-tools
    class=${stage === 'final' ? '' : 'divided'}
    .attempt=${attempt}
    .picture=${attempt && images.get(attempt.image.imageId)}
    ?savable=${attempt !== undefined && isSavable(session, attempt.image.imageId)}
    ?approved=${stage === 'final' && snapshot.approved?.imageId === attempt?.image.imageId}
    ?discards=${decides && stage === 'user_feedback' && !held}
    ?resting=${resting}
    ?starts-over=${decides && stage !== 'generating' && stage !== 'initial_input'}
    .pending=${pending}
    ?unavailable=${unavailable}
  ></proof-tools>`;
}

function changes(content: SidebarContent): Part {
  const { attempts, discarded } = content.snapshot;
  const attempt = shownAttempt(content);
  if (attempt?.parent === undefined) return nothing;
  return html`<proof-changes .attempt=${attempt} .attempts=${attempts} .discarded=${discarded ?? noneDiscarded}></proof-changes>`;
}

function facts(content: SidebarContent): Part {
  const attempt = shownAttempt(content);
  return attempt ? html`<proof-facts .attempt=${attempt} .model=${modelOf(content.session)}></proof-facts>` : nothing;
}

/** Opens the record. There is one from the first decision on. */
function record({ t, snapshot: { recordLength = 0 }, openRecord }: SidebarContent): Part {
  if (recordLength === 0) return nothing;
  return html`<div class="record">
    ${button({
      label: t('record.show', { count: recordLength }),
      icon: icons.record(),
      kind: 'quiet',
      press: openRecord,
    })}
  </div>`;
}

function approvalsNeeded({ session, snapshot: { stage, approvalsNeeded } }: SidebarContent): Part {
  const { welcome, pending } = session;
  const { decides, unavailable } = permissionsOf(session);
  if (!welcome?.creator || !decides || stage === 'final') return nothing;
  return html`<proof-approvals
    .needed=${approvalsNeeded ?? 1}
    ?unavailable=${unavailable || isPending(pending, 'require_approvals')}
  ></proof-approvals>`;
}

function kept({ t, session }: SidebarContent): Part {
  const sentence = keptSentence(t, session.welcome);
  return sentence === undefined || permissionsOf(session).hasEnded
    ? nothing
    : html`<p class="kept small soft">${sentence}</p>`;
}

/** The generation waits in the queue as a whole, so nothing of it can be billed yet. */
function isQueued({ progress, snapshot }: SessionState): boolean {
  const finished = snapshot?.stage === 'generating' ? attemptsOf(snapshot.generation, snapshot.attempts).length : 0;
  return finished === 0 && progress.size > 0 && [...progress.values()].every(({ phase }) => phase === 'queued');
}
