/** The messages of one connection, in order, with their images decoded and verified. */

import type { ImageReference } from '../../shared/model.ts';
import type { InlineImageMessage, ServerMessage } from '../../shared/protocol.ts';
import type { Environment } from './environment.ts';
import { verifiedBlob } from './image-bytes.ts';

/** All but those about the connection itself, which do not wait for an image before them. */
type InboxMessage = Exclude<ServerMessage, { type: 'heartbeat' | 'goodbye' }>;

/** Without `blob`, the bytes were not those that the reference names. */
export interface VerifiedImage {
  readonly type: 'image';
  readonly reference: ImageReference;
  readonly blob: Blob | undefined;
}

export type DeliveredMessage = Exclude<InboxMessage, InlineImageMessage> | VerifiedImage;

/**
 * Delivers one message at a time. Those behind an image wait until its bytes are verified, so that it is delivered before the
 * snapshot that shows it (rule W3).
 */
export class Inbox {
  readonly #deliver: (message: DeliveredMessage) => void;
  readonly #sha256: Environment['sha256'] | undefined;
  readonly #queue: InboxMessage[] = [];
  #isVerifying = false;
  #isClosed = false;
  #onEmpty: (() => void) | undefined;

  constructor(sha256: Environment['sha256'] | undefined, deliver: (message: DeliveredMessage) => void) {
    this.#deliver = deliver;
    this.#sha256 = sha256;
  }

  receive(message: InboxMessage): void {
    this.#queue.push(message);
    this.#deliverQueue();
  }

  /**
   * The connection is gone: calls `onEmpty` once the messages that did arrive are delivered, at once if none is left. An image that is
   * being verified may be the last one that the session ever sends (rule R9).
   */
  finish(onEmpty: () => void): void {
    this.#onEmpty = onEmpty;
    this.#deliverQueue();
  }

  /** Drops what is left, and does not call `onEmpty` any more. */
  close(): void {
    this.#isClosed = true;
    this.#queue.length = 0;
  }

  #deliverQueue(): void {
    while (!this.#isVerifying && !this.#isClosed) {
      const message = this.#queue.shift();
      if (!message) return this.#onEmpty?.();
      if (message.type === 'image' && 'data' in message) void this.#verify(message);
      else this.#deliver(message);
    }
  }

  async #verify({ type, data, ...reference }: InlineImageMessage): Promise<void> {
    this.#isVerifying = true;
    const blob = await verifiedBlob(reference, decodeBase64(data), this.#sha256).catch(() => undefined);
    if (this.#isClosed) return;
    this.#isVerifying = false;
    this.#deliver({ type, reference, blob });
    this.#deliverQueue();
  }
}

type Decode = (text: string) => Uint8Array<ArrayBuffer>;

const nativeDecode: Decode | undefined = 'fromBase64' in Uint8Array ? (text) => Uint8Array.fromBase64(text) : undefined;

/** Undefined when the text is not base64. Browsers from before 2025 and Node have no `fromBase64` and decode by way of `atob`. */
export function decodeBase64(
  text: string,
  decode: Decode = nativeDecode ?? decodeByAtob,
): Uint8Array<ArrayBuffer> | undefined {
  try {
    return decode(text);
  } catch {
    return undefined;
  }
}

function decodeByAtob(text: string): Uint8Array<ArrayBuffer> {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < characters.length; i += 1) bytes[i] = characters.charCodeAt(i);
  return bytes;
}
