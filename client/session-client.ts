/** The live connection to one session: socket to state, without a framework. */
import type { ClientMessage, Command, RejectMessage, SnapshotMessage, WelcomeMessage } from '../shared/protocol.ts';
import type { ImageReference, Options } from '../shared/session.ts';
import { browserEnvironment, type Environment } from './environment.ts';
import { type Delivery, Inbox, readServerMessage } from './inbox.ts';
import { Line } from './line.ts';
import { type Credentials, fits, joinMessage, socketUrl, wantMessages } from './outgoing.ts';
import { type Ask, type CommandResult, PendingCommands } from './pending-commands.ts';
import { runningGeneration } from './received-images.ts';
import { closedFor, type EndReason, unanswered } from './session-end.ts';
import { SessionImages } from './session-images.ts';
import { initialState, type Notice, type SessionState } from './session-state.ts';
import { SharedDraft } from './shared-draft.ts';
import { Store } from './store.ts';

export type { CommandResult } from './pending-commands.ts';

export interface SessionClientOptions {
  /** The server's address, `http:` or `https:`. */
  readonly server: string | URL;
  /** Absent: a new session is created. */
  readonly sessionId?: string;
  /** Absent, with a `sessionId`: the client only watches. */
  readonly sessionKey?: string;
  /** The server's access token, where it asks for one to create a session. */
  readonly token?: string;
  readonly name?: string;
}

/** Until the server's own numbers are known. */
const defaultLimits = { INBOUND_MESSAGE_BYTES: 64 * 1024, HAVE_IDS: 32, WANT_IDS: 12 };

export class SessionClient {
  readonly #environment: Environment;
  readonly #line: Line;
  readonly #draft: SharedDraft;
  readonly #images: SessionImages;
  readonly #pending: PendingCommands;
  readonly #store: Store<SessionState>;
  #credentials: Credentials;
  /** The token of the last `join`. */
  #sentToken: string | undefined;
  #phase: 'new' | 'running' | 'ended' | 'released' = 'new';
  /** The open connection's; its `welcome` and the join's snapshot may be still to come. */
  #inbox: Inbox | undefined;
  #isJoined = false;
  /** Why the last try came to nothing, if the server said so itself. */
  #busy: { readonly isServerBusy?: true } = {};
  #hasWarned = false;

  /** @throws {TypeError} when `options.server` is no address */
  constructor(options: SessionClientOptions, environment: Environment = browserEnvironment()) {
    const { sessionId, sessionKey, token, name } = options;
    this.#environment = environment;
    this.#credentials = { sessionId, sessionKey, token, name };
    const known = { ...(sessionId !== undefined && { sessionId }), ...(sessionKey !== undefined && { sessionKey }) };
    this.#store = new Store<SessionState>({ ...initialState, ...known }, (error) =>
      environment.warn('A listener of the session failed.', error),
    );
    this.#images = new SessionImages(environment, (imageIds) => {
      for (const want of wantMessages(imageIds, this.#limits.WANT_IDS)) this.#send(want);
    });
    this.#pending = new PendingCommands(() => environment.now());
    this.#draft = new SharedDraft(environment, (text, draftId) => this.#send({ type: 'draft', text, draftId }));
    this.#line = new Line(
      socketUrl(options.server),
      {
        trying: () => this.#onTrying(),
        opened: () => this.#onOpened(),
        received: (text) => this.#onReceived(text),
        lost: (nextTryAt) => this.#onLost(nextTryAt),
        ended: (code) => this.#onEnded(code),
      },
      environment,
    );
  }

  /** One immutable object, replaced with each change. */
  get state(): SessionState {
    return this.#store.state;
  }

  /** Calls `listener` synchronously at each change of state; returns the undo. */
  subscribe(listener: (state: SessionState) => void): () => void {
    return this.#store.subscribe(listener);
  }

  /** Opens the connection; a second call does nothing. */
  connect(): void {
    if (this.#phase !== 'new') return;
    this.#phase = 'running';
    this.#line.start();
  }

  /** Joins again after the server ended the connection for good; what is here stays. Does nothing otherwise. */
  reconnect(): void {
    if (this.#phase === 'ended') this.#joinAnew();
  }

  /**
   * Goes by another name, which means to join anew where this client has joined: what is here stays.
   * @param name at most `NAME_CHARACTERS` (40) UTF-16 units; blank: the server gives one, such as `Reviewer 2`
   */
  rename(name: string): void {
    if (name === this.#credentials.name) return;
    this.#credentials = { ...this.#credentials, name };
    // Until the line is open, the `join` is still to be sent.
    if (this.#phase === 'running' && this.#inbox) this.#joinAnew();
  }

  /** Closes for good and releases all object URLs; may be called twice. Commands without an answer resolve as not accepted. */
  close(): void {
    if (this.#phase === 'released') return;
    this.#draft.flush();
    this.#stop();
    this.#phase = 'released';
    this.#images.clear();
    const notice = this.#pending.end('left');
    this.#store.update({
      connection: { status: 'left' },
      pending: this.#pending.types,
      ...this.#images.shown,
      ...(notice && { notice }),
    });
  }

  /** Sets the shared text of the prompt field; the others see it within a moment, or after the reconnect. */
  setDraft(text: string): void {
    this.#draft.set(text);
    this.#store.update(this.#draftState);
  }

  /** While the prompt field has the focus, nothing from elsewhere replaces `state.draft` (rule W8). */
  setDraftFocus(hasFocus: boolean): void {
    this.#draft.setFocus(hasFocus);
    this.#store.update(this.#draftState);
  }

  /** The server's access token, 32 characters or more: answers `token_needed`, or is kept for when it is needed. */
  provideToken(token: string): void {
    this.#credentials = { ...this.#credentials, token };
    if (this.state.connection.status === 'token_needed') this.#connectAgain();
  }

  /** Asks for the bytes of attempts; those that are here already are left out. */
  want(imageIds: readonly string[]): void {
    this.#images.want(imageIds);
  }

  generate(prompt: string, options?: Options): Promise<CommandResult> {
    return this.#command({ type: 'generate', prompt, ...(options && { options }) });
  }

  regenerate(what: { imageId?: string; prompt?: string; options?: Options } = {}): Promise<CommandResult> {
    return this.#command({ type: 'regenerate', ...what });
  }

  refine(imageId: string, feedback: string, options?: Options): Promise<CommandResult> {
    return this.#command({ type: 'refine', imageId, feedback, ...(options && { options }) });
  }

  /** Names the image by id and digest (rule M3). */
  approve({ imageId, sha256 }: ImageReference): Promise<CommandResult> {
    return this.#command({ type: 'approve', imageId, sha256 });
  }

  /** @param reason in the person's own words, for whoever asks next; blank is none */
  cancel(reason = ''): Promise<CommandResult> {
    return this.#command({ type: 'cancel', ...(reason.trim() !== '' && { reason }) });
  }

  /** Puts an attempt aside; its bytes stay here, so that `restore` shows it at once. */
  discard(imageId: string): Promise<CommandResult> {
    return this.#command({ type: 'discard', imageId });
  }

  restore(imageId: string): Promise<CommandResult> {
    return this.#command({ type: 'restore', imageId });
  }

  /** Also empties the prompt field, once the server has accepted it. */
  startOver(): Promise<CommandResult> {
    return this.#command({ type: 'start_over' });
  }

  /**
   * Sends a command with the turn of the snapshot on show (rule M10), now or after the next join. While the same waits for its
   * answer, that one's answer is this one's, so a second click does nothing twice.
   */
  #command(ask: Ask): Promise<CommandResult> {
    const earlier = this.#pending.answerTo(ask);
    if (earlier !== undefined) return earlier;
    const { connection, snapshot } = this.state;
    if (connection.status === 'closed' || connection.status === 'left') {
      const reason = connection.status === 'closed' ? connection.reason : connection.status;
      return this.#refuse(unanswered(ask.type, reason, this.#environment.now()));
    }
    const turn = snapshot && { turn: snapshot.turn };
    const command: Command = { ...ask, commandId: this.#environment.randomId(), ...turn };
    if (!fits(command, this.#limits.INBOUND_MESSAGE_BYTES)) return this.#refuse(this.#tooLong(ask.type));
    const answer = this.#pending.add(command, snapshot?.lastAction);
    // Text typed before the command must reach the server before it, or it would undo the command's own draft.
    this.#draft.flush();
    if (command.type === 'start_over') this.#draft.release();
    if (this.#isJoined) this.#send(command);
    this.#store.update({ pending: this.#pending.types });
    return answer;
  }

  #refuse(notice: Notice): Promise<CommandResult> {
    this.#store.update({ notice });
    return Promise.resolve({ accepted: false, notice });
  }

  #tooLong(command: Command['type']): Notice {
    return {
      command,
      code: 'prompt_too_long',
      message: 'This text is too long to be sent.',
      at: this.#environment.now(),
    };
  }

  get #draftState(): Pick<SessionState, 'draft' | 'unsentDraft'> {
    return { draft: this.#draft.text, unsentDraft: this.#draft.unsent };
  }

  get #limits(): typeof defaultLimits {
    return this.state.welcome?.limits ?? defaultLimits;
  }

  #send(message: ClientMessage): void {
    this.#line.send(JSON.stringify(message));
  }

  // ——— what the line says ———

  #onTrying(): void {
    const { connection } = this.state;
    if (connection.status !== 'reconnecting') return;
    const { nextTryAt: _now, ...reconnecting } = connection;
    this.#store.update({ connection: reconnecting });
  }

  #onOpened(): void {
    this.#leave();
    this.#inbox = new Inbox(this.#environment.sha256, (delivery) => this.#onDelivery(delivery));
    this.#sentToken = this.#credentials.token;
    this.#send(joinMessage(this.#credentials, this.#images.have(this.state.snapshot, this.#limits.HAVE_IDS)));
  }

  #onReceived(text: string): void {
    const message = readServerMessage(text, (problem) => this.#warnOnce(problem));
    // These two are about the line itself and don't wait behind an image.
    if (message?.type === 'heartbeat') this.#line.expect(message.nextBytes ?? 0);
    else if (message?.type === 'goodbye') this.#line.postpone(message.reconnectInMs);
    else if (message) this.#inbox?.receive(message);
  }

  #onLost(nextTryAt: number): void {
    this.#afterAll(() => {
      const busy = this.#busy;
      this.#leave();
      this.#store.update({ connection: { status: 'reconnecting', nextTryAt, ...busy } });
    });
  }

  #onEnded(code: number): void {
    this.#afterAll(() => {
      if (code === 4403 && this.#credentials.sessionId === undefined) this.#needToken();
      else this.#end(closedFor(code));
    });
  }

  /** What has come whole over the line that is gone is taken in first. */
  #afterAll(then: () => void): void {
    if (this.#inbox) this.#inbox.finish(then);
    else then();
  }

  #joinAnew(): void {
    this.#stop();
    this.#phase = 'running';
    this.#connectAgain();
  }

  #connectAgain(): void {
    this.#store.update({ connection: { status: 'connecting' } });
    this.#line.start();
  }

  #stop(): void {
    this.#line.stop();
    this.#leave();
  }

  #leave(): void {
    this.#inbox?.close();
    this.#inbox = undefined;
    this.#isJoined = false;
    this.#busy = {};
    this.#draft.left();
    this.#images.left();
  }

  #needToken(): void {
    const { token } = this.#credentials;
    this.#stop();
    // A token that was provided meanwhile has not been refused.
    if (token !== this.#sentToken) this.#connectAgain();
    else this.#store.update({ connection: { status: 'token_needed', refused: token !== undefined } });
  }

  /** Over for good: no command is left without an answer; what was received stays on show (rule R9). */
  #end(reason: EndReason): void {
    this.#phase = 'ended';
    this.#stop();
    const notice = this.#pending.end(reason);
    this.#store.update({
      connection: { status: 'closed', reason },
      pending: this.#pending.types,
      ...(notice && { notice }),
    });
  }

  #warnOnce(problem: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#environment.warn(`A message of the server was not understood, and dropped. ${problem}`);
  }

  // ——— what the server says ———

  #onDelivery(delivery: Delivery): void {
    switch (delivery.type) {
      case 'welcome':
        return this.#onWelcome(delivery);
      case 'snapshot':
        return this.#onSnapshot(delivery);
      case 'draft':
        this.#draft.heardDraft(delivery.text, delivery.draftId);
        return this.#store.update(this.#draftState);
      case 'viewers':
        return this.#store.update({ viewers: delivery });
      case 'progress':
        if (delivery.generationId !== this.#running) return;
        return this.#store.update({
          progress: new Map(this.state.progress).set(delivery.candidate, {
            ...delivery,
            receivedAt: this.#environment.now(),
          }),
        });
      case 'image':
        this.#images.arrived(delivery.reference, delivery.blob, this.state.snapshot);
        return this.#store.update(this.#images.shown);
      case 'ack':
        return this.#onAck(delivery.commandId, delivery.revision);
      case 'reject':
        return this.#onReject(delivery);
    }
  }

  get #running(): string | undefined {
    return this.state.snapshot && runningGeneration(this.state.snapshot);
  }

  #onWelcome(welcome: WelcomeMessage): void {
    const { sessionId, key, name } = welcome;
    const sessionKey = key ?? this.#credentials.sessionKey;
    this.#credentials = { ...this.#credentials, sessionId, sessionKey, name };
    this.#store.update({ welcome, sessionId, ...(sessionKey !== undefined && { sessionKey }) });
  }

  #onSnapshot(snapshot: SnapshotMessage): void {
    if (this.#isJoined) this.#draft.heardSnapshot(snapshot.draft, isDraftSet(this.state.snapshot, snapshot));
    else this.#onJoined(snapshot);
    this.#images.heardSnapshot(snapshot);
    const running = runningGeneration(snapshot);
    const progress = [...this.state.progress].filter(([, { generationId }]) => generationId === running);
    this.#store.update({
      connection: { status: 'online' },
      snapshot,
      ...this.#draftState,
      progress: progress.length === this.state.progress.size ? this.state.progress : new Map(progress),
      ...this.#images.shown,
    });
  }

  /** The first snapshot of a connection: now the server takes what was held back, in the order in which it was asked. */
  #onJoined(snapshot: SnapshotMessage): void {
    const { welcome } = this.state;
    this.#isJoined = true;
    const isSet = isDraftSet(this.state.snapshot, snapshot);
    this.#draft.joined(snapshot.draft, isSet, welcome?.role === 'reviewer' ? welcome.limits : undefined);
    for (const command of this.#pending.commands) this.#send(command);
  }

  #onAck(commandId: string, revision: number): void {
    const command = this.#pending.accept(commandId, revision);
    if (!command) return;
    if (command.type === 'start_over') this.#draft.released();
    const { notice: _settled, ...state } = this.state;
    this.#store.replace({ ...state, pending: this.#pending.types, ...this.#draftState });
  }

  #onReject(refusal: RejectMessage): void {
    if (!this.#isJoined) return this.#onRefused(refusal.code);
    if (refusal.imageId !== undefined) return this.#images.refused(refusal.imageId);
    // The only message of ours without an id that can be refused for its rate is a `want`.
    if (refusal.commandId === undefined && refusal.code === 'rate_limited') return this.#images.refusedForRate();
    const notice = this.#pending.refuse(refusal);
    if (notice?.command === 'start_over') this.#draft.kept();
    if (notice) this.#store.update({ notice, pending: this.#pending.types, ...this.#draftState });
  }

  /** The join was refused; for other reasons than these the close code, which follows, says what to do. */
  #onRefused(code: RejectMessage['code']): void {
    if (code === 'session_not_found') this.#end('session_gone');
    else if (code === 'not_allowed' && this.#credentials.sessionId === undefined) this.#needToken();
    else if (code === 'not_allowed') this.#end('not_allowed');
    else if (code === 'server_busy' || code === 'rate_limited') this.#busy = { isServerBusy: true };
  }
}

/** Whether a command that sets the shared draft was accepted between two snapshots of a connection. */
function isDraftSet(before: SnapshotMessage | undefined, now: SnapshotMessage): boolean {
  const action = now.lastAction;
  if (!action || (action.at === before?.lastAction?.at && action.action === before.lastAction.action)) return false;
  return action.action === 'generate' || action.action === 'regenerate' || action.action === 'start_over';
}
