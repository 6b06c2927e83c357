/** `<proof-room>`: the whole product as one element, on any page. */
import { css, html, LitElement, type PropertyValues, type TemplateResult } from 'lit';
import { property, query } from 'lit/decorators.js';
import { keepsakes } from '../../model/browser-storage.ts';
import type { Intent, IntentEvent } from '../../model/intent.ts';
import { command } from '../../model/intent-commands.ts';
import { type Session, SessionController } from '../../model/session-controller.ts';
import { followed, type Unsent } from '../../model/unsent-input.ts';
import { WantedOptions } from '../../model/wanted-options.ts';
import type { SessionState } from '../../session/session-state.ts';
import { element } from '../ui/element.ts';
import { RoomNews } from './host-events.ts';
import type { Review } from './review.ts';
import type { RoomEventMap } from './room-events.ts';
import './review.ts';

/** Why the person is to be taken to where the work begins, as soon as that is known. */
type Arrival =
  /** The element asked with `autofocus`: only where there is something to write, and the focus is nowhere else. */
  | 'opened'
  /** By a command of theirs, which replaces what they stood in. */
  | 'asked';

/** Which session the properties ask for. */
type Address = Pick<ProofRoom, 'server' | 'session' | 'sessionKey'>;

/**
 * Attributes `server`, `session` and `autofocus`; properties `sessionKey`, `token` and `name`; all may be set at any time. Its height
 * follows the custom property `--proofroom-height` (40rem), its font `--proofroom-font`, light and dark the page's `color-scheme`.
 */
@element('proof-room')
export class ProofRoom extends LitElement {
  static override styles = css`
    :host {
      display: flex;
      flex-direction: column;
      min-block-size: var(--proofroom-height, 40rem);
      overflow: clip;
    }

    :host([hidden]) {
      display: none;
    }
  `;

  /** The server's address, `http:` or `https:`; absent, the page's own origin. */
  @property() accessor server: string | null | undefined;
  /** The session to join; absent, a new one is made. */
  @property() accessor session: string | undefined;
  /** Lets one decide; without it one watches. A property alone: an attribute would stand in the page's markup. */
  @property({ attribute: false }) accessor sessionKey: string | undefined;
  /** The server's access token, where it asks for one; without it the person is asked. What they type stands here too. */
  @property({ attribute: false }) accessor token: string | undefined;
  /** The person's name, at most 40 UTF-16 units; without it the one this browser remembers. The one that they choose here stands here too. */
  @property({ attribute: false }) accessor name: string | undefined;

  @query('proof-review') private accessor review!: Review;

  readonly #controller = new SessionController(this);
  /** The session that was opened last. */
  #opened: Address | undefined;
  /** Not known to be right yet. */
  #typedToken: string | undefined;
  readonly #news = new RoomNews(this);
  readonly #options = new WantedOptions(keepsakes.options());
  /** The session's last state that what is unsent has followed. */
  #followed: { readonly client: Session; readonly state: SessionState } | undefined;
  /** What the forms show, and the tab keeps. */
  #unsent: Unsent = {};
  /** What comes along into a new session. */
  #carried: Unsent = {};
  #arrival: Arrival | undefined;

  override willUpdate(changed: PropertyValues<this>): void {
    if (!this.hasUpdated && this.autofocus) this.#arrival = 'opened';
    if (!isSameAddress(this, this.#opened)) this.#open();
    if (changed.has('token') && this.token) this.#controller.provideToken(this.token);
    if (changed.has('name')) this.#controller.rename(this.#name);
    const { client } = this.#controller;
    if (client) this.#follow(client);
  }

  /** Blank where the server is to give one. */
  get #name(): string {
    return this.name ?? keepsakes.name() ?? '';
  }

  /** @throws {TypeError} when `server` is no address */
  get #server(): string {
    return new URL(this.server || location.origin, location.href).origin;
  }

  #follow(client: Session): void {
    this.#judgeToken(client.state);
    const { snapshot, sessionId } = client.state;
    if (!snapshot || sessionId === undefined) return;
    const before = this.#followed?.client === client ? this.#followed.state : undefined;
    if (!before) this.#comeTo(client, sessionId);
    this.#options.follow(snapshot);
    const unsent = followed(this.#unsent, before, client.state);
    const { unsentDraft: draft } = client.state;
    if (unsent !== this.#unsent || draft !== unsent.draft) this.#keep({ ...unsent, draft });
    this.#followed = { client, state: client.state };
  }

  /** A token that somebody typed is kept once the server has taken it, and no token that it has refused. */
  #judgeToken({ connection, welcome }: SessionState): void {
    if (connection.status === 'token_needed' && connection.refused) keepsakes.keepToken(this.#server, '');
    else if (welcome && this.#typedToken !== undefined) keepsakes.keepToken(this.#server, this.#typedToken);
    else return;
    this.#typedToken = undefined;
  }

  /** Takes up what the tab holds for the session, and what came along into it. */
  #comeTo(client: Session, sessionId: string): void {
    this.#unsent = {};
    this.#keep({ ...this.#carried, ...keepsakes.unsent(sessionId) });
    this.#carried = {};
    this.#options.comeBack(this.#unsent);
    const { draft } = this.#unsent;
    if (draft !== undefined && client.state.welcome?.role === 'reviewer') client.setDraft(draft);
  }

  #keep(news: Unsent): void {
    this.#unsent = { ...this.#unsent, ...news };
    const { sessionId } = this.#controller.state;
    if (sessionId !== undefined) keepsakes.keepUnsent(sessionId, this.#unsent);
    this.requestUpdate();
  }

  override render(): TemplateResult {
    const { state } = this.#controller;
    return html`<proof-review
      .session=${state}
      .server=${this.#server}
      .options=${this.#options.offeredBy(state.welcome?.generator.supports)}
      .unsent=${this.#unsent}
      @proof-intent=${this.#intended}
    ></proof-review>`;
  }

  override updated(): void {
    const { state } = this.#controller;
    this.#news.tell(state);
    this.#arrive(state);
  }

  #arrive({ connection: { status }, snapshot }: SessionState): void {
    if (!this.#arrival || (status !== 'online' && status !== 'token_needed' && status !== 'closed')) return;
    const hasField = status === 'token_needed' || (status === 'online' && snapshot?.stage === 'initial_input');
    const wanted = this.#arrival === 'asked' || (hasField && document.activeElement === document.body);
    this.#arrival = undefined;
    if (wanted) void this.review.enter();
  }

  #open(): void {
    const { server, session, sessionKey } = this;
    this.#opened = { server, session, sessionKey };
    this.#news.leave();
    this.#options.leave();
    const token = this.token ?? keepsakes.token(this.#server);
    this.#controller.open({
      server: this.#server,
      ...(session && { sessionId: session }),
      ...(sessionKey && { sessionKey }),
      ...(token && { token }),
      ...(this.#name && { name: this.#name }),
    });
  }

  /** The session that was is left for a new one, which begins with `prompt`. */
  #startNew(prompt: string): void {
    const { feedback } = this.#unsent;
    this.session = undefined;
    this.sessionKey = undefined;
    this.#open();
    this.#carried = { feedback };
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
        return keepsakes.keepOptions(intent.options);
      case 'unsent':
        return this.#keep(intent.unsent);
      case 'token':
        this.#arrival = 'asked';
        this.#typedToken = intent.token;
        this.token = intent.token;
        return client.provideToken(intent.token);
      case 'name':
        keepsakes.keepName(intent.name);
        this.name = intent.name;
        return;
      case 'new_session':
        this.#arrival = 'asked';
        return this.#startNew(intent.prompt);
      case 'reconnect':
        this.#arrival = 'asked';
        return client.reconnect();
      case 'refine':
        this.#keep({ feedback: intent.feedback, askedFeedback: intent.feedback.trim() });
        return void command(intent, client);
      default:
        return void command(intent, client);
    }
  }
}

function isSameAddress(one: Address, other: Address | undefined): boolean {
  return (
    other !== undefined &&
    one.server === other.server &&
    one.session === other.session &&
    one.sessionKey === other.sessionKey
  );
}

declare global {
  interface HTMLElementTagNameMap {
    'proof-room': ProofRoom;
  }
  interface HTMLElementEventMap extends RoomEventMap {}
}
