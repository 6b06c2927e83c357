/** The messages of one connection, in order, with their images decoded, verified and ready to be shown. */

import type { ImageReference } from '../../shared/model.ts';
import type { InlineImageMessage, ServerMessage } from '../../shared/protocol.ts';
import { type ImageTools, receiveImage } from './image-bytes.ts';
import { nextTask } from './next-task.ts';
import type { ReceivedImage } from './session-state.ts';

/** All but those about the connection itself, which do not wait for an image before them. */
type InboxMessage = Exclude<ServerMessage, { type: 'heartbeat' | 'goodbye' }>;

/** Without `image`, the bytes were not those that the reference names. */
export interface DecodedImageMessage {
  readonly type: 'image';
  readonly reference: ImageReference;
  readonly image: ReceivedImage | undefined;
}

export type DeliveredMessage = Exclude<InboxMessage, InlineImageMessage> | DecodedImageMessage;

/**
 * Delivers one message at a time. Those behind a final image wait until its bytes are verified and the page knows whether it can show it,
 * so that it is delivered before the snapshot that shows it (rule W3), and one update of the page shows both. Previews are delivered in
 * their own order, and nothing else waits for them.
 */
export class Inbox {
  readonly #deliver: (message: DeliveredMessage) => void;
  readonly #tools: ImageTools;
  readonly #queue: InboxMessage[] = [];
  #isReceiving = false;
  /** Resolves when the previews that have come are delivered. */
  #previews = Promise.resolve();
  #isClosed = false;
  #onEmpty: (() => void) | undefined;

  constructor(tools: ImageTools, deliver: (message: DeliveredMessage) => void) {
    this.#tools = tools;
    this.#deliver = deliver;
  }

  receive(message: InboxMessage): void {
    this.#queue.push(message);
    this.#deliverQueue();
  }

  /**
   * The connection is gone: calls `onEmpty` once the messages that did arrive are delivered, at once if none is left. An image that is
   * being received may be the last one that the session ever sends (rule R9).
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
    while (!this.#isReceiving && !this.#isClosed) {
      const message = this.#queue.shift();
      if (!message) return this.#onEmpty?.();
      if (message.type !== 'image' || !('data' in message)) this.#deliver(message);
      else if (message.kind === 'partial') this.#previews = this.#previews.then(() => this.#receiveImage(message));
      else void this.#waitForImage(message);
    }
  }

  async #waitForImage(message: InlineImageMessage): Promise<void> {
    this.#isReceiving = true;
    await this.#receiveImage(message);
    this.#isReceiving = false;
    this.#deliverQueue();
  }

  async #receiveImage({ type, data, ...reference }: InlineImageMessage): Promise<void> {
    await nextTask();
    if (this.#isClosed) return;
    const image = await receiveImage(reference, decodeBase64(data), this.#tools).catch(() => undefined);
    if (!this.#isClosed) this.#deliver({ type, reference, image });
    else if (image) this.#tools.revokeObjectUrl(image.url);
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
