/**
 * Image messages as bytes. Each is built once for all connections that send it at the same time, and kept no longer. The base64 is
 * spliced between two halves of JSON: it never passes through `JSON.stringify`, nor once per watcher.
 *
 * Where the memory for images has no room for a frame (rule R7), the message goes out in pieces instead, each encoded when the
 * connection takes it: that costs every watcher its own encoding, but nobody memory, and nobody waits.
 */
import type { ImageMemory, Reservation } from '../session/image-memory.ts';
import type { StoredImage } from '../session/stored-image.ts';

/** An image message in use. What it holds is free again when all who took it have released it. */
export interface FrameLease {
  /** Of the whole message. */
  readonly byteLength: number;
  /** The message, in order; to be run through once. */
  readonly pieces: Iterable<Buffer>;
  /** May be called twice. */
  release(): void;
}

interface Frame {
  readonly bytes: Buffer;
  readonly room: Reservation;
  holders: number;
}

/** Divisible by 3, so that only the last piece has padding. */
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
    // The session may drop the image while it is on its way.
    if (!frame) return leaseInPieces(image, image.room?.hold());
    frame.holders += 1;
    let held = true;
    return {
      byteLength: frame.bytes.length,
      pieces: [frame.bytes],
      release: () => {
        if (!held) return;
        held = false;
        frame.holders -= 1;
        if (frame.holders > 0) return;
        frame.room.release();
        this.#frames.delete(imageId);
      },
    };
  }

  /** Its memory is counted before it is taken; what nobody looks at gives way to what somebody is shown. */
  #build(image: StoredImage): Frame | undefined {
    const head = headOf(image);
    const byteLength = messageLength(head, image);
    const room = this.#memory.reserve(byteLength)?.[0];
    if (!room) return undefined;
    const bytes = Buffer.allocUnsafeSlow(byteLength);
    head.copy(bytes);
    bytes.write(base64(image, 0, image.bytes.byteLength), head.length, 'latin1');
    TAIL.copy(bytes, byteLength - TAIL.length);
    const frame: Frame = { bytes, room, holders: 0 };
    this.#frames.set(image.reference.imageId, frame);
    return frame;
  }
}

function leaseInPieces(image: StoredImage, room: Reservation | undefined): FrameLease {
  const head = headOf(image);
  return {
    byteLength: messageLength(head, image),
    pieces: encodedPieces(head, image),
    release: () => room?.release(),
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
  const shown = bytes.subarray(from, from + length);
  return Buffer.from(shown.buffer, shown.byteOffset, shown.byteLength).toString('base64');
}
