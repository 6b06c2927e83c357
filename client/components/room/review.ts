/** One session on the screen. It only presents: it is given a state, and dispatches intents. */
import { html, type LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import type { Attempt, DiscardedAttempt } from '../../../shared/model.ts';
import type { Options } from '../../../shared/options.ts';
import { attemptInView } from '../../model/attempt-in-view.ts';
import { findAttempt } from '../../model/attempt-tree.ts';
import { IntentEvent, isDecision } from '../../model/intent.ts';
import { isPartMissing, loadMissingParts, usesParts } from '../../model/lazy-part.ts';
import type { AskIntent } from '../../model/make-room.ts';
import type { ShownPerson } from '../../model/people.ts';
import { permissionsOf } from '../../model/permissions.ts';
import { hasDiscardedFrom, heldAttempt, selectedAfter, subjectInView } from '../../model/selected-attempt.ts';
import { serverAddress, sessionLink } from '../../model/server-address.ts';
import type { UnsentInput } from '../../model/unsent-input.ts';
import type { SingleContent } from '../../model/viewer-content.ts';
import { nextTask } from '../../session/next-task.ts';
import { isPending, type SessionState } from '../../session/session-state.ts';
import type { Compare } from '../compare/compare.ts';
import type { RecordDialog } from '../record/record-dialog.ts';
import type { Sidebar } from '../sidebar/sidebar.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { element } from '../ui/element.ts';
import { type CompareEvent, type ImageSavedEvent, type RequestChangesEvent, SelectAttemptEvent } from '../ui/events.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import { type Clock, systemClock } from '../ui/ticker.ts';
import { tokens } from '../ui/tokens.styles.ts';
import type { Candidates } from '../viewer/candidates.ts';
import type { Picture } from '../viewer/picture.ts';
import { viewer as viewerStyles } from '../viewer/viewer.styles.ts';
import type { ConfirmDialog } from './confirm-dialog.ts';
import { KeyboardHeight } from './keyboard-height.ts';
import type { MakeRoomDialog } from './make-room-dialog.ts';
import type { NameDialog } from './name-dialog.ts';
import { dialogsPart, sessionPart, stagesPart } from './parts.ts';
import type { PeopleDialog } from './people-dialog.ts';
import type { AskEvent } from './questions.ts';
import { Rest } from './rest.ts';
import { review } from './review.styles.ts';
import type { ShareDialog } from './share-dialog.ts';
import type { ShortcutsDialog } from './shortcuts-dialog.ts';
import type { TokenForm } from './token-form.ts';
import '../notices/demo-banner.ts';
import '../sidebar/sidebar.ts';
import './top-bar.ts';

/** Whether the person is notified of their turn. `blocked`: the browser does not let the page. */
export type Notifications = 'on' | 'off' | 'blocked';

@element('proof-review')
export class Review extends LocalizedElement {
  static override styles = [tokens, base, controls, review, viewerStyles];

  @property({ attribute: false }) accessor session: SessionState | undefined;
  /** The server's address, for the links to share; with a path if it has one. */
  @property({ attribute: false }) accessor server: string | undefined;
  /** The generator that the page expects until the server has named its own. */
  @property({ attribute: false }) accessor demo: boolean | undefined;
  /** The options for the next picture. */
  @property({ attribute: false }) accessor options: Options = {};
  @property({ attribute: false }) accessor unsent: UnsentInput = {};
  /** The host page has fixed the language, so there is nothing to choose. */
  @property({ type: Boolean, attribute: 'language-fixed' }) accessor languageFixed = false;
  @property({ attribute: false }) accessor notifications: Notifications | undefined;
  /** The person is asked for their name before their first decision. */
  @property({ attribute: false }) accessor unnamed = false;
  /** Keys do what controls do, while nobody types. */
  @property({ type: Boolean }) accessor shortcuts = false;
  /** The image id of the attempt that this person has selected; absent: the latest is shown. */
  @state() private accessor selectedId: string | undefined;
  /** A click of this person did not count, as the picture had just changed. */
  @state() private accessor isClickIgnored = false;
  @property({ attribute: false }) accessor clock: Clock = systemClock;
  @query('proof-sidebar') private accessor sidebar!: Sidebar | null;
  @query('proof-token') private accessor token!: TokenForm | null;
  @query('proof-share') private accessor share!: ShareDialog;
  @query('proof-name') private accessor name!: NameDialog;
  @query('proof-people') private accessor people!: PeopleDialog;
  @query('proof-record') private accessor record!: RecordDialog;
  @query('proof-shortcuts') private accessor shortcutsDialog!: ShortcutsDialog;
  @query('proof-make-room') private accessor makeRoomDialog!: MakeRoomDialog;
  @query('proof-confirm') private accessor confirm!: ConfirmDialog;
  @query('proof-compare') private accessor compare!: Compare | null;
  @query('proof-candidates') private accessor candidates!: Candidates | null;
  @query(':is(proof-picture, proof-candidates):not([hidden])') private accessor picture!: Picture | Candidates | null;
  @query('.show-latest button') private accessor showLatest!: HTMLElement | null;

  #focusedBefore: Element | null | undefined;
  #people: { readonly madeFrom: readonly unknown[]; readonly shown: readonly ShownPerson[] } | undefined;

  constructor() {
    super();
    new KeyboardHeight(this);
    usesParts(this);
    this.addEventListener('keydown', (event) => this.keyPressed(event));
    // Before the components around the control take it for sent.
    this.addEventListener(IntentEvent.type, (event) => this.#askForName(event), { capture: true });
  }

  #askForName(event: Event): void {
    if (!this.unnamed || !(event instanceof IntentEvent)) return;
    const { intent } = event;
    if (intent.type === 'name') this.unnamed = !intent.name;
    if (!isDecision(intent)) return;
    event.stopImmediatePropagation();
    void this.#openDialog(
      () => this.name,
      (name) => name.ask(intent),
    );
  }

  /** At once where its part of the page is here already. Where that can't be loaded, the page says so. */
  async #openDialog<Dialog extends LitElement>(
    find: () => Dialog | null,
    open: (dialog: Dialog) => void,
  ): Promise<void> {
    if (!dialogsPart.part) {
      await dialogsPart.load();
      await find()?.updateComplete;
    }
    const dialog = find();
    if (dialog && dialogsPart.part) open(dialog);
  }

  readonly #rest = new Rest(this);
  /** The ids of the images in view. */
  #subject = '';
  /** The person has selected the attempt themselves. */
  #isChosen = false;
  /** The selected attempt as it was when the session last had it. */
  #known: Attempt | undefined;
  /** The picture that the others were last told is open here. */
  #reportedLook: string | undefined;

  /** Ids of the images that this person has downloaded or copied. */
  readonly #saved = new Set<string>();

  override willUpdate(changed: PropertyValues<this>): void {
    this.#focusedBefore = this.shadowRoot?.activeElement;
    const { session } = this;
    const before = changed.get('session');
    if (before && session) this.#adaptTo(before, session);
    if (session) this.#watchSubject(before, session, changed);
  }

  /** Decisions rest where something else has come into view that this person has not brought there. */
  #watchSubject(before: SessionState | undefined, session: SessionState, changed: PropertyValues<this>): void {
    const { attempts = [], discarded = [] } = session.snapshot ?? {};
    this.#known = findAttempt([...attempts, ...discarded], this.selectedId) ?? this.#known;
    const past = this.#subject;
    this.#subject = subjectInView(session, this.#selectedId, this.#held);
    if (past === this.#subject || !before?.snapshot || !changed.has('session')) return;
    this.isClickIgnored = false;
    const isOwn = hasDiscardedFrom(past, session) || isPending(before.pending, 'restore', this.#subject);
    if (this.#subject !== '' && !isOwn) this.#rest.begin();
  }

  get isOnShow(): boolean {
    const { picture } = this;
    if (!picture) return false;
    if ('isShown' in picture) return picture.isShown;
    // Of a picture that can't be shown there is nothing to wait for.
    return picture.shownId === this.#subject || picture.content.kind === 'unviewable';
  }

  clickIgnored(): void {
    this.isClickIgnored = true;
  }

  #adaptTo(before: SessionState, session: SessionState): void {
    const selectedId = selectedAfter(this.selectedId, before, session, this.#isChosen);
    if (selectedId !== this.selectedId) this.#isChosen = false;
    this.selectedId = selectedId;
    const [past, now] = [before.snapshot, session.snapshot];
    if (!past || !now || past.turn === now.turn) return;
    if (!dialogsPart.part) return;
    this.confirm.close();
    if (now.stage === 'final' || now.stage === 'initial_input') this.compare?.close();
  }

  override updated(): void {
    if (this.session && needsStages(this.session) && !stagesPart.isMissing) void stagesPart.load();
    this.#reportLook();
    if (this.#focusedBefore) void this.#restoreFocus(this.#focusedBefore);
  }

  /** The attempt in view; undefined while the viewer shows a running generation, or several. */
  get #openAttempt(): Attempt | undefined {
    const { session } = this;
    const selectedId = this.#selectedId;
    const isDrawing = session?.snapshot?.stage === 'generating' && selectedId === undefined;
    return this.#held ?? (session && !isDrawing ? attemptInView(session, selectedId) : undefined);
  }

  /** Asks which pictures may go, after an ask that found the session full. */
  makeRoom(ask: AskIntent): void {
    void this.#openDialog(
      () => this.makeRoomDialog,
      (dialog) => dialog.show(ask),
    );
  }

  #reportLook(): void {
    const imageId = this.#openAttempt?.image.imageId;
    if (imageId === this.#reportedLook) return;
    this.#reportedLook = imageId;
    this.dispatchEvent(new IntentEvent({ type: 'look', imageId }));
  }

  /**
   * Moves the focus on if the element that had it is gone, and nothing else has it by now: somebody selected what is there now, and wants
   * to see it. It waits for a task of its own, since the browser has to lay out the page to tell.
   */
  async #restoreFocus(focused: Element): Promise<void> {
    await nextTask();
    const now = this.shadowRoot?.activeElement ?? focused;
    if (now !== focused || (focused.isConnected && focused.checkVisibility())) return;
    await this.candidates?.updateComplete;
    (this.showLatest ?? this.candidates)?.focus({ preventScroll: true });
    if (!this.shadowRoot?.activeElement) await this.sidebar?.enter();
    this.#scrollToPicture();
  }

  /** In the narrow layout, the beginning of the sidebar may be a whole screen below the picture that it is about. */
  #scrollToPicture(): void {
    this.picture?.scrollIntoView({ block: 'nearest' });
  }

  /** The selection while the session keeps its attempt. A discarded one is selected again once it is restored. */
  get #selectedId(): string | undefined {
    return findAttempt(this.session?.snapshot?.attempts ?? [], this.selectedId)?.image.imageId;
  }

  /** The selected attempt where the session does not keep it any more. */
  get #held(): Attempt | DiscardedAttempt | undefined {
    return this.session && heldAttempt(this.session, this.selectedId, this.#known);
  }

  /** Moves the focus to where the work begins: a field to write in, or a heading. */
  async enter(): Promise<void> {
    await this.updateComplete;
    await this.token?.updateComplete;
    this.token?.focus();
    await this.sidebar?.enter();
  }

  override render(): TemplateResult | typeof nothing {
    const { session } = this;
    if (!session) return nothing;
    const { welcome } = session;
    const people = this.#peopleOf(session);
    return html`<proof-top-bar
        .session=${session}
        .people=${people}
        ?language-fixed=${this.languageFixed}
        .notifications=${this.notifications}
        @share=${() =>
          this.#openDialog(
            () => this.share,
            (dialog) => dialog.show(),
          )}
        @people=${() =>
          this.#openDialog(
            () => this.people,
            (dialog) => dialog.show(),
          )}
        @shortcuts=${this.#openShortcuts}
      ></proof-top-bar>
      ${(welcome?.generator.demo ?? this.demo) ? html`<proof-demo></proof-demo>` : nothing} ${this.#missing()}
      ${this.#layout(session, people)}
      <proof-share .server=${this.server} .session=${session} @closed=${this.#dialogClosed}></proof-share>
      <proof-people .session=${session} .people=${people} ?unnamed=${this.unnamed}></proof-people>
      <proof-name .session=${session} @proof-intent=${this.#commandSent}></proof-name>
      <proof-record .session=${session} @closed=${this.#dialogClosed}></proof-record>
      <proof-shortcuts ?on=${this.shortcuts}></proof-shortcuts>
      <proof-confirm
        .unsent=${this.unsent}
        @proof-intent=${({ intent }: IntentEvent) => intent.type !== 'unsent' && this.sidebar?.commandSent()}
      ></proof-confirm>
      <proof-make-room
        .session=${session}
        .unsent=${this.unsent}
        .openId=${this.#openAttempt?.image.imageId}
        @proof-intent=${this.#commandSent}
      ></proof-make-room>
      <p class="unseen" role="status">${sessionPart.part?.presenting.announcement(this.t, session)}</p>`;
  }

  #openShortcuts(): void {
    void this.#openDialog(
      () => this.shortcutsDialog,
      (dialog) => dialog.show(),
    );
  }

  /** Something is needed now that could not be loaded. */
  #missing(): TemplateResult | typeof nothing {
    if (!isPartMissing()) return nothing;
    return html`<div class="missing" role="alert">
      <p>${this.t('missing.text')}</p>
      ${button({ label: this.t('missing.tryAgain'), press: loadMissingParts })}
    </div>`;
  }

  /** The same list for as long as it has the same content, so that no element updates for an equal one. */
  #peopleOf(session: SessionState): readonly ShownPerson[] {
    const { people, welcome, snapshot } = session;
    const madeFrom = [this.t, people, welcome, snapshot];
    const peopleOf = sessionPart.part?.presenting.peopleOf;
    if (peopleOf && madeFrom.some((part, at) => part !== this.#people?.madeFrom[at])) {
      this.#people = { madeFrom, shown: peopleOf(this.t, session, this.#people?.shown) };
    }
    return this.#people?.shown ?? [];
  }

  #layout(session: SessionState, people: readonly ShownPerson[]): TemplateResult {
    const { connection, snapshot } = session;
    if (connection.status === 'token_needed') {
      return html`<div class="layout single">
        <section class="sidebar" aria-label=${this.t('area.access')}><proof-token ?refused=${connection.refused}></proof-token></section>
      </div>`;
    }
    const stages = stagesPart.part;
    if (snapshot ? !stages && needsStages(session) : connection.status !== 'closed')
      return html`<div class="layout single">${this.#opening(session)}</div>`;
    const selectedId = this.#selectedId;
    const held = this.#held;
    const content = stages?.viewerContent(this.t, session, selectedId, held) ?? empty;
    return html`<div
      class=${`layout ${content.kind === 'empty' ? 'single' : 'split'}`}
      @proof-select=${this.#select}
      @proof-compare=${this.#openCompare}
      @proof-saved=${this.#imageSaved}
      @proof-intent=${this.#commandSent}
      @proof-ask=${this.#ask}
      @proof-request-changes=${this.#requestChanges}
    >
      ${stages?.viewer({
        t: this.t,
        session,
        people,
        content,
        selectedId,
        held,
        isClickIgnored: this.isClickIgnored,
        showLatest: () => this.#showLatest(),
        restored: (imageId) => this.dispatchEvent(new IntentEvent({ type: 'restore', imageId })),
        resting: this.#rest.isOn,
      })}
      <section class="sidebar" aria-label=${this.t('area.review')}>
        <proof-sidebar
          .session=${session}
          .options=${this.options}
          .unsent=${this.unsent}
          .selectedId=${selectedId}
          .held=${held}
          ?resting=${this.#rest.isOn}
          .link=${this.#link}
          @start-over=${this.#startOver}
          @record=${() =>
            this.#openDialog(
              () => this.record,
              (dialog) => dialog.show(),
            )}
          @focus-moved=${this.#scrollToPicture}
        ></proof-sidebar>
      </section>
      ${this.#compare(session)}
    </div>`;
  }

  #opening({ connection }: SessionState): TemplateResult {
    if (connection.status !== 'reconnecting' || !connection.obstacle) {
      return html`<p class="sidebar waiting soft">${this.t('area.opening')}</p>`;
    }
    return html`<section class="sidebar" aria-label=${this.t('area.connection')}>
      <proof-obstacle .obstacle=${connection.obstacle} .link=${this.#link}></proof-obstacle>
    </section>`;
  }

  /** Leads to the session on the server's own page; to a new session while none is known. */
  get #link(): string {
    const { sessionId } = this.session ?? {};
    return sessionId === undefined ? serverAddress(this.server) : sessionLink(this.server, sessionId, undefined);
  }

  #compare(session: SessionState): TemplateResult | typeof nothing {
    const { snapshot } = session;
    if (!snapshot) return nothing;
    const { decides, unavailable } = permissionsOf(session);
    return html`<proof-compare
      .attempts=${snapshot.attempts}
      .images=${session.images}
      .imageProblems=${session.imageProblems}
      .approvedId=${snapshot.stage === 'final' ? snapshot.approved?.imageId : undefined}
      ?decides=${decides && snapshot.stage === 'user_feedback'}
      .pending=${session.pending}
      ?unavailable=${unavailable}
      .status=${dialogsPart.part?.statusBehindDialog(this.t, session, Date.now())}
      @closed=${this.#dialogClosed}
    ></proof-compare>`;
  }

  /** The element that the focus would go back to may be gone by now. */
  #dialogClosed({ currentTarget: dialog }: Event): void {
    const focused = this.shadowRoot?.activeElement;
    if (!focused || focused === dialog) void this.sidebar?.enter();
  }

  /** A command from the viewer or the comparison, too, takes the focus to where the work goes on. */
  #commandSent({ intent }: IntentEvent): void {
    if (isDecision(intent) || intent.type === 'cancel' || intent.type === 'make_room') this.sidebar?.commandSent();
  }

  // These events end here: they say nothing to the host page.

  #select(event: SelectAttemptEvent | RequestChangesEvent): void {
    event.stopPropagation();
    const { imageId } = event;
    if (imageId !== this.selectedId) this.isClickIgnored = false;
    this.selectedId = imageId;
    this.#isChosen = true;
    this.dispatchEvent(new IntentEvent({ type: 'want', imageIds: [imageId] }));
  }

  #showLatest(): void {
    this.selectedId = undefined;
    this.isClickIgnored = false;
  }

  /** Used keys are marked as such. They press the control that is in view, so that what holds for a click holds for them. */
  keyPressed(event: KeyboardEvent): void {
    const keys = stagesPart.part?.keys;
    const action = this.shortcuts ? keys?.shortcutOf(event) : undefined;
    if (!keys || !action || !this.session?.snapshot || keys.hasOpenDialog(this.renderRoot)) return;
    event.preventDefault();
    if (action === 'help') this.#openShortcuts();
    else if (action === 'next' || action === 'previous') this.#goTo(action, this.session);
    else keys.controlOf(this.renderRoot, action)?.click();
  }

  #goTo(step: 'next' | 'previous', session: SessionState): void {
    const { attempts = [], stage } = session.snapshot ?? {};
    const selectedId = this.#selectedId;
    const isDrawing = stage === 'generating' && selectedId === undefined;
    const inView = isDrawing ? undefined : attemptInView(session, selectedId);
    const imageId = stagesPart.part?.keys.neighbourOf(attempts, inView, step, isDrawing);
    if (imageId !== undefined) this.#select(new SelectAttemptEvent(imageId));
  }

  #ask(event: AskEvent): void {
    event.stopPropagation();
    void this.#openDialog(
      () => this.confirm,
      (confirm) => confirm.ask(event.question),
    );
  }

  async #requestChanges(event: RequestChangesEvent): Promise<void> {
    this.#select(event);
    await this.updateComplete;
    await this.sidebar?.requestChanges();
  }

  #openCompare(event: CompareEvent): void {
    event.stopPropagation();
    void this.#openDialog(
      () => this.compare,
      (compare) => compare.show(event.leftId, event.rightId),
    );
  }

  #imageSaved(event: ImageSavedEvent): void {
    event.stopPropagation();
    this.#saved.add(event.imageId);
  }

  /** Asks first, unless the approved picture was saved by this person and nobody else is here to lose it. */
  #startOver(event: Event): void {
    event.stopPropagation();
    const { snapshot, viewers = { reviewers: 1, watchers: 0 } } = this.session ?? {};
    const approved = snapshot?.stage === 'final' && snapshot.approved !== undefined;
    const isSafe = approved && this.#saved.has(snapshot.approved.imageId) && viewers.reviewers + viewers.watchers < 2;
    if (snapshot && !isSafe) {
      const pictures = snapshot.attempts.length + (snapshot.discarded?.length ?? 0);
      return void this.#openDialog(
        () => this.confirm,
        (confirm) => {
          const question = dialogsPart.part?.startOverQuestion(this.t, { approved, pictures });
          if (question) confirm.ask(question);
        },
      );
    }
    this.sidebar?.commandSent();
    this.dispatchEvent(new IntentEvent({ type: 'start_over' }));
  }
}

const empty: SingleContent = { kind: 'empty' };

/** There is more to show than the prompt field. */
const needsStages = (session: SessionState): boolean =>
  session.snapshot !== undefined && !(session.snapshot.stage === 'initial_input' && permissionsOf(session).decides);
