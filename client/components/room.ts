/** `<proof-room>`: the whole product as one element, on any page. */
import { css, html, LitElement, type PropertyValues, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import { imageFileName } from '../../shared/file-name.ts';
import type { Options, Supports } from '../../shared/session.ts';
import { element } from '../element.ts';
import type { Intent, IntentEvent } from '../intent.ts';
import { command } from '../intent-commands.ts';
import { keepsakes } from '../keepsakes.ts';
import { type RoomEventMap, roomEvent } from '../room-events.ts';
import { type Session, SessionController } from '../session-controller.ts';
import type { EndReason } from '../session-end.ts';
import type { SessionState } from '../session-state.ts';
import { promptOf } from '../showing.ts';
import { supported } from '../supported-options.ts';
import type { Review } from './review.ts';
import './review.ts';

/** Why the person is to be taken to where the work begins, as soon as that is known. */
type Arrival =
  /** The element asked with `autofocus`: only where there is something to write, and the focus is nowhere else. */
  | 'opened'
  /** By a command of theirs, which replaces what they stood in. */
  | 'asked';

/**
 * Attributes `server`, `session` and `autofocus`; properties `sessionKey`, `token` and `name`. Its height follows the custom property
 * `--proofroom-height`, its font `--proofroom-font`, its look the page's `color-scheme`.
 */
@element('proof-room')
export class ProofRoom extends LitElement {
  static override styles = css`
    :host {
      color-scheme: light dark;
      display: flex;
      flex-direction: column;
      min-block-size: var(--proofroom-height, 40rem);
      overflow: clip;
    }

    :host([hidden]) {
      display: none;
    }
  `;

  /** The server's address, `http:` or `https:`; by default the page's own origin. */
  @property() accessor server: string = location.origin;
  /** The session to join; absent, a new one is made. */
  @property() accessor session: string | undefined;
  /** Lets one decide; without it one watches. A property alone: an attribute would stand in the page's markup. */
  @property({ attribute: false }) accessor sessionKey: string | undefined;
  /** The server's access token, where it asks for one; without it the person is asked. */
  @property({ attribute: false }) accessor token: string | undefined;
  /** The person's name; without it the one this browser remembers. */
  @property({ attribute: false }) accessor name: string | undefined;

  /** What the next picture is to be like: this person's last choice, or what the picture before it was like. */
  @state() private accessor options: Options = keepsakes.options();
  @query('proof-review') private accessor review!: Review;

  readonly #controller = new SessionController(this);
  /** What was on show before the connection was made anew; it stays until the new one has something. */
  #before: SessionState | undefined;
  #told: { sessionId?: string; turn?: number | undefined; approvedId?: string; ended?: EndReason | undefined } = {};
  #arrival: Arrival | undefined;
  /** Of the options those that the server's generator offers: one and the same until one of the two changes. */
  #offered: { readonly of?: Options; readonly supports?: Supports | undefined; readonly options: Options } = {
    options: {},
  };
  /** When the generation was asked for whose options were taken over. */
  #followed: string | undefined;

  override willUpdate(changed: PropertyValues<this>): void {
    if (!this.hasUpdated || changed.has('server') || changed.has('session') || changed.has('sessionKey')) {
      this.#before = undefined;
      this.#told = {};
      this.#followed = undefined;
      this.#open(this.session, this.sessionKey);
    }
    if (!this.hasUpdated && this.autofocus) this.#arrival = 'opened';
    const state = this.#controller.state;
    if (state?.snapshot) this.#before = undefined;
    if (state) this.#followOptions(state);
    this.#offer(this.options, this.#shown?.welcome?.generator.supports);
  }

  override render(): TemplateResult {
    return html`<proof-review
      .session=${this.#shown}
      .server=${this.server}
      .options=${this.#offered.options}
      @proof-intent=${this.#intended}
    ></proof-review>`;
  }

  override updated(): void {
    const { state } = this.#controller;
    if (!state) return;
    this.#tellSession(state);
    this.#tellStage(state);
    this.#tellEnded(state);
    this.#tellApproved(state);
    this.#arrive(state);
  }

  #arrive({ connection, snapshot }: SessionState): void {
    const isThere = snapshot !== undefined || connection.status === 'token_needed' || connection.status === 'closed';
    if (!this.#arrival || !isThere) return;
    const hasField = connection.status === 'token_needed' || snapshot?.stage === 'initial_input';
    const wanted = this.#arrival === 'asked' || (hasField && document.activeElement === document.body);
    this.#arrival = undefined;
    if (wanted) void this.review.enter();
  }

  /** The next picture starts from what the last ask was like, whoever asked; how many at once is each person's own choice. */
  #followOptions({ snapshot }: SessionState): void {
    const last =
      snapshot?.stage === 'generating' ? snapshot.generation : (snapshot?.lastGeneration ?? snapshot?.attempts.at(-1));
    // To discard or to restore an attempt is no ask: what somebody has chosen since stays.
    if (!last || (this.#followed !== undefined && last.startedAt <= this.#followed)) return;
    this.#followed = last.startedAt;
    const { candidates: _theirs, ...options } = last.options;
    const { candidates } = this.options;
    this.options = { ...options, ...(candidates !== undefined && { candidates }) };
  }

  #offer(of: Options, supports: Supports | undefined): void {
    if (of === this.#offered.of && supports === this.#offered.supports) return;
    this.#offered = { of, supports, options: supported(of, supports) };
  }

  get #shown(): SessionState | undefined {
    const { state } = this.#controller;
    return this.#before && state ? { ...this.#before, connection: state.connection } : state;
  }

  #open(sessionId: string | undefined, sessionKey: string | undefined): void {
    const token = this.token ?? keepsakes.token(this.server);
    const name = this.name ?? keepsakes.name();
    this.#controller.open({
      server: this.server,
      ...(sessionId && { sessionId }),
      ...(sessionKey && { sessionKey }),
      ...(token && { token }),
      ...(name && { name }),
    });
  }

  /** Joins the same session again, with whatever has changed. */
  #rejoin(): void {
    const { state } = this.#controller;
    this.#before = state?.snapshot && state;
    this.#open(state?.sessionId, state?.sessionKey);
    this.requestUpdate();
  }

  /** The session that was is left for a new one, which begins with `prompt`. */
  #startNew(prompt: string): void {
    this.session = undefined;
    this.sessionKey = undefined;
    this.#told = {};
    this.#before = undefined;
    this.#open(undefined, undefined);
    this.#controller.client?.setDraft(prompt);
  }

  #intended(event: IntentEvent): void {
    event.stopPropagation();
    const { client } = this.#controller;
    if (client) this.#carryOut(event.intent, client);
  }

  #carryOut(intent: Intent, client: Session): void {
    switch (intent.type) {
      case 'draft':
        return client.setDraft(intent.text);
      case 'draft_focus':
        return client.setDraftFocus(intent.focused);
      case 'want':
        return client.want(intent.imageIds);
      case 'options':
        this.options = intent.options;
        return keepsakes.keepOptions(intent.options);
      case 'token':
        keepsakes.keepToken(this.server, intent.token);
        this.#arrival = 'asked';
        return client.provideToken(intent.token);
      case 'name':
        this.name = undefined;
        keepsakes.keepName(intent.name);
        return this.#rejoin();
      case 'new_session':
        this.#arrival = 'asked';
        return this.#startNew(intent.prompt);
      case 'reconnect':
        this.#arrival = 'asked';
        return this.#rejoin();
      default:
        void command(intent, client);
    }
  }

  #tellSession({ welcome, sessionKey }: SessionState): void {
    if (!welcome || welcome.sessionId === this.#told.sessionId) return;
    this.#told = { sessionId: welcome.sessionId };
    this.dispatchEvent(roomEvent('proof-session', { sessionId: welcome.sessionId, sessionKey }));
  }

  #tellStage({ snapshot }: SessionState): void {
    if (!snapshot || this.#told.ended || snapshot.turn === this.#told.turn) return;
    this.#told.turn = snapshot.turn;
    const { stage, turn, revision } = snapshot;
    this.dispatchEvent(roomEvent('proof-stage', { stage, turn, revision }));
  }

  #tellEnded({ connection }: SessionState): void {
    const reason = connection.status === 'closed' ? connection.reason : undefined;
    if (reason === this.#told.ended) return;
    // Who comes back to the same session is told its stage anew.
    this.#told = { ...this.#told, ended: reason, turn: undefined };
    if (reason) this.dispatchEvent(roomEvent('proof-ended', { reason }));
  }

  #tellApproved(state: SessionState): void {
    if (state.snapshot?.stage !== 'final') return;
    const { imageId, mediaType, sha256 } = state.snapshot.approved;
    const received = state.images.get(imageId);
    if (!received || imageId === this.#told.approvedId) return;
    this.#told.approvedId = imageId;
    const file = new File([received.blob], imageFileName(promptOf(state, imageId), mediaType, true), {
      type: mediaType,
    });
    this.dispatchEvent(roomEvent('proof-approved', { file, sha256 }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'proof-room': ProofRoom;
  }
  interface HTMLElementEventMap extends RoomEventMap {}
}
