/** The live connection to one session: socket to state, without a framework. */

import type { ImageReference } from '../../shared/model.ts';
import type { Options } from '../../shared/options.ts';
import type { Command, RejectMessage, SnapshotMessage } from '../../shared/protocol.ts';
import { wantMessages } from './client-messages.ts';
import { type Ask, type CommandResult, Commands } from './commands.ts';
import { browserEnvironment, type Environment } from './environment.ts';
import { Progress } from './progress.ts';
import { runningGeneration } from './received-images.ts';
import { Membership, type MembershipListener, type News } from './session-connection.ts';
import { SessionImages } from './session-images.ts';
import type { SessionState } from './session-state.ts';
import { isDraftSet, SharedDraft } from './shared-draft.ts';
import { Store } from './store.ts';

export type { CommandResult } from './commands.ts';

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
  /** Who this is in the session, from an earlier `welcome` of it. */
  readonly participant?: { readonly id: string; readonly secret: string };
}

/** Composes the state of what its parts hold: none of them knows another, and each change of one is told here. */
export class SessionClient {
  readonly #environment: Environment;
  readonly #membership: Membership;
  readonly #commands: Commands;
  readonly #draft: SharedDraft;
  readonly #images: SessionImages;
  readonly #progress = new Progress();
  readonly #store: Store<SessionState>;
  #heard: Pick<SessionState, 'snapshot' | 'viewers'> = {};

  /** @throws {TypeError} when `options.server` is no address */
  constructor(options: SessionClientOptions, environment: Environment = browserEnvironment()) {
    const { server, sessionId, sessionKey, token, name } = options;
    this.#environment = environment;
    this.#commands = new Commands(environment);
    this.#draft = new SharedDraft(environment, (text, draftId) => {
      this.#membership.send({ type: 'draft', text, draftId });
    });
    this.#images = new SessionImages(environment, (imageIds) => {
      for (const want of wantMessages(imageIds, this.#membership.limits.WANT_IDS)) this.#membership.send(want);
    });
    this.#membership = new Membership(server, { sessionId, sessionKey, token, name }, this.#listener(), environment);
    this.#store = new Store(this.#compose(), (error) => environment.warn('A listener of the session failed.', error));
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
    this.#membership.begin();
  }

  /** Joins again after the server ended the connection for good; what is here stays. Does nothing otherwise. */
  reconnect(): void {
    this.#membership.comeBack();
  }

  /**
   * Goes by another name, which means to join anew where this client has joined: what is here stays.
   * @param name at most `NAME_CHARACTERS` (40) UTF-16 units; blank: the server gives one, such as `Reviewer 2`
   */
  rename(name: string): void {
    this.#membership.rename(name);
  }

  /** Closes for good and releases all object URLs; may be called twice. Commands without an answer resolve as not accepted. */
  close(): void {
    this.#draft.flush();
    this.#images.clear();
    this.#commands.end('left');
    this.#membership.leave();
  }

  /** Sets the shared text of the prompt field; the others see it within a moment, or after the reconnect. */
  setDraft(text: string): void {
    this.#draft.set(text);
    this.#tell();
  }

  /** While the prompt field has the focus, nothing from elsewhere replaces `state.draft` (rule W8). */
  setDraftFocus(hasFocus: boolean): void {
    this.#draft.setFocus(hasFocus);
    this.#tell();
  }

  /** The server's access token, 32 characters or more: answers `token_needed`, or is kept for when it is needed. */
  provideToken(token: string): void {
    this.#membership.provideToken(token);
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

  #command(ask: Ask): Promise<CommandResult> {
    const { over, limits } = this.#membership;
    const { snapshot } = this.#heard;
    const { answer, command } = this.#commands.ask(ask, { snapshot, over, limitBytes: limits.INBOUND_MESSAGE_BYTES });
    if (command) this.#send(command);
    this.#tell();
    return answer;
  }

  /** Where no connection has joined, it goes out after the next join. */
  #send(command: Command): void {
    // Text typed before the command must reach the server before it, or it would undo the command's own draft.
    this.#draft.flush();
    if (command.type === 'start_over') this.#draft.release();
    this.#membership.send(command);
  }

  #listener(): MembershipListener {
    return {
      have: (limit) => this.#images.have(this.#heard.snapshot, limit),
      joined: (snapshot) => this.#onJoined(snapshot),
      heard: (news) => this.#onHeard(news),
      left: () => {
        this.#draft.left();
        this.#images.left();
      },
      // What was received stays on show (rule R9).
      ended: (reason) => this.#commands.end(reason),
      changed: () => this.#tell(),
    };
  }

  /** What was held back goes out, in the order in which it was asked. */
  #onJoined(snapshot: SnapshotMessage): void {
    const { welcome } = this.#membership.state;
    const isSet = isDraftSet(this.#heard.snapshot, snapshot);
    this.#draft.joined(snapshot.draft, isSet, welcome?.role === 'reviewer' ? welcome.limits : undefined);
    for (const command of this.#commands.waiting) this.#membership.send(command);
    this.#takeIn(snapshot);
  }

  #onHeard(news: News): void {
    switch (news.type) {
      case 'snapshot':
        this.#draft.heardSnapshot(news.draft, isDraftSet(this.#heard.snapshot, news));
        return this.#takeIn(news);
      case 'draft':
        return this.#draft.heardDraft(news.text, news.draftId);
      case 'viewers':
        this.#heard = { ...this.#heard, viewers: news };
        return;
      case 'progress':
        return this.#progress.heard(news, this.#running, this.#environment.now());
      case 'image':
        return this.#images.arrived(news.reference, news.blob, this.#heard.snapshot);
      case 'ack':
        if (this.#commands.accepted(news.commandId, news.revision)?.type === 'start_over') this.#draft.released();
        return;
      case 'reject':
        return this.#onReject(news);
    }
  }

  #takeIn(snapshot: SnapshotMessage): void {
    this.#heard = { ...this.#heard, snapshot };
    this.#images.heardSnapshot(snapshot);
    this.#progress.settle(this.#running);
  }

  #onReject(refusal: RejectMessage): void {
    if (refusal.imageId !== undefined) return this.#images.refused(refusal.imageId);
    // The only message of ours without an id that can be refused for its rate is a `want`.
    if (refusal.commandId === undefined && refusal.code === 'rate_limited') return this.#images.refusedForRate();
    if (this.#commands.refused(refusal)?.type === 'start_over') this.#draft.kept();
  }

  get #running(): string | undefined {
    return this.#heard.snapshot && runningGeneration(this.#heard.snapshot);
  }

  #tell(): void {
    this.#store.replace(this.#compose());
  }

  #compose(): SessionState {
    return {
      ...this.#membership.state,
      ...this.#heard,
      draft: this.#draft.text,
      unsentDraft: this.#draft.unsent,
      progress: this.#progress.byCandidate,
      ...this.#images.shown,
      ...this.#commands.state,
    };
  }
}
