/**
 * The session of one `<proof-room>`: its connection, what the person has typed and chosen in it, and what the browser keeps of that. Loaded
 * after the first screen, together with the controls that need to know what the server can draw.
 */
import type { LitElement, PropertyValues, ReactiveController } from 'lit';
import type { Options } from '../../../shared/options.ts';
import { browserStorage } from '../../model/browser-storage.ts';
import { noCapabilities } from '../../model/first-screen.ts';
import { sendCommand } from '../../model/intended-command.ts';
import type { Intent } from '../../model/intent.ts';
import type { AskIntent } from '../../model/make-room.ts';
import { OptionChoice } from '../../model/option-choice.ts';
import { needsName, peopleOf } from '../../model/people.ts';
import { announcement } from '../../model/sentences.ts';
import { serverAddress } from '../../model/server-address.ts';
import { type SessionClientApi, SessionController } from '../../model/session-controller.ts';
import { storedInput } from '../../model/stored-input.ts';
import { type UnsentInput, unsentAfter } from '../../model/unsent-input.ts';
import type { SessionState } from '../../session/session-state.ts';
import { avatars } from '../ui/avatar.ts';
import { RoomReports } from './room-reports.ts';
import '../notices/ended-notice.ts';
import '../notices/obstacle-notice.ts';
import '../sidebar/prompt-options.ts';
import './token-form.ts';

/** The properties that say which session to open. */
interface SessionProperties {
  readonly server: string | null | undefined;
  session: string | undefined;
  sessionKey: string | undefined;
}

/** The part of `<proof-room>` that its session uses. */
export interface Room extends LitElement, SessionProperties {
  token: string | undefined;
  name: string | undefined;
  /** Asks which pictures may go, after an ask that found the session full. */
  makeRoom(ask: AskIntent): void;
}

/** How the page shows who is in it, and says what happens. */
export const presenting = { announcement, avatars, peopleOf };

export class RoomSession implements ReactiveController {
  readonly #room: Room;
  readonly #controller: SessionController;
  readonly #reports: RoomReports;
  readonly #options = new OptionChoice(storedInput.options());
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
  /** The texts and options that the forms show and the tab keeps. */
  #unsent: UnsentInput = {};
  /** The texts with which the next new session begins. */
  #carriedOver: UnsentInput = {};
  /** The last client that was given them. */
  #begun: SessionClientApi | undefined;

  constructor(room: Room) {
    this.#room = room;
    this.#controller = new SessionController(room);
    this.#reports = new RoomReports(room);
    room.addController(this);
  }

  get state(): SessionState {
    return this.#controller.state;
  }

  /** The options for the next picture. */
  get options(): Options {
    return this.#options.allowedBy(this.state.welcome?.generator.supports ?? noCapabilities);
  }

  get unsent(): UnsentInput {
    return this.#unsent;
  }

  /** The person is asked for their name before their first decision. */
  get isUnnamed(): boolean {
    return needsName(this.state, this.#room.name ?? browserStorage.name());
  }

  hostConnected(): void {
    this.#stopNameEvents = browserStorage.onName((name) => this.#nameChosenElsewhere(name));
  }

  hostDisconnected(): void {
    this.#stopNameEvents?.();
  }

  /** To be called before the room renders. `changed` are its properties. */
  update(changed: PropertyValues<Room>): void {
    const room = this.#room;
    if (!isSameSession(room, this.#openedWith)) this.#open();
    if (changed.has('token') && room.token) this.#controller.provideToken(room.token);
    if (changed.has('name')) this.#controller.rename(room.name ?? browserStorage.name() ?? '');
    const { client } = this.#controller;
    if (client) this.#adaptTo(client);
  }

  /** To be called after the room has rendered. */
  report(): void {
    this.#reports.report(this.state);
  }

  /** A tab with the old name would give it back to the person when it joins again. A name that the page has set stays. */
  #nameChosenElsewhere(name: string): void {
    if (this.#room.name === this.#chosenName) this.#setName(name);
  }

  /** At once, so that a decision that follows goes on record under the name. */
  #setName(name: string): void {
    this.#chosenName = name;
    this.#room.name = name;
    this.#controller.rename(name);
  }

  get #server(): string {
    return serverAddress(this.#room.server);
  }

  #adaptTo(client: SessionClientApi): void {
    this.#saveToken(client.state);
    this.#saveParticipant(client.state);
    const { snapshot, sessionId } = client.state;
    if (sessionId === undefined) this.#begin(client);
    if (!snapshot || sessionId === undefined) return;
    const before = this.#seen?.client === client ? this.#seen.state : undefined;
    if (!before) this.#restore(client, sessionId);
    if (!before) client.look(this.#openImageId);
    this.#options.update(snapshot);
    const unsent = unsentAfter(this.#unsent, before, client.state);
    const { unsentDraft: draft, unsentDraftRevision: draftRevision } = client.state;
    const isTyped = draft !== unsent.draft || draftRevision !== unsent.draftRevision;
    if (unsent !== this.#unsent || isTyped) this.#keep({ ...unsent, draft, draftRevision });
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
    storedInput.saveParticipant({ sessionId, id, secret, name });
  }

  /** Until the server has named the session, the tab keeps the prompt by the server's address. */
  #begin(client: SessionClientApi): void {
    const { draft } = this.#carriedOver;
    if (this.#begun !== client && draft !== undefined) client.setDraft(draft);
    this.#begun = client;
    const { unsentDraft } = client.state;
    if (unsentDraft !== draft) this.#carryOver({ ...this.#carriedOver, draft: unsentDraft });
  }

  #carryOver(unsent: UnsentInput): void {
    this.#carriedOver = unsent;
    storedInput.saveUnsent(this.#server, unsent);
  }

  /** Restores what the tab kept for the session, and adds what was carried over into it; the client has that prompt already. */
  #restore(client: SessionClientApi, sessionId: string): void {
    const stored = storedInput.unsent(sessionId);
    this.#unsent = {};
    this.#keep({ ...this.#carriedOver, ...stored });
    if (Object.keys(this.#carriedOver).length > 0) this.#carryOver({});
    this.#options.restore(this.#unsent);
    const { draft, draftRevision } = stored;
    if (draft !== undefined && client.state.welcome?.role === 'reviewer') client.setDraft(draft, draftRevision);
  }

  #keep(change: UnsentInput): void {
    this.#unsent = { ...this.#unsent, ...change };
    const { sessionId } = this.#controller.state;
    if (sessionId !== undefined) storedInput.saveUnsent(sessionId, this.#unsent);
    this.#room.requestUpdate();
  }

  #open(): void {
    const { server, session, sessionKey } = this.#room;
    this.#openedWith = { server, session, sessionKey };
    this.#carriedOver = session ? {} : storedInput.unsent(this.#server);
    this.#reports.reset();
    this.#options.leave();
    const token = this.#room.token ?? browserStorage.token(this.#server);
    const participant = session ? storedInput.participant(session) : undefined;
    const name = this.#room.name ?? browserStorage.name() ?? participant?.name;
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
    this.#room.session = undefined;
    this.#room.sessionKey = undefined;
    this.#open();
    this.#carryOver({ feedback, draft: prompt });
  }

  /** Where the session is full, the person is asked what may go. */
  async #ask(ask: AskIntent, client: SessionClientApi): Promise<void> {
    const result = await sendCommand(ask, client);
    if (result && !result.accepted && result.rejection.code === 'attempts_full') this.#room.makeRoom(ask);
  }

  async #makeRoom(imageIds: readonly string[], ask: AskIntent, client: SessionClientApi): Promise<void> {
    const isDone = imageIds.length === 0 || (await client.remove(imageIds)).accepted;
    if (isDone) await this.#ask(ask, client);
  }

  /** Does nothing while the room is in no document. */
  carryOut(intent: Intent): void {
    const { client } = this.#controller;
    if (!client) return;
    switch (intent.type) {
      case 'draft':
        return client.setDraft(intent.text);
      case 'draft_focus':
        return client.setDraftFocus(intent.focused);
      case 'want':
        return client.want(intent.imageIds);
      case 'options':
        this.#keep(this.#options.choose(intent.options));
        return storedInput.saveOptions(intent.options);
      case 'unsent':
        return this.#keep(intent.unsent);
      case 'token':
        this.#typedToken = intent.token;
        this.#room.token = intent.token;
        return client.provideToken(intent.token);
      case 'name':
        browserStorage.saveName(intent.name);
        return this.#setName(intent.name);
      case 'look':
        this.#openImageId = intent.imageId;
        return client.look(intent.imageId);
      case 'language':
      case 'notify':
      case 'shortcuts':
        return;
      case 'new_session':
        return this.#startNew(intent.prompt);
      case 'reconnect':
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
