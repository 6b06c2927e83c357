/** A plain client of the protocol: it sends messages, records those it receives, and waits for the ones that a test needs. */
import { WebSocket } from 'ws';
import { type ClientMessage, parseServerMessage, type ServerMessage, SUBPROTOCOL } from '../../shared/protocol.ts';

type MessageType = ServerMessage['type'];
type MessageOf<Type extends MessageType> = Extract<ServerMessage, { type: Type }>;
type AnyStage = MessageOf<'snapshot'>['stage'];
type SnapshotIn<Stage extends AnyStage> = Extract<MessageOf<'snapshot'>, { stage: Stage }>;
type JoinFields = Omit<Extract<ClientMessage, { type: 'join' }>, 'type'>;

export interface Closing {
  readonly code: number;
  readonly reason: string;
}

/** A wait that takes longer fails the test, with what was received instead. */
const TIMEOUT_MS = 10_000;
/** How many of the last frames such a failure shows. */
const REPORTED_FRAMES = 40;

export class WsClient {
  readonly socket: WebSocket;
  /** In order. Every message has passed the protocol's schema. */
  readonly received: ServerMessage[] = [];
  /** The text of each message in `received`. */
  readonly frames: string[] = [];
  readonly #opened: Promise<void>;
  readonly #listeners = new Set<() => void>();
  #closing: Closing | undefined;
  #fault: Error | undefined;
  #roundTrips = 0;

  /** `address` is the server's, such as `http://127.0.0.1:40000`. */
  constructor(address: string, { headers = {} }: { headers?: Readonly<Record<string, string>> } = {}) {
    const opened = Promise.withResolvers<void>();
    this.socket = new WebSocket(`${address.replace(/^http/, 'ws')}/ws`, SUBPROTOCOL, { headers });
    this.#opened = opened.promise;
    // `open` reports the failure; a test that expects a refusal may not call it.
    this.#opened.catch(() => undefined);
    this.socket.once('open', () => opened.resolve());
    this.socket.on('error', (error) => opened.reject(error));
    this.socket.on('message', (data) => this.#onMessage(String(data)));
    this.socket.once('close', (code, reason) => {
      this.#closing = { code, reason: String(reason) };
      opened.reject(new Error(`closed with ${code}`));
      this.#wake();
    });
  }

  /**
   * Resolves when the WebSocket is open.
   * @throws {Error} with the HTTP status in its message, when the upgrade is refused
   */
  async open(): Promise<this> {
    await this.#opened;
    return this;
  }

  /** Joins, and resolves when everything that always follows has arrived: `welcome`, `snapshot` and `viewers`. */
  async join(fields: JoinFields = {}): Promise<MessageOf<'welcome'>> {
    await this.open();
    this.send({ type: 'join', ...fields });
    const welcome = await this.until('welcome');
    await this.until('viewers');
    return welcome;
  }

  send(message: ClientMessage): void {
    this.sendText(JSON.stringify(message));
  }

  sendText(text: string): void {
    this.socket.send(text);
  }

  of<Type extends MessageType>(type: Type): MessageOf<Type>[] {
    return this.received.filter((message) => isOf(message, type));
  }

  last<Type extends MessageType>(type: Type): MessageOf<Type> {
    const message = this.of(type).at(-1);
    if (!message) throw new Error(`No ${type} was received, but:\n${this.#transcript()}`);
    return message;
  }

  /** Sends a `join` that the server rejects, and resolves when it has closed the connection. */
  async joinRejected(fields: JoinFields = {}): Promise<Closing & { readonly rejection: MessageOf<'reject'> }> {
    await this.open();
    this.send({ type: 'join', ...fields });
    return { ...(await this.closed()), rejection: this.last('reject') };
  }

  /**
   * The first message of this type that fits, received before or still to come.
   * @throws {Error} with what was received, when it does not come in time or the connection closes
   */
  until<Type extends MessageType>(
    type: Type,
    fits: (message: MessageOf<Type>) => boolean = () => true,
  ): Promise<MessageOf<Type>> {
    return this.#wait(`a fitting ${type}`, () => this.of(type).find(fits));
  }

  stage<Stage extends AnyStage>(
    stage: Stage,
    fits: (snapshot: SnapshotIn<Stage>) => boolean = () => true,
  ): Promise<SnapshotIn<Stage>> {
    const isFitting = (snapshot: MessageOf<'snapshot'>): snapshot is SnapshotIn<Stage> =>
      isIn(snapshot, stage) && fits(snapshot);
    return this.#wait(`a snapshot in ${stage}`, () => this.of('snapshot').find(isFitting));
  }

  answer(commandId: string): Promise<MessageOf<'ack'> | MessageOf<'reject'>> {
    const isAnswer = (message: ServerMessage) =>
      (message.type === 'ack' || message.type === 'reject') && message.commandId === commandId;
    return this.#wait(`an answer to ${commandId}`, () => this.answers().find(isAnswer));
  }

  answers(): (MessageOf<'ack'> | MessageOf<'reject'>)[] {
    return this.received.filter((message) => message.type === 'ack' || message.type === 'reject');
  }

  /** The answers to commands, as `commandId` and `ack` or the code of the rejection. */
  outcomes(): [string | undefined, string][] {
    return this.answers()
      .filter(({ commandId }) => commandId !== undefined)
      .map((answer) => [answer.commandId, answer.type === 'ack' ? 'ack' : answer.code]);
  }

  /**
   * Resolves when the server has handled everything that this client sent before, and what it had to send by then has arrived. The last
   * message received is then a rejection with `image_not_found`.
   */
  async roundTrip(): Promise<void> {
    this.#roundTrips += 1;
    const imageId = `round-trip-${this.#roundTrips}`;
    this.send({ type: 'want', imageIds: [imageId] });
    await this.until('reject', (reject) => reject.imageId === imageId);
  }

  /** Closes the connection with 1000, and resolves when it is closed. */
  async leave(): Promise<void> {
    this.socket.close(1000);
    await this.closed();
  }

  closed(): Promise<Closing> {
    return this.#wait('the close', () => this.#closing);
  }

  #onMessage(text: string): void {
    const parsed = parseServerMessage(text);
    if (parsed.ok) {
      this.received.push(parsed.message);
      this.frames.push(text);
    } else {
      this.#fault = new Error(
        `The server sent a message that breaks the protocol: ${parsed.problem}\n${text.slice(0, 500)}`,
      );
    }
    this.#wake();
  }

  #wake(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** `what` is named in the error. */
  async #wait<Found>(what: string, find: () => Found | undefined): Promise<Found> {
    const { promise, resolve, reject } = Promise.withResolvers<Found>();
    const fail = (why: string) => reject(new Error(`Waited for ${what}, but ${why}. Received:\n${this.#transcript()}`));
    const look = () => {
      const found = find();
      if (this.#fault) reject(this.#fault);
      else if (found !== undefined) resolve(found);
      else if (this.#closing) fail('the connection was closed');
    };
    const timer = setTimeout(() => fail('it did not come'), TIMEOUT_MS);
    this.#listeners.add(look);
    look();
    return promise.finally(() => {
      clearTimeout(timer);
      this.#listeners.delete(look);
    });
  }

  #transcript(): string {
    const last = this.frames.slice(-REPORTED_FRAMES);
    return last.map((frame) => (frame.length > 300 ? `${frame.slice(0, 300)}…` : frame)).join('\n') || '(nothing)';
  }
}

/** The bytes of an inline `image` message. */
export function bytesOf(message: MessageOf<'image'>): Buffer {
  if (!('data' in message)) throw new Error('The image message carries no data.');
  return Buffer.from(message.data, 'base64');
}

/** The path in an `image` message to a client that joined with `images: 'url'`. */
export function urlOf(message: MessageOf<'image'>): string {
  if (!('url' in message)) throw new Error('The image message carries no url.');
  return message.url;
}

function isOf<Type extends MessageType>(message: ServerMessage, type: Type): message is MessageOf<Type> {
  return message.type === type;
}

function isIn<Stage extends AnyStage>(snapshot: MessageOf<'snapshot'>, stage: Stage): snapshot is SnapshotIn<Stage> {
  return snapshot.stage === stage;
}
