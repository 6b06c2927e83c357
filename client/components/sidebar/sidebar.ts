/** What stands beside the picture: notices, the stage's own part, the forms, and what can be done with the picture. */
import { html, nothing, type TemplateResult } from 'lit';
import { property, query } from 'lit/decorators.js';
import type { Attempt, DiscardedAttempt } from '../../../shared/model.ts';
import type { Options } from '../../../shared/options.ts';
import type { SnapshotMessage } from '../../../shared/protocol.ts';
import { attemptInView } from '../../model/attempt-in-view.ts';
import { noCapabilities } from '../../model/first-screen.ts';
import { usesParts } from '../../model/lazy-part.ts';
import { permissionsOf } from '../../model/permissions.ts';
import type { UnsentInput } from '../../model/unsent-input.ts';
import { isPending, type SessionState } from '../../session/session-state.ts';
import type { EndedNotice } from '../notices/ended-notice.ts';
import { stagesPart } from '../room/parts.ts';
import { base } from '../ui/base.styles.ts';
import { controls } from '../ui/controls.styles.ts';
import { element } from '../ui/element.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import type { DecisionBar } from './decision-bar.ts';
import type { ExampleEvent } from './examples.ts';
import type { PromptForm, PromptPurpose } from './prompt-form.ts';
import { sidebar } from './sidebar.styles.ts';
import type { SidebarParts } from './sidebar-parts.ts';
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
    const { snapshot, connection, draft } = session;
    if (!snapshot) return html`<proof-ended-notice .connection=${connection} .prompt=${draft}></proof-ended-notice>`;
    const { watches, hasEnded } = permissionsOf(session);
    const parts = this.#parts(snapshot);
    return html`${
      snapshot.stage === 'initial_input' && !watches && !hasEnded
        ? html`<h2 class="headline">${this.t('prompt.headline')}</h2>`
        : nothing
    }
      ${parts?.notices ?? this.#obstacle()}
      <div class="stage">${parts?.stage}</div>
      ${parts?.picture} ${parts?.forms} ${watches ? nothing : this.#promptForm(snapshot)} ${parts?.tools}
      <div class="more">${parts?.more}</div>`;
  }

  /** What stands around the prompt form; undefined until its part of the page is here, and the server has said who this is. */
  #parts(snapshot: SnapshotMessage): SidebarParts | undefined {
    const { t, session, options, unsent, selectedId, held, link, resting } = this;
    if (!session.welcome) return undefined;
    return stagesPart.part?.sidebarParts({
      ...{ t, session, snapshot, options, unsent, selectedId, held, link, resting },
      keptAttempt: this.#keptAttempt,
      isAsking: this.#isAsking,
      openRecord: () => this.dispatchEvent(new Event('record')),
    });
  }

  /** In the way of the other parts, too. */
  #obstacle(): TemplateResult {
    const { connection } = this.session;
    return html`<div class="notices">
      <proof-obstacle
        .obstacle=${connection.status === 'reconnecting' ? connection.obstacle : undefined}
        .link=${this.link}
      ></proof-obstacle>
    </div>`;
  }

  /** A picture was asked for, and the server has not answered yet. */
  get #isAsking(): boolean {
    const { pending } = this.session;
    return isPending(pending, 'generate') || isPending(pending, 'regenerate') || isPending(pending, 'refine');
  }

  /** The images that commands can be about. */
  get #keptAttempt(): Attempt | undefined {
    return this.held ? undefined : attemptInView(this.session, this.selectedId);
  }

  #promptForm(snapshot: SnapshotMessage): TemplateResult {
    const { stage, attempts } = snapshot;
    const { welcome, draft } = this.session;
    const { decides, unavailable } = permissionsOf(this.session);
    const isFirst = stage === 'initial_input';
    return html`<div class=${`form${isFirst ? '' : ' divided'}`} ?hidden=${stage === 'final' || !decides}>
        <proof-prompt
          purpose=${purposes[stage]}
          .draft=${draft}
          .attempt=${this.#keptAttempt ?? attempts.at(-1)}
          .options=${this.options}
          .capabilities=${welcome?.generator.supports ?? noCapabilities}
          .model=${welcome?.generator.model ?? ''}
          ?demo=${welcome?.generator.demo === true}
          .limit=${welcome?.limits.PROMPT_CHARACTERS ?? Number.POSITIVE_INFINITY}
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
