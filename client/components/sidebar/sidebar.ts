/** What stands beside the picture: the stage's own words and controls, and what can always be done. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { property, query } from 'lit/decorators.js';
import type { Attempt, DiscardedAttempt, Options } from '../../../shared/model.ts';
import type { SnapshotMessage } from '../../../shared/protocol.ts';
import { attemptsOf } from '../../model/attempt-tree.ts';
import { type Permissions, permissionsOf } from '../../model/permissions.ts';
import type { Unsent } from '../../model/unsent-input.ts';
import { attemptLookedAt, promptOf } from '../../model/viewer-content.ts';
import type { SessionState } from '../../session/session-state.ts';
import type { FarewellNote } from '../notices/ended-notice.ts';
import { railNotes } from '../notices/notices.ts';
import { base } from '../ui/base.styles.ts';
import { controls } from '../ui/controls.styles.ts';
import { element } from '../ui/element.ts';
import type { ExampleEvent } from './examples.ts';
import type { PromptForm } from './prompt-form.ts';
import { rail } from './sidebar.styles.ts';
import { StageFocus } from './stage-focus.ts';
import { quote, stagePart } from './stage-panel.ts';
import './attempt-changes.ts';
import './attempt-facts.ts';
import './cancel-form.ts';
import './examples.ts';
import './inspector.ts';
import './picture-tools.ts';
import './prompt-form.ts';
import './refine-form.ts';

const purposes = { initial_input: 'generate', generating: 'wait', user_feedback: 'regenerate', final: 'wait' } as const;

@element('proof-rail')
export class Rail extends LitElement {
  static override styles = [base, controls, rail];

  @property({ attribute: false }) accessor session!: SessionState;
  /** What the next picture is to be like, as this browser remembers it. */
  @property({ attribute: false }) accessor options: Options = {};
  /** What this person has typed and not sent. */
  @property({ attribute: false }) accessor unsent: Unsent = {};
  /** The attempt that this person looks at; absent, what is new is on show. */
  @property({ attribute: false }) accessor openedId: string | undefined;
  @query('proof-prompt') private accessor form!: PromptForm | null;
  @query('.landing') private accessor landing!: HTMLElement | null;
  @query('proof-farewell') private accessor farewell!: FarewellNote | null;

  readonly #focus = new StageFocus(this);

  /** The person has asked for what this rail's owner carries out on its behalf. */
  acted(): void {
    this.#focus.acted();
  }

  override render(): TemplateResult | typeof nothing {
    const { snapshot } = this.session;
    if (!snapshot) return html`<proof-farewell .connection=${this.session.connection} .prompt=${''}></proof-farewell>`;
    const headline = snapshot.stage === 'initial_input' && !this.#may.watches && !this.#may.hasEnded;
    return html`${headline ? html`<h2 class="headline">What should the picture show?</h2>` : nothing}
      ${railNotes(this.session, snapshot, this.#isAsking)}
      <div class="stage">
        ${stagePart({
          session: this.session,
          snapshot,
          attempt: this.#attempt,
          decides: this.#may.decides,
          isWatching: this.#may.watches,
        })}
      </div>
      ${snapshot.stage === 'final' ? this.#leaveApproved(snapshot, snapshot.approved.imageId) : nothing}
      ${this.#changes(snapshot)}
      ${this.#may.watches ? nothing : html`${this.#cancel(snapshot)} ${this.#refine(snapshot)} ${this.#prompt(snapshot)}`}
      ${snapshot.stage === 'final' ? nothing : this.#leave(snapshot)}
      <div class="more">
        ${this.#facts(snapshot)}
        <proof-inspector .snapshot=${snapshot}></proof-inspector>
      </div>`;
  }

  get #may(): Permissions {
    return permissionsOf(this.session);
  }

  #isPending(...commands: Parameters<SessionState['pending']['has']>[0][]): boolean {
    return commands.some((command) => this.session.pending.has(command));
  }

  get #isAsking(): boolean {
    return this.#isPending('generate', 'regenerate', 'refine');
  }

  get #attempt(): Attempt | undefined {
    return attemptLookedAt(this.session, this.openedId);
  }

  get #isDemo(): boolean {
    return this.session.welcome?.generator.demo === true;
  }

  #cancel({ stage }: SnapshotMessage): TemplateResult {
    return html`<proof-cancel
      ?hidden=${stage !== 'generating' || !this.#may.decides}
      .limit=${this.session.welcome?.limits.FEEDBACK_CHARACTERS}
      ?free=${this.#isDemo || isQueued(this.session)}
      .reason=${this.unsent.reason ?? ''}
      ?busy=${this.#isPending('cancel')}
      ?unavailable=${this.#may.unavailable}
    ></proof-cancel>`;
  }

  /** Words that wait are on show. */
  #refine({ stage, lastGeneration }: SnapshotMessage): TemplateResult {
    const attempt = this.#attempt;
    const { feedback } = this.unsent;
    const suggestion = lastGeneration?.cancelReason ?? '';
    const hasWords = feedback !== undefined || suggestion !== '';
    const isOffered = this.#may.decides && this.#may.refines && attempt !== undefined && stage === 'user_feedback';
    const waits = this.#may.decides && hasWords && this.openedId !== undefined && stage === 'generating';
    return html`<proof-refine
      ?hidden=${!(isOffered || waits || (this.#may.hasEnded && hasWords))}
      ?waits=${waits}
      .imageId=${attempt?.image.imageId}
      .number=${attempt?.number}
      .limit=${this.session.welcome?.limits.FEEDBACK_CHARACTERS}
      .feedback=${feedback}
      .suggestion=${suggestion}
      .options=${this.options}
      .model=${this.session.welcome?.generator.model ?? ''}
      ?demo=${this.#isDemo}
      ?busy=${this.#isAsking}
      ?unavailable=${this.#may.unavailable}
    ></proof-refine>`;
  }

  #prompt(snapshot: SnapshotMessage): TemplateResult {
    const { stage } = snapshot;
    const generator = this.session.welcome?.generator;
    return html`<div class=${`form${stage === 'initial_input' ? '' : ' divided'}`} ?hidden=${stage === 'final' || !this.#may.decides}>
        <proof-prompt
          purpose=${purposes[stage]}
          .draft=${this.session.draft}
          .attempt=${this.#attempt ?? snapshot.attempts.at(-1)}
          .options=${this.options}
          .supports=${generator?.supports}
          .model=${generator?.model ?? ''}
          ?demo=${this.#isDemo}
          .limit=${this.session.welcome?.limits.PROMPT_CHARACTERS}
          .running=${snapshot.stage === 'generating' ? snapshot.generation.prompt : undefined}
          ?busy=${this.#isAsking}
          ?unavailable=${this.#may.unavailable}
        ></proof-prompt>
      </div>
      ${
        stage === 'initial_input' && this.#may.decides && !this.session.draft.trim()
          ? html`<proof-examples @example=${({ prompt }: ExampleEvent) => this.form?.fill(prompt)}></proof-examples>`
          : nothing
      }`;
  }

  /** To take it along is what comes next, however much there is to read about it. */
  #leaveApproved(snapshot: SnapshotMessage, approvedId: string): TemplateResult {
    return html`${this.#leave(snapshot)} ${quote(this.#attempt?.prompt ?? promptOf(this.session, approvedId))}`;
  }

  /** Taking the picture along, and leaving it behind. */
  #leave(snapshot: SnapshotMessage): TemplateResult | typeof nothing {
    const { stage, attempts } = snapshot;
    const { images, connection } = this.session;
    const attempt = this.#attempt;
    const isDrawing = stage === 'generating' && connection.status !== 'closed';
    if (attempts.length === 0 || (isDrawing && this.openedId === undefined)) return nothing;
    return html`<proof-tools
      class=${stage === 'final' ? '' : 'divided'}
      .attempt=${attempt}
      .picture=${attempt && images.get(attempt.image.imageId)}
      ?approved=${stage === 'final' && snapshot.approved.imageId === attempt?.image.imageId}
      ?discards=${this.#may.decides && stage === 'user_feedback'}
      ?starts-over=${this.#may.decides && stage !== 'generating'}
      .pending=${this.session.pending}
      ?unavailable=${this.#may.unavailable}
    ></proof-tools>`;
  }

  /** The attempt that lies on the mat. */
  get #shownAttempt(): Attempt | undefined {
    const isDrawing = this.session.snapshot?.stage === 'generating' && this.openedId === undefined;
    return isDrawing ? undefined : this.#attempt;
  }

  #changes({ attempts, discarded }: SnapshotMessage): TemplateResult | typeof nothing {
    const attempt = this.#shownAttempt;
    if (attempt?.parent === undefined) return nothing;
    return html`<proof-changes
      .attempt=${attempt}
      .attempts=${attempts}
      .discarded=${discarded ?? noneDiscarded}
    ></proof-changes>`;
  }

  #facts({ attempts }: SnapshotMessage): TemplateResult | typeof nothing {
    const attempt = this.#shownAttempt;
    if (!attempt) return nothing;
    return html`<proof-facts
      .attempt=${attempt}
      .attempts=${attempts}
      .model=${this.session.welcome?.generator.model ?? ''}
    ></proof-facts>`;
  }

  /** The form decides for itself whether it is on show. */
  protected override async getUpdateComplete(): Promise<boolean> {
    const isComplete = await super.getUpdateComplete();
    await this.form?.updateComplete;
    return isComplete;
  }

  /** Takes the person to where the stage begins: the field to write in, or the headline. */
  async enter(): Promise<void> {
    await this.updateComplete;
    const { snapshot, connection } = this.session;
    if (connection.status === 'closed') this.farewell?.focus();
    else if (snapshot?.stage === 'initial_input' && this.form) this.form.lendFocus();
    else this.landing?.focus();
  }
}

/** One and the same, so that nobody renders anew for it. */
const noneDiscarded: readonly DiscardedAttempt[] = [];

/** Nothing was begun that could be billed. */
function isQueued({ progress, snapshot }: SessionState): boolean {
  const finished = snapshot?.stage === 'generating' ? attemptsOf(snapshot.generation, snapshot.attempts).length : 0;
  return finished === 0 && progress.size > 0 && [...progress.values()].every(({ phase }) => phase === 'queued');
}
