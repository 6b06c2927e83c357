/**
 * `image` messages as bytes. A message is built once for all connections that send it at the same time, and kept no longer. The base64
 * is spliced between two halves of JSON, so that an image never passes through `JSON.stringify`.
 *
 * When memory has no place for a whole message (rule R7) it goes out in pieces, each encoded when the connection takes it: every
 * connection then encodes for itself, but nobody waits for memory, and no image makes way for a copy of another one.
 */
import type { ImageMemory, Reservation } from '../session/image-memory.ts';
import type { StoredImage } from '../session/session-images.ts';

/** An `image` message in use. */
export interface FrameLease {
  /** Of the whole message. */
  readonly byteLength: number;
  /** The message in order; iterate once. */
  readonly pieces: Iterable<Buffer>;
  /** The memory is free again when everybody who sends the message has released it. May be called twice. */
  release(): void;
}

interface Frame {
  readonly bytes: Buffer;
  readonly reservation: Reservation;
  holders: number;
}

/** Divisible by 3, so that only the last piece is padded. */
const PIECE_BYTES = 48 * 1024;
const TAIL = Buffer.from('"}');

export class ImageFrames {
  readonly #memory: ImageMemory;
  /** By image id. */
  readonly #frames = new Map<string, Frame>();

  constructor(memory: ImageMemory) {
    this.#memory = memory;
  }

  lease(image: StoredImage): FrameLease {
    const { imageId } = image.reference;
    const frame = this.#frames.get(imageId) ?? this.#build(image);
    if (!frame) return leaseInPieces(image);
    frame.holders += 1;
    let isHeld = true;
    return {
      byteLength: frame.bytes.length,
      pieces: [frame.bytes],
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        frame.holders -= 1;
        if (frame.holders > 0) return;
        frame.reservation.release();
        this.#frames.delete(imageId);
      },
    };
  }

  /** Memory is reserved before it is allocated; undefined when there is none. */
  #build(image: StoredImage): Frame | undefined {
    const head = headOf(image);
    const byteLength = messageLength(head, image);
    const reservation = this.#memory.tryReserveSpare(byteLength);
    if (!reservation) return undefined;
    const bytes = Buffer.allocUnsafeSlow(byteLength);
    head.copy(bytes);
    bytes.write(base64(image, 0, image.bytes.byteLength), head.length, 'latin1');
    TAIL.copy(bytes, byteLength - TAIL.length);
    const frame: Frame = { bytes, reservation, holders: 0 };
    this.#frames.set(image.reference.imageId, frame);
    return frame;
  }
}

/** Holds the image's own memory: the session may drop the image while it is being sent. */
function leaseInPieces(image: StoredImage): FrameLease {
  const head = headOf(image);
  const held = image.reservation.hold();
  return {
    byteLength: messageLength(head, image),
    pieces: encodedPieces(head, image),
    release: () => held.release(),
  };
}

function* encodedPieces(head: Buffer, image: StoredImage): Generator<Buffer> {
  yield head;
  for (let from = 0; from < image.bytes.byteLength; from += PIECE_BYTES) {
    yield Buffer.from(base64(image, from, PIECE_BYTES), 'latin1');
  }
  yield TAIL;
}

const headOf = ({ reference }: StoredImage) =>
  Buffer.from(`${JSON.stringify({ type: 'image', ...reference }).slice(0, -1)},"data":"`);
const messageLength = (head: Buffer, { bytes }: StoredImage) =>
  head.length + 4 * Math.ceil(bytes.byteLength / 3) + TAIL.length;

function base64({ bytes }: StoredImage, from: number, length: number): string {
  const part = bytes.subarray(from, from + length);
  return Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString('base64');
}
