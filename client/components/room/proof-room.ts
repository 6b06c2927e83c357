/** `<proof-room>`: the whole product as one element, on any page. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, query } from 'lit/decorators.js';
import { browserStorage } from '../../model/browser-storage.ts';
import { type Intent, type IntentEvent, sendCommand } from '../../model/intent.ts';
import type { AskIntent } from '../../model/make-room.ts';
import { noCapabilities, OptionChoice } from '../../model/option-choice.ts';
import { needsName } from '../../model/people.ts';
import { serverAddress } from '../../model/server-address.ts';
import { type SessionClientApi, SessionController } from '../../model/session-controller.ts';
import { type UnsentInput, unsentAfter } from '../../model/unsent-input.ts';
import type { SessionState } from '../../session/session-state.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import { LanguageController } from './language-controller.ts';
import type { Notifications, Review } from './review.ts';
import { type RoomEventMap, RoomEvents, roomEvent } from './room-events.ts';
import { endTypingAt } from './typing-boundary.ts';
import './review.ts';

/** Why the focus is to be moved to where the work begins, once that is known. */
type FocusRequest =
  /** The element has `autofocus`: only where there is a field to write in, and the focus is nowhere else. */
  | 'autofocus'
  /** A command of this person replaces what had the focus. */
  | 'command';

/** The properties that say which session to open. */
type SessionProperties = Pick<ProofRoom, 'server' | 'session' | 'sessionKey'>;

/**
 * Attributes `server`, `session` and `autofocus`; properties `sessionKey`, `token` and `name`; all may be set at any time. Its height
 * follows the custom property `--proofroom-height` (40rem), its font `--proofroom-font`, light and dark the page's `color-scheme`.
 */
@element('proof-room')
export class ProofRoom extends LitElement {
  static override styles = css`
    :host {
      /* The text size that people have set in their browser. In a monospace font, browsers take a smaller one. */
      font: medium system-ui !important;
      --proofroom-rem: 1em;
      display: flex;
      flex-direction: column;
      min-block-size: var(--proofroom-height, 40rem);
      overflow: clip;
    }

    :host([hidden]) {
      display: none;
    }
  `;

  /** `rtl` or `ltr`; absent: as the room's language is written, whatever the direction of the page around. */
  @property({ reflect: true, useDefault: true }) override accessor dir = '';
  /** The server's address, `http:` or `https:`, with its path if it has one; absent: the root of the page's origin. */
  @property() accessor server: string | null | undefined;
  /** The session to join; absent: a new one is created. */
  @property() accessor session: string | undefined;
  /** Lets one decide; without it one watches. A property only, as an attribute would put it into the page's markup. */
  @property({ attribute: false }) accessor sessionKey: string | undefined;
  /** The server's access token, where it needs one; absent: the person is asked, and their answer is set here. */
  @property({ attribute: false }) accessor token: string | undefined;
  /** The person's name, at most 40 UTF-16 units; absent: the one that this browser remembers. A name chosen here is set here, too. */
  @property({ attribute: false }) accessor name: string | undefined;

  /**
   * A BCP 47 tag. Where it is a language that there is, everything inside is in it; otherwise it is in the one that the person has
   * chosen, that the page around has, or that the browser asks for.
   */
  @property({ reflect: true }) override accessor lang = '';

  /** Whether the page around notifies the person of their turn, if it can; absent: nothing is offered. */
  @property({ attribute: false }) accessor notifications: Notifications | undefined;

  @query('proof-review') private accessor review!: Review | null;

  readonly #controller = new SessionController(this);
  readonly #language = new LanguageController(this);
  readonly #events = new RoomEvents(this);
  readonly #options = new OptionChoice(browserStorage.options());
  /** Those by which the last session was opened. */
  #openedWith: SessionProperties | undefined;
  /** Typed by the person, and not accepted by the server yet. */
  #typedToken: string | undefined;
  /** The last state that `#unsent` was adapted to. */
  #seen: { readonly client: SessionClientApi; readonly state: SessionState } | undefined;
  #savedWelcome: SessionState['welcome'];
  /** The name that the person chose here, or in another tab. */
  #chosenName: string | undefined;
  /** The picture that the person has open. */
  #openImageId: string | undefined;
  #stopNameEvents: (() => void) | undefined;
  /** What the forms show and the tab keeps. */
  #unsent: UnsentInput = {};
  /** What the next new session begins with. */
  #carriedOver: UnsentInput = {};
  #focusRequest: FocusRequest | undefined;

  /** A translator would replace texts that the room goes on changing, and the prompts and names that people decide by. */
  override connectedCallback(): void {
    super.connectedCallback();
    if (!this.hasAttribute('translate')) this.translate = false;
    this.#stopNameEvents = browserStorage.onName((name) => this.#nameChosenElsewhere(name));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stopNameEvents?.();
  }

  /** A tab with the old name would give it back to the person when it joins again. A name that the page has set stays. */
  #nameChosenElsewhere(name: string): void {
    if (this.name === this.#chosenName) this.#setName(name);
  }

  /** At once, so that a decision that follows goes on record under the name. */
  #setName(name: string): void {
    this.#chosenName = name;
    this.name = name;
    this.#controller.rename(name);
  }

  protected override createRenderRoot(): HTMLElement | DocumentFragment {
    const root = super.createRenderRoot();
    endTypingAt(root);
    return root;
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (!this.hasUpdated && this.autofocus) this.#focusRequest = 'autofocus';
    if (!isSameSession(this, this.#openedWith)) this.#open();
    if (changed.has('token') && this.token) this.#controller.provideToken(this.token);
    if (changed.has('name')) this.#controller.rename(this.name ?? browserStorage.name() ?? '');
    const { client } = this.#controller;
    if (client) this.#adaptTo(client);
  }

  /** @throws {TypeError} when `server` is no address */
  get #server(): string {
    return serverAddress(this.server);
  }

  #adaptTo(client: SessionClientApi): void {
    this.#saveToken(client.state);
    this.#saveParticipant(client.state);
    const { snapshot, sessionId } = client.state;
    if (!snapshot || sessionId === undefined) return;
    const before = this.#seen?.client === client ? this.#seen.state : undefined;
    if (!before) this.#restore(client, sessionId);
    if (!before) client.look(this.#openImageId);
    this.#options.update(snapshot);
    const unsent = unsentAfter(this.#unsent, before, client.state);
    const { unsentDraft: draft } = client.state;
    if (unsent !== this.#unsent || draft !== unsent.draft) this.#keep({ ...unsent, draft });
    this.#seen = { client, state: client.state };
  }

  /** A typed token is saved once the server has accepted it; a refused one is removed. */
  #saveToken({ connection, welcome }: SessionState): void {
    if (connection.status === 'token_needed' && connection.refused) browserStorage.saveToken(this.#server, '');
    else if (welcome && this.#typedToken !== undefined) browserStorage.saveToken(this.#server, this.#typedToken);
    else return;
    this.#typedToken = undefined;
  }

  #saveParticipant({ welcome }: SessionState): void {
    if (!welcome || welcome === this.#savedWelcome) return;
    this.#savedWelcome = welcome;
    const { sessionId, participantId: id, participantSecret: secret, name } = welcome;
    browserStorage.saveParticipant({ sessionId, id, secret, name });
  }

  /** Restores what the tab kept for the session, and adds what was carried over into it. */
  #restore(client: SessionClientApi, sessionId: string): void {
    this.#unsent = {};
    this.#keep({ ...this.#carriedOver, ...browserStorage.unsent(sessionId) });
    this.#carriedOver = {};
    this.#options.restore(this.#unsent);
    const { draft } = this.#unsent;
    if (draft !== undefined && client.state.welcome?.role === 'reviewer') client.setDraft(draft);
  }

  #keep(change: UnsentInput): void {
    this.#unsent = { ...this.#unsent, ...change };
    const { sessionId } = this.#controller.state;
    if (sessionId !== undefined) browserStorage.saveUnsent(sessionId, this.#unsent);
    this.requestUpdate();
  }

  override render(): TemplateResult | typeof nothing {
    const { state } = this.#controller;
    const { texts, isFixed } = this.#language;
    if (!texts) return nothing;
    return html`<proof-review
      lang=${texts.language}
      dir=${this.dir === 'rtl' || this.dir === 'ltr' ? this.dir : texts.direction}
      translate=${this.translate ? 'yes' : 'no'}
      ?language-fixed=${isFixed}
      .session=${state}
      .server=${this.#server}
      .options=${this.#options.allowedBy(state.welcome?.generator.supports ?? noCapabilities)}
      .unsent=${this.#unsent}
      .unnamed=${needsName(state, this.name ?? browserStorage.name())}
      .notifications=${this.notifications}
      ?shortcuts=${browserStorage.hasShortcuts()}
      @proof-intent=${this.#onIntent}
    ></proof-review>`;
  }

  /** Includes the language, without which nothing is shown. */
  protected override async getUpdateComplete(): Promise<boolean> {
    await super.getUpdateComplete();
    await this.#language.ready;
    return super.getUpdateComplete();
  }

  override updated(): void {
    const { state } = this.#controller;
    this.#events.report(state, this.#language.texts);
    this.#moveFocus(state);
  }

  #moveFocus({ connection: { status }, snapshot }: SessionState): void {
    if (
      !this.#focusRequest ||
      !this.review ||
      (status !== 'online' && status !== 'token_needed' && status !== 'closed')
    )
      return;
    const hasField = status === 'token_needed' || (status === 'online' && snapshot?.stage === 'initial_input');
    const isDue = this.#focusRequest === 'command' || (hasField && document.activeElement === document.body);
    this.#focusRequest = undefined;
    if (isDue) void this.review.enter();
  }

  /**
   * Does what a key does in the room that was pressed outside of it. For pages that have no shortcuts of their own: without it, keys
   * count only where the focus is in the room.
   */
  keyPressed(event: KeyboardEvent): void {
    this.review?.keyPressed(event);
  }

  #open(): void {
    const { server, session, sessionKey } = this;
    this.#openedWith = { server, session, sessionKey };
    this.#events.reset();
    this.#options.leave();
    const token = this.token ?? browserStorage.token(this.#server);
    const participant = session ? browserStorage.participant(session) : undefined;
    const name = this.name ?? browserStorage.name() ?? participant?.name;
    this.#controller.open({
      server: this.#server,
      ...(session && { sessionId: session }),
      ...(sessionKey && { sessionKey }),
      ...(token && { token }),
      ...(name && { name }),
      ...(participant && { participant: { id: participant.id, secret: participant.secret } }),
    });
  }

  /** Leaves the session for a new one, which begins with `prompt`. */
  #startNew(prompt: string): void {
    const { feedback } = this.#unsent;
    this.session = undefined;
    this.sessionKey = undefined;
    this.#open();
    this.#carriedOver = { feedback };
    this.#controller.client?.setDraft(prompt);
  }

  #onIntent(event: IntentEvent): void {
    event.stopPropagation();
    const { client } = this.#controller;
    if (client) this.#carryOut(event.intent, client);
  }

  /** Where the session is full, the person is asked what may go. */
  async #ask(ask: AskIntent, client: SessionClientApi): Promise<void> {
    const result = await sendCommand(ask, client);
    if (result && !result.accepted && result.rejection.code === 'attempts_full') this.review?.makeRoom(ask);
  }

  async #makeRoom(imageIds: readonly string[], ask: AskIntent, client: SessionClientApi): Promise<void> {
    const isDone = imageIds.length === 0 || (await client.remove(imageIds)).accepted;
    if (isDone) await this.#ask(ask, client);
  }

  #carryOut(intent: Intent, client: SessionClientApi): void {
    switch (intent.type) {
      case 'draft':
        return client.setDraft(intent.text);
      case 'draft_focus':
        return client.setDraftFocus(intent.focused);
      case 'want':
        return client.want(intent.imageIds);
      case 'options':
        this.#keep(this.#options.choose(intent.options));
        return browserStorage.saveOptions(intent.options);
      case 'unsent':
        return this.#keep(intent.unsent);
      case 'token':
        this.#focusRequest = 'command';
        this.#typedToken = intent.token;
        this.token = intent.token;
        return client.provideToken(intent.token);
      case 'name':
        browserStorage.saveName(intent.name);
        return this.#setName(intent.name);
      case 'look':
        this.#openImageId = intent.imageId;
        return client.look(intent.imageId);
      case 'language':
        return this.#language.choose(intent.language);
      case 'notify':
        return void this.dispatchEvent(roomEvent('proof-notify', { on: intent.on }));
      case 'shortcuts':
        browserStorage.saveShortcuts(intent.on);
        return this.requestUpdate();
      case 'new_session':
        this.#focusRequest = 'command';
        return this.#startNew(intent.prompt);
      case 'reconnect':
        this.#focusRequest = 'command';
        return client.reconnect();
      case 'make_room':
        return void this.#makeRoom(intent.imageIds, intent.ask, client);
      case 'generate':
      case 'regenerate':
      case 'retry':
        return void this.#ask(intent, client);
      case 'refine':
        this.#keep({ feedback: intent.feedback, about: intent.imageId, sentFeedback: intent.feedback.trim() });
        return void this.#ask(intent, client);
      default:
        return void sendCommand(intent, client);
    }
  }
}

function isSameSession(one: SessionProperties, other: SessionProperties | undefined): boolean {
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
