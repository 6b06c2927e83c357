/** What stands beside the picture: the stage's own words and controls, and what can always be done. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, query } from 'lit/decorators.js';
import type { SnapshotMessage } from '../../shared/protocol.ts';
import { element } from '../element.ts';
import * as icons from '../icons.ts';
import { IntentEvent } from '../intent.ts';
import type { SessionState } from '../session-state.ts';
import { promptOf, showing } from '../showing.ts';
import { base } from '../styles/base.ts';
import { controls } from '../styles/controls.ts';
import { rail } from '../styles/rail.ts';
import { button } from './button.ts';
import type { ExampleEvent } from './examples.ts';
import type { FarewellNote } from './farewell-note.ts';
import type { PromptForm } from './prompt-form.ts';
import './approval-note.ts';
import './decision-bar.ts';
import './error-note.ts';
import './examples.ts';
import './farewell-note.ts';
import './inspector.ts';
import './notice-note.ts';
import './picture-facts.ts';
import './picture-tools.ts';
import './progress-line.ts';
import './prompt-form.ts';
import './watch-note.ts';

const purposes = { initial_input: 'generate', generating: 'wait', user_feedback: 'regenerate', final: 'wait' } as const;

@element('proof-rail')
export class Rail extends LitElement {
  static override styles = [base, controls, rail];

  @property({ attribute: false }) accessor session!: SessionState;
  @query('proof-prompt') private accessor form!: PromptForm | null;
  @query('.landing') private accessor landing!: HTMLElement | null;
  @query('proof-farewell') private accessor farewell!: FarewellNote | null;

  /** The stage that this person's own command is to leave, until it does. */
  #actedIn: SnapshotMessage['stage'] | undefined;
  #stoodIn: Element | undefined;

  constructor() {
    super();
    this.addEventListener(IntentEvent.type, (event) => {
      const type = event instanceof IntentEvent ? event.intent.type : undefined;
      if (type !== 'draft' && type !== 'draft_focus') this.#actedIn = this.session.snapshot?.stage;
    });
  }

  /** The person has asked for what this rail's owner carries out on its behalf. */
  acted(): void {
    this.#actedIn = this.session.snapshot?.stage;
  }

  override willUpdate(): void {
    this.#stoodIn = this.shadowRoot?.activeElement ?? undefined;
  }

  override updated(changed: PropertyValues<this>): void {
    const before = changed.get('session');
    if (!before?.snapshot) return;
    const { stage } = before.snapshot;
    const hasEnded = before.connection.status !== 'closed' && this.session.connection.status === 'closed';
    if (hasEnded || stage !== this.session.snapshot?.stage) void this.#changed(stage, this.#stoodIn);
  }

  override render(): TemplateResult | typeof nothing {
    const { snapshot } = this.session;
    if (!snapshot) return html`<proof-farewell .connection=${this.session.connection} .prompt=${''}></proof-farewell>`;
    const headline = snapshot.stage === 'initial_input' && !this.#isWatching;
    return html`${headline ? html`<h2 class="headline">What should the picture show?</h2>` : nothing}
      ${this.#notes(snapshot)}
      <div class="stage">${this.#stage(snapshot)}</div>
      ${this.#isWatching ? nothing : this.#prompt(snapshot)}
      ${this.#leave(snapshot)}
      <div class="more">
        ${snapshot.stage === 'user_feedback' || snapshot.stage === 'final' ? this.#facts(snapshot) : nothing}
        <proof-inspector .snapshot=${snapshot}></proof-inspector>
      </div>`;
  }

  get #isWatching(): boolean {
    return this.session.welcome?.role === 'watcher';
  }

  get #decides(): boolean {
    return this.session.welcome?.role === 'reviewer' && this.session.connection.status !== 'closed';
  }

  /** A person may decide, but the line is down. */
  get #unavailable(): boolean {
    return this.session.connection.status !== 'online';
  }

  #isPending(...commands: Parameters<SessionState['pending']['has']>[0][]): boolean {
    return commands.some((command) => this.session.pending.has(command));
  }

  #notes(snapshot: SnapshotMessage): TemplateResult {
    const { connection, notice, welcome } = this.session;
    return html`<div class="notes">
      <proof-farewell
        .connection=${connection}
        .prompt=${this.session.draft}
        ?keeps=${snapshot.image !== undefined}
      ></proof-farewell>
      <proof-notice .notice=${notice} .connectionId=${welcome?.connectionId}></proof-notice>
      <proof-error
        .error=${snapshot.error}
        ?decides=${this.#decides}
        ?busy=${this.#isPending('generate', 'regenerate', 'refine')}
        ?unavailable=${this.#unavailable}
      ></proof-error>
    </div>`;
  }

  #stage(snapshot: SnapshotMessage): TemplateResult | typeof nothing {
    switch (snapshot.stage) {
      case 'initial_input':
        if (!this.#isWatching) return nothing;
        return html`${this.#watch(snapshot)}
        ${this.session.draft.trim() ? html`<p class="small soft">The prompt, as it is being written</p>${quote(this.session.draft)}` : nothing}`;
      case 'generating':
        // Of a session that is gone nobody knows whether it still draws.
        if (this.session.connection.status === 'closed') return quote(snapshot.generation.prompt);
        return html`<proof-progress class="landing" .progress=${this.session.progress.get(0)}></proof-progress>
          ${quote(snapshot.generation.prompt)} ${this.#decides ? this.#cancel() : nothing}
          ${this.#isWatching ? this.#watch(snapshot) : nothing}`;
      case 'user_feedback':
        if (this.#isWatching) {
          return html`${this.#watch(snapshot)} ${quote(promptOf(this.session, snapshot.image.imageId))}`;
        }
        if (!this.#decides) return quote(promptOf(this.session, snapshot.image.imageId));
        return html`<proof-decision
          class="landing"
          .image=${snapshot.image}
          ?busy=${this.#isPending('approve')}
          ?unavailable=${this.#unavailable}
        ></proof-decision>`;
      case 'final':
        return html`<proof-approval class="landing" .decision=${snapshot.decisions.at(-1)}></proof-approval>
          ${quote(promptOf(this.session, snapshot.approved.imageId))}`;
    }
  }

  #watch({ stage }: SnapshotMessage): TemplateResult {
    return html`<proof-watch class=${stage === 'generating' ? '' : 'landing'} stage=${stage}></proof-watch>`;
  }

  #cancel(): TemplateResult {
    return button({
      label: 'Cancel',
      busy: this.#isPending('cancel'),
      unavailable: this.#unavailable,
      press: () => this.dispatchEvent(new IntentEvent({ type: 'cancel' })),
    });
  }

  #prompt(snapshot: SnapshotMessage): TemplateResult {
    const { stage } = snapshot;
    const last =
      snapshot.stage === 'generating' ? snapshot.generation : (snapshot.lastGeneration ?? snapshot.attempts.at(-1));
    return html`<div class=${`form${stage === 'initial_input' ? '' : ' divided'}`} ?hidden=${stage === 'final' || !this.#decides}>
        <proof-prompt
          purpose=${purposes[stage]}
          .draft=${this.session.draft}
          .lastPrompt=${snapshot.image ? promptOf(this.session, snapshot.image.imageId) : ''}
          .lastOptions=${last?.options}
          .limit=${this.session.limits?.PROMPT_CHARACTERS ?? 4000}
          .running=${snapshot.stage === 'generating' ? snapshot.generation.prompt : undefined}
          ?busy=${this.#isPending('generate', 'regenerate', 'refine')}
          ?unavailable=${this.#unavailable}
        ></proof-prompt>
      </div>
      ${
        stage === 'initial_input' && this.#decides && !this.session.draft.trim()
          ? html`<proof-examples @example=${({ prompt }: ExampleEvent) => this.form?.fill(prompt)}></proof-examples>`
          : nothing
      }`;
  }

  /** Taking the picture along, and leaving it behind. */
  #leave(snapshot: SnapshotMessage): TemplateResult | typeof nothing {
    const shown = showing(this.session);
    if (shown.kind !== 'finished' && shown.kind !== 'approved' && shown.kind !== 'previous') return nothing;
    if (shown.kind === 'previous' && this.session.connection.status !== 'closed') return nothing;
    return html`<div class="leave">
      <proof-tools
        .picture=${shown.picture}
        .prompt=${promptOf(this.session, shown.picture.reference.imageId)}
        ?approved=${shown.kind === 'approved'}
      ></proof-tools>
      ${
        this.#decides && snapshot.stage !== 'generating'
          ? button({
              label: 'Start over',
              icon: icons.startOver(),
              kind: 'quiet',
              busy: this.#isPending('start_over'),
              unavailable: this.#unavailable,
              press: () => this.dispatchEvent(new Event('start-over')),
            })
          : nothing
      }
    </div>`;
  }

  #facts({ image, attempts }: SnapshotMessage): TemplateResult {
    const attempt = attempts.find((candidate) => candidate.image.imageId === image?.imageId);
    return html`<proof-facts .attempt=${attempt} .model=${this.session.welcome?.generator.model ?? ''}></proof-facts>`;
  }

  /** Takes the person to where the stage begins: the field to write in, or the headline. */
  async enter(): Promise<void> {
    await this.updateComplete;
    await this.form?.updateComplete;
    const { snapshot, connection } = this.session;
    if (connection.status === 'closed') this.farewell?.focus();
    else if (snapshot?.stage === 'initial_input' && this.form) this.form.lendFocus();
    else this.landing?.focus();
  }

  /** Who acted, or stood in a part that is gone, is taken to where the new stage begins; nobody else is moved. */
  async #changed(before: SnapshotMessage['stage'], stoodIn: Element | undefined): Promise<void> {
    const acted = this.#actedIn === before;
    this.#actedIn = undefined;
    await this.updateComplete;
    await this.form?.updateComplete;
    const gone = stoodIn !== undefined && !(stoodIn.isConnected && stoodIn.checkVisibility());
    if (acted || gone) await this.enter();
  }
}

const quote = (prompt: string): TemplateResult => html`<blockquote dir="auto">${prompt}</blockquote>`;
