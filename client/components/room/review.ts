/** One session on show: presentational, a state in and intents out. `<proof-room>` gives it both ends. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import type { Options } from '../../../shared/model.ts';
import { findAttempt } from '../../model/attempt-tree.ts';
import { IntentEvent } from '../../model/intent.ts';
import { permissionsOf } from '../../model/permissions.ts';
import { openedAfter } from '../../model/selected-attempt.ts';
import { announcement, newsMeanwhile } from '../../model/sentences.ts';
import type { Unsent } from '../../model/unsent-input.ts';
import { showing } from '../../model/viewer-content.ts';
import type { SessionState } from '../../session/session-state.ts';
import type { Compare } from '../compare/compare.ts';
import type { CompareEvent } from '../compare/compare-event.ts';
import type { Rail } from '../sidebar/sidebar.ts';
import { base } from '../ui/base.styles.ts';
import { controls } from '../ui/controls.styles.ts';
import { element } from '../ui/element.ts';
import { tokens } from '../ui/tokens.styles.ts';
import type { Candidates } from '../viewer/candidates.ts';
import type { OpenEvent } from '../viewer/open-event.ts';
import type { TakenEvent } from '../viewer/saved-event.ts';
import { mat } from '../viewer/viewer.ts';
import type { ConfirmDialog } from './confirm-dialog.ts';
import type { NameDialog } from './name-dialog.ts';
import { review } from './review.styles.ts';
import type { ShareDialog } from './share-dialog.ts';
import type { TokenForm } from './token-form.ts';
import '../compare/compare.ts';
import './confirm-dialog.ts';
import '../notices/demo-banner.ts';
import './name-dialog.ts';
import '../sidebar/sidebar.ts';
import './share-dialog.ts';
import './token-form.ts';
import './top-bar.ts';

@element('proof-review')
export class Review extends LitElement {
  static override styles = [tokens, base, controls, review];

  @property({ attribute: false }) accessor session: SessionState | undefined;
  /** The server that the links to share lead to. */
  @property({ attribute: false }) accessor server: string | URL = location.origin;
  /** What this person wanted the last pictures to be like. */
  @property({ attribute: false }) accessor options: Options = {};
  /** What this person has typed and not sent. */
  @property({ attribute: false }) accessor unsent: Unsent = {};
  /** The attempt that this person looks at; absent, what is new is on show. */
  @state() private accessor openedId: string | undefined;
  @query('proof-rail') private accessor rail!: Rail | null;
  @query('proof-token') private accessor token!: TokenForm | null;
  @query('proof-share') private accessor share!: ShareDialog;
  @query('proof-name') private accessor name!: NameDialog;
  @query('proof-confirm') private accessor confirm!: ConfirmDialog;
  @query('proof-compare') private accessor compare!: Compare | null;
  @query('proof-candidates') private accessor candidates!: Candidates | null;
  @query(':is(proof-picture, proof-candidates):not([hidden])') private accessor onMat!: Element | null;
  @query('.back button') private accessor back!: HTMLElement | null;

  #stoodIn: Element | null | undefined;
  /** Image ids of what this person has saved or copied. */
  readonly #taken = new Set<string>();

  override willUpdate(changed: PropertyValues<this>): void {
    this.#stoodIn = this.shadowRoot?.activeElement;
    const { session } = this;
    const before = changed.get('session');
    if (before && session) this.#follow(before, session);
  }

  override updated(): void {
    const stoodIn = this.#stoodIn;
    if (stoodIn && !(stoodIn.isConnected && stoodIn.checkVisibility())) void this.#land();
  }

  /** What had the focus is gone from the mat. Whoever chose what lies there now wants to see it, wherever the focus goes. */
  async #land(): Promise<void> {
    await this.candidates?.updateComplete;
    (this.back ?? this.candidates)?.focus({ preventScroll: true });
    if (!this.shadowRoot?.activeElement) await this.rail?.enter();
    this.#showMat();
  }

  /** One above the other, what the rail begins with may lie a whole screen below the picture that it is about. */
  #showMat(): void {
    this.onMat?.scrollIntoView({ block: 'nearest' });
  }

  #follow(before: SessionState, session: SessionState): void {
    this.openedId = openedAfter(this.openedId, before, session);
    const [past, now] = [before.snapshot, session.snapshot];
    if (!past || !now || past.turn === now.turn) return;
    this.confirm.close();
    if (now.stage === 'final' || now.stage === 'initial_input') this.compare?.close();
  }

  /** The opened attempt, while the session keeps it: a discarded one is on show again once it is restored. */
  get #openedId(): string | undefined {
    return findAttempt(this.session?.snapshot?.attempts ?? [], this.openedId)?.image.imageId;
  }

  /** Takes the person to where this moment begins: a field to write in, or a headline. */
  async enter(): Promise<void> {
    await this.updateComplete;
    await this.token?.updateComplete;
    this.token?.focus();
    await this.rail?.enter();
  }

  override render(): TemplateResult | typeof nothing {
    const { session } = this;
    if (!session) return nothing;
    const { welcome } = session;
    return html`<proof-top-bar
        .session=${session}
        @share=${() => this.share.show()}
        @name=${() => this.name.show()}
      ></proof-top-bar>
      ${welcome?.generator.demo ? html`<proof-demo></proof-demo>` : nothing} ${this.#bench(session)}
      <proof-share
        .server=${this.server}
        .sessionId=${session.sessionId}
        .sessionKey=${session.sessionKey}
      ></proof-share>
      <proof-name
        .name=${welcome?.name ?? ''}
        .limit=${welcome?.limits.NAME_CHARACTERS}
        .viewers=${session.viewers}
      ></proof-name>
      <proof-confirm @proof-intent=${() => this.rail?.acted()}></proof-confirm>
      <p class="unseen" role="status">${announcement(session)}</p>`;
  }

  #bench(session: SessionState): TemplateResult {
    const { connection, snapshot } = session;
    if (connection.status === 'token_needed') {
      return html`<div class="bench asking">
        <section class="rail" aria-label="Access"><proof-token ?refused=${connection.refused}></proof-token></section>
      </div>`;
    }
    if (!snapshot && connection.status !== 'closed') {
      return html`<div class="bench asking"><p class="rail waiting soft">Opening the session …</p></div>`;
    }
    const shown = showing(session, this.#openedId);
    return html`<div
      class=${`bench ${shown.kind === 'nothing' ? 'asking' : 'looking'}`}
      @proof-open=${this.#open}
      @proof-compare=${this.#compareTwo}
      @proof-taken=${this.#take}
    >
      ${mat({ session, shown, openedId: this.#openedId, goBack: () => this.#openNew() })}
      <section class="rail" aria-label="Review">
        <proof-rail
          .session=${session}
          .options=${this.options}
          .unsent=${this.unsent}
          .openedId=${this.#openedId}
          @start-over=${this.#startOver}
          @followed=${this.#showMat}
        ></proof-rail>
      </section>
      ${this.#compare(session)}
    </div>`;
  }

  #compare(session: SessionState): TemplateResult | typeof nothing {
    const { snapshot, connection } = session;
    if (!snapshot) return nothing;
    return html`<proof-compare
      .attempts=${snapshot.attempts}
      .images=${session.images}
      .approvedId=${snapshot.stage === 'final' ? snapshot.approved.imageId : undefined}
      ?decides=${this.#decides && snapshot.stage === 'user_feedback'}
      ?busy=${session.pending.has('approve')}
      ?unavailable=${connection.status !== 'online'}
      .news=${newsMeanwhile(session, Date.now())}
      @proof-intent=${({ intent }: IntentEvent) => intent.type === 'approve' && this.rail?.acted()}
      @closed=${this.#leftComparison}
    ></proof-compare>`;
  }

  get #decides(): boolean {
    return this.session !== undefined && permissionsOf(this.session).decides;
  }

  /** The picture that was looked at may have gone from the mat meanwhile, and with it the place that the focus came from. */
  #leftComparison(): void {
    const standsIn = this.shadowRoot?.activeElement;
    if (!standsIn || standsIn === this.compare) void this.rail?.enter();
  }

  // These events are this page's own affair: the page around the room hears none of them.

  #open(event: OpenEvent): void {
    event.stopPropagation();
    const { imageId } = event;
    this.openedId = imageId;
    this.dispatchEvent(new IntentEvent({ type: 'want', imageIds: [imageId] }));
  }

  #openNew(): void {
    this.openedId = undefined;
  }

  #compareTwo(event: CompareEvent): void {
    event.stopPropagation();
    this.compare?.show(event.leftId, event.rightId);
  }

  #take(event: TakenEvent): void {
    event.stopPropagation();
    this.#taken.add(event.imageId);
  }

  /** No picture goes unasked but an approved one that this person has taken along, with nobody else here to lose it. */
  #startOver(event: Event): void {
    event.stopPropagation();
    const { snapshot, viewers = { reviewers: 1, watchers: 0 } } = this.session ?? {};
    const approved = snapshot?.stage === 'final';
    const isSafe = approved && this.#taken.has(snapshot.approved.imageId) && viewers.reviewers + viewers.watchers < 2;
    if (snapshot && !isSafe) {
      return this.confirm.show({ approved, pictures: snapshot.attempts.length + (snapshot.discarded?.length ?? 0) });
    }
    this.rail?.acted();
    this.dispatchEvent(new IntentEvent({ type: 'start_over' }));
  }
}
