/** What one connection brings, parsed and in the order in which it came. */
import * as v from 'valibot';
import { type ImageMessage, parseServerMessage, type ServerMessage } from '../shared/protocol.ts';
import type { ImageReference } from '../shared/session.ts';
import type { Environment } from './environment.ts';
import { imageBlob } from './image-bytes.ts';

export type Delivery =
  | Exclude<ServerMessage, ImageMessage>
  /** Without `blob` the bytes were not those that the reference names. */
  | { readonly type: 'image'; readonly reference: ImageReference; readonly blob: Blob | undefined };

/**
 * Delivers one message at a time. While an image's bytes are checked, what follows waits, so that the snapshot that shows an image
 * never comes before it (rule W3), and no unchecked bytes are ever on show.
 */
export class Inbox {
  readonly #deliver: (delivery: Delivery) => void;
  readonly #sha256: Environment['sha256'] | undefined;
  readonly #waiting: ServerMessage[] = [];
  #isChecking = false;
  #isClosed = false;

  constructor(sha256: Environment['sha256'] | undefined, deliver: (delivery: Delivery) => void) {
    this.#sha256 = sha256;
    this.#deliver = deliver;
  }

  receive(message: ServerMessage): void {
    this.#waiting.push(message);
    this.#deliverWaiting();
  }

  /** Delivers nothing any more: the connection is gone, and the next one brings all that counts again. */
  close(): void {
    this.#isClosed = true;
    this.#waiting.length = 0;
  }

  #deliverWaiting(): void {
    while (!this.#isChecking && !this.#isClosed) {
      const message = this.#waiting.shift();
      if (!message) return;
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

const Typed = v.object({ type: v.string() });

/** The message in `text`. One of a type from a later version is undefined in silence; one that is wrong is undefined, and `onProblem` hears of it. */
export function readServerMessage(text: string, onProblem: (problem: string) => void): ServerMessage | undefined {
  const parsed = parseServerMessage(text);
  if (parsed.ok) return parsed.message;
  if (!isOfUnknownType(text)) onProblem(parsed.problem);
  return undefined;
}

function isOfUnknownType(text: string): boolean {
  try {
    const typed = v.safeParse(Typed, JSON.parse(text));
    return typed.success && !Object.hasOwn(knownTypes, typed.output.type);
  } catch {
    return false;
  }
}
