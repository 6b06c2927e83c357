/** `<proof-room>`: the whole product as one element, on any page. */
import { css, html, LitElement, type PropertyValues, type TemplateResult } from 'lit';
import { property, query } from 'lit/decorators.js';
import type { SnapshotMessage } from '../../shared/protocol.ts';
import { element } from '../element.ts';
import type { Intent, IntentEvent } from '../intent.ts';
import { command } from '../intent-commands.ts';
import { keepsakes } from '../keepsakes.ts';
import type { RoomEventMap } from '../room-events.ts';
import { RoomNews } from '../room-news.ts';
import { type Session, SessionController } from '../session-controller.ts';
import type { SessionState } from '../session-state.ts';
import { foundAgain, type Unsent } from '../unsent.ts';
import { WantedOptions } from '../wanted-options.ts';
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

  @query('proof-review') private accessor review!: Review;

  readonly #controller = new SessionController(this);
  /** What was on show before the connection was made anew; it stays until the new one has something. */
  #before: SessionState | undefined;
  readonly #news = new RoomNews(this);
  readonly #options = new WantedOptions(keepsakes.options());
  /** The connection that took up what the tab held for its session. */
  #resumed: Session | undefined;
  #unsent: Unsent = {};
  /** As it was when the session was taken up: later on, the fields know best what stands in them. */
  #found: Unsent = {};
  #arrival: Arrival | undefined;

  override willUpdate(changed: PropertyValues<this>): void {
    if (!this.hasUpdated || changed.has('server') || changed.has('session') || changed.has('sessionKey')) {
      this.#before = undefined;
      this.#news.leave();
      this.#options.leave();
      this.#open(this.session, this.sessionKey);
    }
    if (!this.hasUpdated && this.autofocus) this.#arrival = 'opened';
    const { client } = this.#controller;
    if (client) this.#follow(client);
  }

  #follow(client: Session): void {
    const { snapshot, sessionId } = client.state;
    if (!snapshot || sessionId === undefined) return;
    this.#before = undefined;
    if (client !== this.#resumed) this.#resume(client, sessionId, snapshot);
    this.#options.follow(snapshot);
    const { unsentDraft: draft } = client.state;
    if (draft !== this.#unsent.draft) this.#keep({ draft });
  }

  #resume(client: Session, sessionId: string, snapshot: SnapshotMessage): void {
    this.#resumed = client;
    const { welcome } = client.state;
    this.#unsent = foundAgain(keepsakes.unsent(sessionId), snapshot, welcome?.generator.supports?.refine !== false);
    this.#found = this.#unsent;
    this.#options.comeBack(this.#unsent);
    const { draft } = this.#unsent;
    if (draft !== undefined && welcome?.role === 'reviewer') client.setDraft(draft);
    this.#keep({});
  }

  #keep(news: Unsent): void {
    this.#unsent = { ...this.#unsent, ...news };
    const { sessionId } = this.#controller.state;
    if (sessionId !== undefined) keepsakes.keepUnsent(sessionId, this.#unsent);
  }

  override render(): TemplateResult {
    return html`<proof-review
      .session=${this.#shown}
      .server=${this.server}
      .options=${this.#options.offeredBy(this.#shown?.welcome?.generator.supports)}
      .unsent=${this.#found}
      @proof-intent=${this.#intended}
    ></proof-review>`;
  }

  override updated(): void {
    const { state } = this.#controller;
    if (!state) return;
    this.#news.tell(state);
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
    this.#news.leave();
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
        this.#keep(this.#options.choose(intent.options));
        keepsakes.keepOptions(intent.options);
        return this.requestUpdate();
      case 'unsent':
        return this.#keep(intent.unsent);
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
}

declare global {
  interface HTMLElementTagNameMap {
    'proof-room': ProofRoom;
  }
  interface HTMLElementEventMap extends RoomEventMap {}
}
