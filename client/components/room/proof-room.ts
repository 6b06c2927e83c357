/** `<proof-room>`: the whole product as one element, on any page. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, query } from 'lit/decorators.js';
import { browserStorage } from '../../model/browser-storage.ts';
import { withNewSession } from '../../model/first-screen.ts';
import type { Intent, IntentEvent } from '../../model/intent.ts';
import { usesParts } from '../../model/lazy-part.ts';
import type { AskIntent } from '../../model/make-room.ts';
import { serverAddress } from '../../model/server-address.ts';
import { openEarly } from '../../session/early-socket.ts';
import { initialState, type SessionState } from '../../session/session-state.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import { LanguageController } from './language-controller.ts';
import { loadPartsWhenIdle, sessionPart, stagesPart } from './parts.ts';
import type { Notifications, Review } from './review.ts';
import { type RoomEventMap, roomEvent } from './room-events.ts';
import type { RoomSession } from './room-session.ts';
import { endTypingAt } from './typing-boundary.ts';
import './review.ts';

/** Why the focus is to be moved to where the work begins, once that is known. */
type FocusRequest =
  /** The element has `autofocus`: only where there is a field to write in, and the focus is nowhere else. */
  | 'autofocus'
  /** A command of this person replaces what had the focus. */
  | 'command';

/** The page's knowledge of a server that has not answered yet: that this person may create a session there, and how it draws. */
export interface ExpectedServer {
  readonly demo: boolean;
}

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

  /** With it, the prompt field of a new session is there before the server has answered. Absent: the page knows nothing of its server. */
  @property({ attribute: false }) accessor expected: ExpectedServer | undefined;

  @query('proof-review') private accessor review!: Review | null;

  readonly #language = new LanguageController(this);
  /** Undefined until its part of the page is here. */
  #session: RoomSession | undefined;
  /** What the person did before that. */
  #early: Intent[] = [];
  /** Until all that it takes to join a session is here. */
  #loading: Promise<void> | undefined;
  #wasOnline = false;
  #focusRequest: FocusRequest | undefined;
  /** The language that the page around was told of. */
  #toldLanguage: string | undefined;

  constructor() {
    super();
    usesParts(this);
  }

  /** A translator would replace texts that the room goes on changing, and the prompts and names that people decide by. */
  override connectedCallback(): void {
    super.connectedCallback();
    if (!this.hasAttribute('translate')) this.translate = false;
  }

  protected override createRenderRoot(): HTMLElement | DocumentFragment {
    const root = super.createRenderRoot();
    endTypingAt(root);
    return root;
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (!this.hasUpdated && this.autofocus) this.#focusRequest = 'autofocus';
    const { part } = sessionPart;
    if (part && this.#language.isWhole) this.#session ??= new part.RoomSession(this);
    this.#session?.update(changed);
    for (const intent of this.#session ? this.#early.splice(0) : []) this.#session?.carryOut(intent);
  }

  override firstUpdated(): void {
    // The connection opens while the part that uses it is loaded.
    if (!sessionPart.part) openEarly(this.#server);
    this.#loading = this.#load();
  }

  /** Where there is a first screen to show, the rest comes after it, so that it does not have to share the line. */
  async #load(): Promise<void> {
    if (this.session) void stagesPart.load();
    else if (this.expected) {
      await this.#language.ready;
      await painted();
    }
    await Promise.all([sessionPart.load(), this.#language.complete()]);
  }

  /** @throws {TypeError} when `server` is no address */
  get #server(): string {
    return serverAddress(this.server);
  }

  get #state(): SessionState {
    const state = this.#session?.state ?? initialState;
    return this.expected && !this.session ? withNewSession(state) : state;
  }

  override render(): TemplateResult | typeof nothing {
    const { texts, isFixed } = this.#language;
    if (!texts) return nothing;
    return html`<proof-review
      lang=${texts.language}
      dir=${this.dir === 'rtl' || this.dir === 'ltr' ? this.dir : texts.direction}
      translate=${this.translate ? 'yes' : 'no'}
      ?language-fixed=${isFixed}
      .session=${this.#state}
      .server=${this.#server}
      .demo=${this.expected?.demo}
      .options=${this.#session?.options ?? none}
      .unsent=${this.#session?.unsent ?? none}
      .unnamed=${this.#session?.isUnnamed ?? false}
      .notifications=${this.notifications}
      ?shortcuts=${browserStorage.hasShortcuts()}
      @proof-intent=${this.#onIntent}
    ></proof-review>`;
  }

  /** Includes the language, without which nothing is shown, and the session. */
  protected override async getUpdateComplete(): Promise<boolean> {
    await super.getUpdateComplete();
    await Promise.all([this.#language.ready, this.#loading]);
    return super.getUpdateComplete();
  }

  override updated(): void {
    this.#reportLanguage();
    this.#session?.report();
    this.#preload(this.#state);
    this.#moveFocus(this.#state);
  }

  /** Each time that the server is there. */
  #preload({ connection }: SessionState): void {
    const isOnline = connection.status === 'online';
    if (isOnline && !this.#wasOnline) loadPartsWhenIdle();
    this.#wasOnline = isOnline;
  }

  #reportLanguage(): void {
    const language = this.#language.texts?.language;
    if (language === undefined || language === this.#toldLanguage) return;
    this.#toldLanguage = language;
    this.dispatchEvent(roomEvent('proof-language', { language }));
  }

  #moveFocus({ connection: { status }, snapshot, welcome }: SessionState): void {
    const isNew = snapshot !== undefined && welcome === undefined;
    const isKnown = isNew || status === 'online' || status === 'token_needed' || status === 'closed';
    if (!this.#focusRequest || !this.review || !isKnown) return;
    const hasField = status === 'token_needed' || (status !== 'closed' && snapshot?.stage === 'initial_input');
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

  /** Asks which pictures may go, after an ask that found the session full. */
  makeRoom(ask: AskIntent): void {
    this.review?.makeRoom(ask);
  }

  #onIntent(event: IntentEvent): void {
    event.stopPropagation();
    const { intent } = event;
    switch (intent.type) {
      case 'language':
        return this.#language.choose(intent.language);
      case 'notify':
        return void this.dispatchEvent(roomEvent('proof-notify', { on: intent.on }));
      case 'shortcuts':
        browserStorage.saveShortcuts(intent.on);
        return this.requestUpdate();
      case 'token':
      case 'new_session':
      case 'reconnect':
        this.#focusRequest = 'command';
    }
    if (this.#session) this.#session.carryOut(intent);
    else this.#early.push(intent);
  }
}

/** Resolves when the next frame has been painted; at once in a hidden page, which paints none. */
async function painted(): Promise<void> {
  if (document.hidden) return;
  await new Promise((resolve) => requestAnimationFrame(resolve));
  await new Promise((resolve) => setTimeout(resolve));
}

/** One object, so that no element updates for an equal one. */
const none = {};

declare global {
  interface HTMLElementTagNameMap {
    'proof-room': ProofRoom;
  }
  interface HTMLElementEventMap extends RoomEventMap {}
}
