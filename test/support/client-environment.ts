/** An environment for the session client whose clock, sockets and visibility a test controls. */
import { createHash } from 'node:crypto';
import type { Environment, Socket } from '../../client/session/environment.ts';
import { type ClientMessage, parseClientMessage, type ServerMessage } from '../../shared/protocol.ts';
import { FakeClock } from './fake-clock.ts';

/** The server's end of one socket, played by the test. */
export class FakeSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onclose: ((event: { readonly code: number }) => void) | null = null;
  readonly sent: ClientMessage[] = [];
  readonly url: string;
  readonly subprotocol: string;
  isClosed = false;

  constructor(url: string, subprotocol: string) {
    this.url = url;
    this.subprotocol = subprotocol;
  }

  send(text: string): void {
    const parsed = parseClientMessage(text);
    if (!parsed.ok) throw new Error(`The client sent ${text}: ${parsed.problem}`);
    this.sent.push(parsed.message);
  }

  /** Reports the close at once, as the WebSocket of Node does while it connects; browsers report it later. */
  close(): void {
    if (!this.isClosed) this.closedByServer(1006);
  }

  open(): void {
    this.onopen?.();
  }

  say(...messages: ServerMessage[]): void {
    for (const message of messages) this.sayText(JSON.stringify(message));
  }

  sayText(text: string): void {
    this.onmessage?.({ data: text });
  }

  closedByServer(code: number): void {
    this.isClosed = true;
    this.onclose?.({ code });
  }

  sentOf<Type extends ClientMessage['type']>(type: Type): Extract<ClientMessage, { type: Type }>[] {
    return this.sent.filter((message): message is Extract<ClientMessage, { type: Type }> => message.type === type);
  }
}

/** A request over HTTP, answered by the test. */
export class FakeRequest {
  readonly url: string;
  readonly options: RequestInit;
  readonly #answer = Promise.withResolvers<Response>();

  constructor(url: string, options: RequestInit) {
    this.url = url;
    this.options = options;
    options.signal?.addEventListener('abort', () => this.#answer.reject(new DOMException('Aborted.', 'AbortError')));
  }

  get answered(): Promise<Response> {
    return this.#answer.promise;
  }

  get isAborted(): boolean {
    return this.options.signal?.aborted === true;
  }

  answer(status: number, body: Uint8Array<ArrayBuffer> | string = ''): void {
    this.#answer.resolve(new Response(body, { status }));
  }

  /** Nothing answers, or the page may not read it. */
  fail(): void {
    this.#answer.reject(new TypeError('Failed to fetch'));
  }
}

export class FakeEnvironment implements Environment {
  readonly sockets: FakeSocket[] = [];
  readonly liveUrls = new Map<string, Blob>();
  readonly warnings: string[] = [];
  readonly sha256?: (bytes: Uint8Array<ArrayBuffer>) => Promise<string>;
  /** The requests that the client has made, oldest first. */
  readonly requests: FakeRequest[] = [];
  /** As on a page, where a test sets it; absent as in Node. */
  checkImage?: NonNullable<Environment['checkImage']>;
  hidden = false;
  refusesSockets = false;
  readonly #clock = new FakeClock();
  readonly #wakeListeners = new Set<() => void>();
  readonly #policyListeners = new Set<(url: string) => void>();
  #sleptMs = 0;
  #ids = 0;
  #urls = 0;

  constructor({ isSecure = true } = {}) {
    if (isSecure) this.sha256 = (bytes) => Promise.resolve(digest(bytes));
  }

  /** The newest one. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error('No socket was opened.');
    return socket;
  }

  /** How many timers and listeners are set. */
  get leftovers(): number {
    return this.#clock.timers + this.#wakeListeners.size + this.#policyListeners.size;
  }

  /** Time passes, and timers fire in their order. */
  pass(ms: number): void {
    this.#clock.advance(ms);
  }

  /** The computer sleeps: time passes, and no timer fires. */
  sleep(ms: number): void {
    this.#sleptMs += ms;
  }

  /** The page is shown again. */
  wake(): void {
    this.hidden = false;
    this.comeOnline();
  }

  comeOnline(): void {
    for (const listener of [...this.#wakeListeners]) listener();
  }

  openSocket(url: string, subprotocol: string): Socket {
    if (this.refusesSockets) throw new DOMException('An insecure WebSocket may not be opened.', 'SecurityError');
    const socket = new FakeSocket(url, subprotocol);
    this.sockets.push(socket);
    return socket;
  }

  now(): number {
    return this.#clock.now() + this.#sleptMs;
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    return this.#clock.after(delayMs, callback);
  }

  fetch(url: string, options: RequestInit): Promise<Response> {
    const request = new FakeRequest(url, options);
    this.requests.push(request);
    return request.answered;
  }

  onBlockedConnection(listener: (url: string) => void): () => void {
    this.#policyListeners.add(listener);
    return () => void this.#policyListeners.delete(listener);
  }

  /** The page's policy has kept a connection to that address from being made. */
  blockConnection(url: string): void {
    for (const listener of [...this.#policyListeners]) listener(url);
  }

  random(): number {
    return 0.5;
  }

  randomId(): string {
    this.#ids += 1;
    return `command-${this.#ids}`;
  }

  createObjectUrl(blob: Blob): string {
    this.#urls += 1;
    const url = `blob:${this.#urls}`;
    this.liveUrls.set(url, blob);
    return url;
  }

  revokeObjectUrl(url: string): void {
    if (!this.liveUrls.delete(url)) throw new Error(`${url} was revoked twice.`);
  }

  isHidden(): boolean {
    return this.hidden;
  }

  onWake(listener: () => void): () => void {
    this.#wakeListeners.add(listener);
    return () => void this.#wakeListeners.delete(listener);
  }

  warn(message: string): void {
    this.warnings.push(message);
  }
}

export function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Lets every promise that is ready settle; no time passes. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
