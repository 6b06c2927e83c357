/**
 * The live connection to one session, without a framework: methods go out as messages, and what the server sends becomes one
 * immutable state. Runs in browsers and in Node 22.18 or newer.
 */

import type { ImageReference, Role } from '../../shared/model.ts';
import type { Options } from '../../shared/options.ts';
import type { Command, ImageUrlMessage, RejectMessage, SnapshotMessage } from '../../shared/protocol.ts';
import { type CommandInput, type CommandResult, Commands } from './commands.ts';
import { defaultEnvironment, type Environment } from './environment.ts';
import { ImageDownloads } from './image-downloads.ts';
import { ImageRequests } from './image-requests.ts';
import type { DecodedImageMessage } from './inbox.ts';
import { LongPrompts } from './long-prompts.ts';
import { Look } from './look.ts';
import { imagesOfUse, ReceivedImages, runningGenerationId } from './received-images.ts';
import { serverBase } from './server-urls.ts';
import { SessionConnection, type SessionMessage } from './session-connection.ts';
import type { SessionState } from './session-state.ts';
import { SharedDraft } from './shared-draft.ts';
import { Store } from './store.ts';

export type { CommandInput, CommandResult } from './commands.ts';
export type { Environment, Socket } from './environment.ts';
export type { Obstacle } from './obstacle.ts';
export type {
  CommandRejection,
  ConnectionState,
  DisplayProblem,
  EndReason,
  ImageProblem,
  ReceivedImage,
  SessionState,
} from './session-state.ts';

export interface SessionClientOptions {
  /** The server's address, `http:` or `https:`, with its path if it has one. */
  readonly server: string | URL;
  /** The session to join; without it, one is created. */
  readonly sessionId?: string;
  /** The right to decide in it; with a `sessionId` alone the client watches (rule W5). */
  readonly sessionKey?: string;
  /** Who joins it, from `participantId` and `participantSecret` of an earlier `welcome`; without it the server makes a new participant. */
  readonly participant?: { readonly id: string; readonly secret: string };
  /** The server's access token, where it requires one to create a session. */
  readonly token?: string;
  /** What others see, at most 40 UTF-16 units; blank: the server gives one, such as `Reviewer 2`. */
  readonly name?: string;
  /** How many participants must approve the same picture of a session that is created, 1 to 16; absent: the server's own number. */
  readonly approvals?: number;
}

export class SessionClient {
  readonly #environment: Environment;
  readonly #connection: SessionConnection;
  readonly #commands: Commands;
  readonly #draft: SharedDraft;
  readonly #look: Look;
  readonly #prompts = new LongPrompts();
  readonly #images: ReceivedImages;
  readonly #imageRequests: ImageRequests;
  readonly #downloads: ImageDownloads;
  readonly #store: Store<SessionState>;
  #received: Pick<SessionState, 'snapshot' | 'viewers' | 'people' | 'record'> = { people: [], record: [] };
  #progress: SessionState['progress'] = new Map();

  /** @throws {TypeError} when `options.server` is not an address */
  constructor(options: SessionClientOptions, environment: Environment = defaultEnvironment()) {
    const { server, sessionId, sessionKey, token, name, participant, approvals } = options;
    this.#environment = environment;
    this.#commands = new Commands(environment, (command) => this.#sendCommand(command));
    this.#draft = new SharedDraft(environment, (text, draftId) => {
      this.#connection.send({ type: 'draft', text, draftId });
    });
    this.#look = new Look(environment, (imageId) => {
      this.#connection.send({ type: 'look', ...(imageId !== undefined && { imageId }) });
    });
    this.#images = new ReceivedImages(environment);
    this.#imageRequests = new ImageRequests(
      environment,
      (imageId) => this.#images.has(imageId),
      (imageIds) => this.#sendWant(imageIds),
    );
    const base = serverBase(server);
    this.#downloads = new ImageDownloads(base, environment, {
      downloaded: (image) => {
        this.#onImage({ type: 'image', reference: image.reference, image });
        this.#update();
      },
      failed: ({ imageId, kind }, problem) => {
        this.#imageRequests.unavailable(imageId, kind === 'final' ? problem : undefined);
        this.#update();
      },
    });
    this.#connection = new SessionConnection(
      base,
      { sessionId, sessionKey, token, name, participant, approvals },
      {
        heldImages: (limit) => this.#images.newestIds(this.#received.snapshot, limit),
        recordLength: () => this.#received.record.length,
        joined: (snapshot) => this.#onJoined(this.#prompts.restore(snapshot)),
        received: (message) => this.#onMessage(message),
        disconnected: () => {
          this.#draft.disconnected();
          this.#look.disconnected();
          this.#imageRequests.disconnected();
        },
        ended: (reason) => this.#commands.end(reason),
        changed: () => this.#update(),
      },
      environment,
    );
    this.#store = new Store(this.#compose(), (error) => environment.warn('A subscriber of the session threw.', error));
  }

  /** One immutable object, replaced with each change. */
  get state(): SessionState {
    return this.#store.state;
  }

  /** Calls `subscriber` synchronously at each change of state; returns the undo. */
  subscribe(subscriber: (state: SessionState) => void): () => void {
    return this.#store.subscribe(subscriber);
  }

  /** Opens the connection. A second call does nothing. */
  connect(): void {
    this.#connection.connect();
  }

  /** Joins again when the connection is `closed`; what is in the state stays. Does nothing otherwise. */
  reconnect(): void {
    this.#connection.reconnect();
  }

  /**
   * Takes another name. A client that has joined joins again for it, as the same participant; what is in the state stays.
   * @param name at most `NAME_CHARACTERS` (40) UTF-16 units; blank: the server gives one
   */
  rename(name: string): void {
    this.#connection.rename(name);
  }

  /** Closes for good and releases all object URLs. Pending commands resolve as rejected. May be called twice. */
  close(): void {
    this.#draft.flush();
    this.#downloads.retain(() => false);
    this.#images.clear();
    this.#commands.end('left');
    this.#connection.leave();
  }

  /**
   * Sets the shared text of the prompt field. It is sent at the rate that the server takes, or after the next join.
   * @param draftRevision of a text that was kept from an earlier visit: `unsentDraftRevision` as it was then. Where a command has set the
   *   prompt since, the text is not sent over it.
   */
  setDraft(text: string, draftRevision?: number): void {
    this.#draft.set(text, draftRevision);
    this.#update();
  }

  /** While the prompt field has the focus, no update replaces `state.draft` (rule W8). */
  setDraftFocus(hasFocus: boolean): void {
    this.#draft.setFocus(hasFocus);
    this.#update();
  }

  /** Answers `token_needed`; at any other time the token is kept for when it is needed. */
  provideToken(token: string): void {
    this.#connection.provideToken(token);
  }

  /** Requests the bytes of attempts, except for those that are here or on their way (rule W2). */
  want(imageIds: readonly string[]): void {
    this.#imageRequests.want(imageIds);
    this.#update();
  }

  /**
   * What this person has open, for the others to see; undefined: no picture. Sent four times a second at most, and after each join. Its
   * bytes stay in the state meanwhile, also when the session keeps it no more.
   */
  look(imageId: string | undefined): void {
    this.#look.set(imageId);
    this.#images.keep(imageId);
    if (this.#received.snapshot) this.#images.retain(this.#received.snapshot);
    this.#update();
  }

  /** Every command resolves, and never rejects: with the server's answer, however many connections that takes (rule W6). */
  generate(prompt: string, options?: Options): Promise<CommandResult> {
    return this.#command({ type: 'generate', prompt, ...(options && { options }) });
  }

  /** Without `prompt`, the prompt of `imageId` or else of the last generation; `options` likewise. */
  regenerate(input: { imageId?: string; prompt?: string; options?: Options } = {}): Promise<CommandResult> {
    return this.#command({ type: 'regenerate', ...input });
  }

  refine(imageId: string, feedback: string, options?: Options): Promise<CommandResult> {
    return this.#command({ type: 'refine', imageId, feedback, ...(options && { options }) });
  }

  /**
   * Names the image by id and digest (rule M3), as the other decisions do.
   * @param note why; a blank one is left out
   */
  approve({ imageId, sha256 }: ImageReference, note = ''): Promise<CommandResult> {
    return this.#command({ type: 'approve', imageId, sha256, ...(note.trim() !== '' && { note }) });
  }

  /** @param note what should change, at most `FEEDBACK_CHARACTERS` (2,000) UTF-16 units */
  requestChanges({ imageId, sha256 }: ImageReference, note: string): Promise<CommandResult> {
    return this.#command({ type: 'request_changes', imageId, sha256, note });
  }

  /** Ends the review without a picture. `note`: why, as long as in `requestChanges`. */
  decline({ imageId, sha256 }: ImageReference, note: string): Promise<CommandResult> {
    return this.#command({ type: 'decline', imageId, sha256, note });
  }

  /** Takes a decision of this participant back; a picture that has too few approvals left by that is not final any more. */
  withdraw(decisionId: string): Promise<CommandResult> {
    return this.#command({ type: 'withdraw', decisionId });
  }

  /** Says how many participants must approve the same picture, 1 to 16. The creator's alone, and not after the end of the review. */
  requireApprovals(approvals: number): Promise<CommandResult> {
    return this.#command({ type: 'require_approvals', approvals });
  }

  /** @param reason what was wrong, shown to all; a blank one is left out */
  cancel(reason = ''): Promise<CommandResult> {
    return this.#command({ type: 'cancel', ...(reason.trim() !== '' && { reason }) });
  }

  /** Moves an attempt to `discarded`; its bytes stay here for `restore`. */
  discard(imageId: string): Promise<CommandResult> {
    return this.#command({ type: 'discard', imageId });
  }

  restore(imageId: string): Promise<CommandResult> {
    return this.#command({ type: 'restore', imageId });
  }

  /** Deletes attempts for good, kept or discarded, all of them or none: one that somebody has decided about or has open stays. */
  remove(imageIds: readonly string[]): Promise<CommandResult> {
    return this.#command({ type: 'remove', imageIds: [...imageIds] });
  }

  /** Empties the prompt field as well, once the server has accepted it. */
  startOver(): Promise<CommandResult> {
    return this.#command({ type: 'start_over' });
  }

  /** Closes the open link of this role: nobody comes in by it any more, and watchers who came by it are sent away. Only the creator closes the review link. */
  closeLink(role: Role): Promise<CommandResult> {
    return this.#command({ type: 'close_link', role });
  }

  /** The same, and another link takes its place: see `state.links`. */
  replaceLink(role: Role): Promise<CommandResult> {
    return this.#command({ type: 'replace_link', role });
  }

  /**
   * Invites somebody by name, with a link of their own: see `state.invitations`, where the newest stands last. The creator's alone, like
   * `revoke`.
   * @param name at most `NAME_CHARACTERS` (40) UTF-16 units; it gets a number where somebody has such a name
   * @param expiresAt ISO 8601 in UTC, by the server's clock: from then on the link lets nobody in, and people who came by it are sent away
   */
  invite(name: string, role: Role, expiresAt?: string): Promise<CommandResult> {
    return this.#command({ type: 'invite', name, role, ...(expiresAt !== undefined && { expiresAt }) });
  }

  /**
   * Turns a participant out for good, together with their invitation; or, named by the invitation, the person who comes by it. Their votes count no more; a picture
   * that is final stays so.
   */
  revoke(whom: { readonly participantId: string } | { readonly keyId: string }): Promise<CommandResult> {
    return this.#command({
      type: 'revoke',
      ...('keyId' in whom ? { keyId: whom.keyId } : { participantId: whom.participantId }),
    });
  }

  /** Ends the session for everybody; its images are gone from the server at once. */
  endSession(): Promise<CommandResult> {
    return this.#command({ type: 'end_session' });
  }

  #command(input: CommandInput): Promise<CommandResult> {
    const { endReason, limits } = this.#connection;
    const { snapshot } = this.#received;
    const result = this.#commands.submit(input, { snapshot, endReason, limitBytes: limits.INBOUND_MESSAGE_BYTES });
    this.#update();
    return result;
  }

  #sendCommand(command: Command): void {
    // A text that was typed before the command must not arrive after it, or it would replace the draft that the command sets.
    this.#draft.flush();
    if (command.type === 'start_over') this.#draft.startingOver();
    this.#connection.send(command);
  }

  #sendWant(imageIds: readonly string[]): void {
    const { WANT_IDS } = this.#connection.limits;
    for (let at = 0; at < imageIds.length; at += WANT_IDS) {
      this.#connection.send({ type: 'want', imageIds: imageIds.slice(at, at + WANT_IDS) });
    }
  }

  #onJoined(snapshot: SnapshotMessage): void {
    const { welcome } = this.#connection.state;
    this.#draft.joined(snapshot, welcome?.role === 'reviewer' ? welcome.limits : undefined);
    this.#look.joined();
    for (const command of this.#commands.state.pending) this.#connection.send(command);
    this.#onSnapshot(snapshot);
  }

  #onMessage(message: SessionMessage): void {
    switch (message.type) {
      case 'snapshot': {
        const snapshot = this.#prompts.restore(message);
        this.#draft.snapshotReceived(snapshot);
        return this.#onSnapshot(snapshot);
      }
      case 'draft':
        return this.#draft.draftReceived(message.text, message.draftId);
      case 'prompt':
        return this.#prompts.receive(message);
      case 'viewers':
        this.#received = { ...this.#received, viewers: message, people: message.people ?? [] };
        return;
      case 'record': {
        const record = [...this.#received.record.slice(0, message.from), ...message.entries];
        this.#received = { ...this.#received, record };
        return;
      }
      case 'progress':
        if (message.generationId !== runningGenerationId(this.#received.snapshot)) return;
        this.#progress = new Map(this.#progress).set(message.candidate, {
          ...message,
          receivedAt: this.#environment.now(),
        });
        return;
      case 'image':
        return 'url' in message ? this.#onImageAddress(message) : this.#onImage(message);
      case 'ack': {
        const command = this.#commands.accepted(message.commandId, message.revision);
        if (command?.type === 'start_over') this.#draft.startOverAccepted();
        return;
      }
      case 'reject':
        return this.#onReject(message);
    }
  }

  #onSnapshot(snapshot: SnapshotMessage): void {
    this.#received = { ...this.#received, snapshot };
    this.#images.retain(snapshot);
    this.#downloads.retain(imagesOfUse(snapshot));
    this.#imageRequests.snapshotReceived(snapshot);
    const running = runningGenerationId(snapshot);
    const progress = [...this.#progress].filter(([, { generationId }]) => generationId === running);
    if (progress.length < this.#progress.size) this.#progress = new Map(progress);
  }

  #onImageAddress(message: ImageUrlMessage): void {
    if (message.kind === 'unknown') return this.#imageRequests.unavailable(message.imageId);
    if (message.kind === 'final') this.#imageRequests.downloading(message.imageId);
    this.#downloads.start(message);
  }

  #onImage({ reference, image }: DecodedImageMessage): void {
    const { imageId } = reference;
    if (!image) {
      this.#environment.warn(`The bytes of image ${imageId} do not match its length and digest; they were dropped.`);
      return this.#imageRequests.receivedCorrupt(reference);
    }
    if (reference.kind === 'unknown') this.#imageRequests.unavailable(imageId);
    else this.#imageRequests.received(imageId);
    this.#images.add(image, this.#received.snapshot);
  }

  #onReject(rejection: RejectMessage): void {
    if (rejection.imageId !== undefined) return this.#imageRequests.unavailable(rejection.imageId);
    // Of the messages without a `commandId`, only a `want` is rejected for its rate.
    if (rejection.commandId === undefined && rejection.code === 'rate_limited')
      return this.#imageRequests.rateLimited();
    const command = this.#commands.rejected(rejection);
    if (command?.type === 'start_over') this.#draft.startOverRejected();
  }

  #update(): void {
    this.#store.replace(this.#compose());
  }

  #compose(): SessionState {
    const { unsent } = this.#draft;
    return {
      ...this.#connection.state,
      ...this.#received,
      draft: this.#draft.text,
      ...(unsent && { unsentDraft: unsent.text }),
      ...(unsent?.draftRevision !== undefined && { unsentDraftRevision: unsent.draftRevision }),
      progress: this.#progress,
      partials: this.#images.partials,
      images: this.#images.finals,
      imageProblems: this.#imageRequests.problems,
      ...this.#commands.state,
    };
  }
}
