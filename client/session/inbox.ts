/** What one connection brings, parsed and in the order in which it came. */

import type { ImageReference } from '../../shared/model.ts';
import { type ImageMessage, parseServerMessage, type ServerMessage } from '../../shared/protocol.ts';
import type { Environment } from './environment.ts';
import { imageBlob } from './image-bytes.ts';

/** All but the two that are about the line itself, and so wait behind nothing. */
type SessionMessage = Exclude<ServerMessage, { type: 'heartbeat' | 'goodbye' }>;

export type Delivery =
  | Exclude<SessionMessage, ImageMessage>
  /** Without `blob` the bytes were not those that the reference names. */
  | { readonly type: 'image'; readonly reference: ImageReference; readonly blob: Blob | undefined };

/**
 * Delivers one message at a time. While an image's bytes are checked, what follows waits, so that the snapshot that shows an image
 * never comes before it (rule W3), and no unchecked bytes are ever on show.
 */
export class Inbox {
  readonly #deliver: (delivery: Delivery) => void;
  readonly #sha256: Environment['sha256'] | undefined;
  readonly #waiting: SessionMessage[] = [];
  #isChecking = false;
  #isClosed = false;
  /** What follows once everything that came is delivered. */
  #afterAll: (() => void) | undefined;

  constructor(sha256: Environment['sha256'] | undefined, deliver: (delivery: Delivery) => void) {
    this.#sha256 = sha256;
    this.#deliver = deliver;
  }

  receive(message: SessionMessage): void {
    this.#waiting.push(message);
    this.#deliverWaiting();
  }

  /**
   * The connection is gone: calls `afterAll` once everything that came over it is delivered, now where nothing waits. The picture whose
   * bytes are being checked may be the last thing that the server ever says (rule R9).
   */
  finish(afterAll: () => void): void {
    this.#afterAll = afterAll;
    this.#deliverWaiting();
  }

  /** Delivers nothing any more, and forgets what was to follow. */
  close(): void {
    this.#isClosed = true;
    this.#waiting.length = 0;
  }

  #deliverWaiting(): void {
    while (!this.#isChecking && !this.#isClosed) {
      const message = this.#waiting.shift();
      if (!message) return this.#afterAll?.();
      if (message.type === 'image') void this.#check(message);
      else this.#deliver(message);
    }
  }

  async #check(message: ImageMessage): Promise<void> {
    this.#isChecking = true;
    const { type, data: _data, url: _url, ...reference } = message;
    const blob = await imageBlob(message, this.#sha256).catch(() => undefined);
    if (this.#isClosed) return;
    this.#isChecking = false;
    this.#deliver({ type, reference, blob });
    this.#deliverWaiting();
  }
}

const knownTypes = {
  welcome: true,
  snapshot: true,
  draft: true,
  viewers: true,
  progress: true,
  image: true,
  ack: true,
  reject: true,
  heartbeat: true,
  goodbye: true,
} as const satisfies Record<ServerMessage['type'], true>;

/** The message in `text`. One of a type from a later version is undefined in silence; one that is wrong is undefined, and `onProblem` hears of it. */
export function readServerMessage(text: string, onProblem: (problem: string) => void): ServerMessage | undefined {
  const parsed = parseServerMessage(text);
  if (parsed.ok) return parsed.message;
  if (parsed.type === undefined || Object.hasOwn(knownTypes, parsed.type)) onProblem(parsed.problem);
  return undefined;
}
