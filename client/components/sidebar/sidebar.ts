/** What stands beside the picture: notices, the stage's own part, the forms, and what can be done with the picture. */
import { html, nothing, type TemplateResult } from 'lit';
import { property, query } from 'lit/decorators.js';
import type { Attempt, DiscardedAttempt } from '../../../shared/model.ts';
import type { Options } from '../../../shared/options.ts';
import type { SnapshotMessage } from '../../../shared/protocol.ts';
import { attemptInView, promptOf } from '../../model/attempt-in-view.ts';
import { attemptsOf } from '../../model/attempt-tree.ts';
import { changesRequested } from '../../model/decisions.ts';
import { usesParts } from '../../model/lazy-part.ts';
import { noCapabilities } from '../../model/first-screen.ts';
import { isSavable, type Permissions, permissionsOf } from '../../model/permissions.ts';
import { feedbackOn, type UnsentInput, withFeedback } from '../../model/unsent-input.ts';
import { isPending, type SessionState } from '../../session/session-state.ts';
import type { EndedNotice } from '../notices/ended-notice.ts';
import { stagesPart } from '../room/parts.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import type { DecisionBar } from './decision-bar.ts';
import type { ExampleEvent } from './examples.ts';
import type { PromptForm, PromptPurpose } from './prompt-form.ts';
import { sidebar } from './sidebar.styles.ts';
import { StageFocus } from './stage-focus.ts';
import './examples.ts';
import './prompt-form.ts';

const purposes = {
  initial_input: 'generate',
  generating: 'wait',
  user_feedback: 'regenerate',
  final: 'wait',
  unknown: 'wait',
} as const satisfies Record<SnapshotMessage['stage'], PromptPurpose>;

/** One constant, so that no element updates for an equal list. */
const noneDiscarded: readonly DiscardedAttempt[] = [];

/** Dispatches `record` to have the record opened. */
@element('proof-sidebar')
export class Sidebar extends LocalizedElement {
  static override styles = [base, controls, sidebar];

  @property({ attribute: false }) accessor session!: SessionState;
  /** The options for the next picture. */
  @property({ attribute: false }) accessor options: Options = {};
  @property({ attribute: false }) accessor unsent: UnsentInput = {};
  /** The image id of the attempt that this person has selected; absent: the latest is shown. */
  @property({ attribute: false }) accessor selectedId: string | undefined;
  /** The attempt that they have open, where the session does not keep it any more. */
  @property({ attribute: false }) accessor held: Attempt | DiscardedAttempt | undefined;
  /** Leads to the session on the server's own page. */
  @property({ attribute: false }) accessor link = '';
  /** The picture has just come into view, and not by an act of this person. */
  @property({ type: Boolean }) accessor resting = false;
  @query('proof-decision') private accessor decision!: DecisionBar | null;
  @query('proof-prompt') private accessor form!: PromptForm | null;
  @query('.focus-target') private accessor focusTarget!: HTMLElement | null;
  @query('proof-ended-notice') private accessor endedNotice!: EndedNotice | null;

  readonly #focus = new StageFocus(this);

  constructor() {
    super();
    usesParts(this);
  }

  /** To be called when a command of this person is sent from outside of this element. */
  commandSent(): void {
    this.#focus.commandSent();
  }

  override render(): TemplateResult {
    const { session } = this;
    const { snapshot, connection } = session;
    if (!snapshot) return html`<proof-ended-notice .connection=${connection} .prompt=${session.draft}></proof-ended-notice>`;
    const { watches, hasEnded } = this.#permissions;
    const isFinal = snapshot.stage === 'final';
    return html`${
      snapshot.stage === 'initial_input' && !watches && !hasEnded
        ? html`<h2 class="headline">${this.t('prompt.headline')}</h2>`
        : nothing
    }
      ${this.#notices(snapshot)}
      <div class="stage">${stagesPart.part?.stagePanel({ t: this.t, session, snapshot, attempt: this.#attempt, held: this.held, unsent: this.unsent, resting: this.resting })}</div>
      ${isFinal ? html`${this.#tools(snapshot)} ${this.#approvedPrompt((snapshot.approved ?? snapshot.image).imageId)}` : nothing}
      ${this.#changes(snapshot)}
      ${watches ? nothing : html`${this.#cancelForm(snapshot)} ${this.#refineForm(snapshot)} ${this.#promptForm(snapshot)}`}
      ${isFinal ? nothing : this.#tools(snapshot)}
      <div class="more">
        ${this.#record(snapshot)} ${this.#facts()} ${this.#approvalsNeeded(snapshot)}
        ${
          watches
            ? nothing
            : html`<proof-inspector
              .snapshot=${snapshot}
              .generator=${session.welcome?.generator}
            ></proof-inspector>`
        }
        ${this.#kept()}
      </div>`;
  }

  get #permissions(): Permissions {
    return permissionsOf(this.session);
  }

  /** A picture was asked for, and the server has not answered yet. */
  get #isAsking(): boolean {
    const { pending } = this.session;
    return isPending(pending, 'generate') || isPending(pending, 'regenerate') || isPending(pending, 'refine');
  }

  /** The attempt in view. */
  get #attempt(): Attempt | undefined {
    return this.held ?? this.#keptAttempt;
  }

  /** The images that commands can be about. */
  get #keptAttempt(): Attempt | undefined {
    return this.held ? undefined : attemptInView(this.session, this.selectedId);
  }

  /** The attempt in view; undefined also while the viewer shows a running generation. */
  get #shownAttempt(): Attempt | undefined {
    const isDrawing = this.session.snapshot?.stage === 'generating' && this.selectedId === undefined && !this.held;
    return isDrawing ? undefined : this.#attempt;
  }

  /** The model that draws when the options name none. */
  get #model(): string {
    return this.session.welcome?.generator.model ?? '';
  }

  get #isDemo(): boolean {
    return this.session.welcome?.generator.demo === true;
  }

  /** How the connection, the last command and the last generation ended. */
  #notices({ error, image, lastAction, lastGeneration, attempts, discarded }: SnapshotMessage): TemplateResult {
    const { connection, rejection, welcome, serverAheadMs, draft, record } = this.session;
    const { decides, unavailable } = this.#permissions;
    const finished = attemptsOf(lastGeneration, attempts).length;
    return html`<div class="notices">
      <proof-ended-notice .connection=${connection} .prompt=${draft} ?keeps=${image !== undefined}></proof-ended-notice>
      <proof-obstacle
        .obstacle=${connection.status === 'reconnecting' ? connection.obstacle : undefined}
        .link=${this.link}
      ></proof-obstacle>
      <proof-forgotten-notice
        .record=${record}
        .attempts=${attempts}
        .readUpTo=${this.unsent.readUpTo}
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
        ?busy=${this.#isAsking}
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
        ?busy=${this.#isAsking}
        ?unavailable=${unavailable}
      ></proof-unfinished-notice>
    </div>`;
  }

  #cancelForm({ stage }: SnapshotMessage): TemplateResult {
    const { decides, unavailable } = this.#permissions;
    return html`<proof-cancel
      ?hidden=${stage !== 'generating' || !decides}
      .limit=${this.session.welcome?.limits.FEEDBACK_CHARACTERS}
      ?free=${this.#isDemo || isQueued(this.session)}
      .reason=${this.unsent.reason ?? ''}
      ?busy=${isPending(this.session.pending, 'cancel')}
      ?unavailable=${unavailable}
    ></proof-cancel>`;
  }

  /** Also shown, but not to be sent, where it holds text while a generation runs or after the session has ended. */
  #refineForm(snapshot: SnapshotMessage): TemplateResult {
    const { stage, lastGeneration } = snapshot;
    const attempt = this.#attempt;
    const { decides, refines, unavailable, hasEnded } = this.#permissions;
    const { image } = attempt ?? {};
    const isHere = (imageId: string) =>
      imageId === image?.imageId ||
      [...snapshot.attempts, ...(snapshot.discarded ?? [])].some((one) => one.image.imageId === imageId);
    const feedback = feedbackOn(this.unsent, image?.imageId, isHere);
    const changes = image && changesRequested(snapshot, image)?.note;
    const suggestion = changes ?? lastGeneration?.cancelReason ?? '';
    const hasText = feedback !== undefined || suggestion !== '';
    const isReady = decides && refines && this.#keptAttempt !== undefined && stage === 'user_feedback';
    const waits = decides && hasText && this.selectedId !== undefined && stage === 'generating';
    const isGone = this.held !== undefined;
    const keeps = isGone && decides && refines && Boolean(feedback);
    return html`<proof-refine
      ?hidden=${!(isReady || waits || keeps || (hasEnded && hasText))}
      ?waits=${waits}
      ?gone=${isGone}
      .typed=${(text: string) => (image ? withFeedback(this.unsent, image.imageId, text, isHere) : { feedback: text })}
      .imageId=${attempt?.image.imageId}
      .number=${attempt?.number}
      .limit=${this.session.welcome?.limits.FEEDBACK_CHARACTERS}
      .feedback=${feedback}
      .suggestion=${suggestion}
      suggested-by=${changes === undefined ? 'cancel' : 'changes'}
      .options=${this.options}
      .model=${this.#model}
      ?demo=${this.#isDemo}
      ?busy=${this.#isAsking}
      ?unavailable=${unavailable}
    ></proof-refine>`;
  }

  #promptForm(snapshot: SnapshotMessage): TemplateResult {
    const { stage, attempts } = snapshot;
    const { welcome, draft } = this.session;
    const { decides, unavailable } = this.#permissions;
    const isFirst = stage === 'initial_input';
    return html`<div class=${`form${isFirst ? '' : ' divided'}`} ?hidden=${stage === 'final' || !decides}>
        <proof-prompt
          purpose=${purposes[stage]}
          .draft=${draft}
          .attempt=${this.#keptAttempt ?? attempts.at(-1)}
          .options=${this.options}
          .capabilities=${welcome?.generator.supports ?? noCapabilities}
          .model=${this.#model}
          ?demo=${this.#isDemo}
          .limit=${welcome?.limits.PROMPT_CHARACTERS}
          .running=${snapshot.stage === 'generating' ? snapshot.generation.prompt : undefined}
          ?opening=${welcome === undefined}
          ?busy=${this.#isAsking}
          ?unavailable=${unavailable}
        ></proof-prompt>
      </div>
      ${
        isFirst && decides && !draft.trim()
          ? html`<proof-examples @example=${({ prompt }: ExampleEvent) => this.form?.fill(prompt)}></proof-examples>`
          : nothing
      }`;
  }

  #tools(snapshot: SnapshotMessage): TemplateResult | typeof nothing {
    const { stage, attempts } = snapshot;
    const { images, pending } = this.session;
    const { decides, unavailable, hasEnded } = this.#permissions;
    const attempt = this.#attempt;
    const isDrawing = stage === 'generating' && !hasEnded && this.selectedId === undefined && !this.held;
    if ((attempts.length === 0 && !this.held) || isDrawing) return nothing;
    return html`<proof-tools
      class=${stage === 'final' ? '' : 'divided'}
      .attempt=${attempt}
      .picture=${attempt && images.get(attempt.image.imageId)}
      ?savable=${attempt !== undefined && isSavable(this.session, attempt.image.imageId)}
      ?approved=${stage === 'final' && snapshot.approved?.imageId === attempt?.image.imageId}
      ?discards=${decides && stage === 'user_feedback' && !this.held}
      ?resting=${this.resting}
      ?starts-over=${decides && stage !== 'generating' && stage !== 'initial_input'}
      .pending=${pending}
      ?unavailable=${unavailable}
    ></proof-tools>`;
  }

  #approvedPrompt(approvedId: string): TemplateResult | typeof nothing {
    return stagesPart.part?.quote(this.#attempt?.prompt ?? promptOf(this.session, approvedId)) ?? nothing;
  }

  #changes({ attempts, discarded }: SnapshotMessage): TemplateResult | typeof nothing {
    const attempt = this.#shownAttempt;
    if (attempt?.parent === undefined) return nothing;
    return html`<proof-changes .attempt=${attempt} .attempts=${attempts} .discarded=${discarded ?? noneDiscarded}></proof-changes>`;
  }

  #facts(): TemplateResult | typeof nothing {
    const attempt = this.#shownAttempt;
    return attempt ? html`<proof-facts .attempt=${attempt} .model=${this.#model}></proof-facts>` : nothing;
  }

  #kept(): TemplateResult | typeof nothing {
    const sentence = stagesPart.part?.keptSentence(this.t, this.session.welcome);
    return sentence === undefined || this.#permissions.hasEnded
      ? nothing
      : html`<p class="kept small soft">${sentence}</p>`;
  }

  /** Opens the record. There is one from the first decision on. */
  #record({ recordLength = 0 }: SnapshotMessage): TemplateResult | typeof nothing {
    if (recordLength === 0) return nothing;
    return html`<div class="record">
      ${button({
        label: this.t('record.show', { count: recordLength }),
        icon: icons.record(),
        kind: 'quiet',
        press: () => this.dispatchEvent(new Event('record')),
      })}
    </div>`;
  }

  #approvalsNeeded({ stage, approvalsNeeded }: SnapshotMessage): TemplateResult | typeof nothing {
    const { welcome, pending } = this.session;
    const { decides, unavailable } = this.#permissions;
    if (!welcome?.creator || !decides || stage === 'final') return nothing;
    return html`<proof-approvals
      .needed=${approvalsNeeded ?? 1}
      ?unavailable=${unavailable || isPending(pending, 'require_approvals')}
    ></proof-approvals>`;
  }

  /** Includes the prompt form, which decides itself whether it is hidden. */
  protected override async getUpdateComplete(): Promise<boolean> {
    const isComplete = await super.getUpdateComplete();
    await this.form?.updateComplete;
    return isComplete;
  }

  /** Opens the field for the changes to ask for of the picture in view. */
  async requestChanges(): Promise<void> {
    await this.updateComplete;
    await this.decision?.requestChanges();
  }

  /** Moves the focus to where the stage begins: the prompt field, or a heading. */
  async enter(): Promise<void> {
    await this.updateComplete;
    const { snapshot, connection } = this.session;
    if (connection.status === 'closed') this.endedNotice?.focus();
    else if (snapshot?.stage === 'initial_input' && this.form) this.form.focusTentatively();
    else this.focusTarget?.focus();
  }
}

/** The generation waits in the queue as a whole, so nothing of it can be billed yet. */
function isQueued({ progress, snapshot }: SessionState): boolean {
  const finished = snapshot?.stage === 'generating' ? attemptsOf(snapshot.generation, snapshot.attempts).length : 0;
  return finished === 0 && progress.size > 0 && [...progress.values()].every(({ phase }) => phase === 'queued');
}
