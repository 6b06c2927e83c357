/**
 * Image messages as bytes, each built once for all connections that send it at the same time, and kept no longer.
 * The base64 is spliced between two halves of JSON: it never passes through `JSON.stringify`, nor once per watcher.
 */
import type { ImageMemory, Reservation } from '../session/image-memory.ts';
import type { StoredImage } from '../session/stored-image.ts';

interface Frame {
  readonly bytes: Buffer;
  readonly room: Reservation;
  holders: number;
}

/** A frame in use: its memory is free again when all who took it have released it. */
export interface FrameLease {
  readonly bytes: Buffer;
  /** May be called twice. */
  release(): void;
}

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
    frame.holders += 1;
    let held = true;
    return {
      bytes: frame.bytes,
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
  #build(image: StoredImage): Frame {
    const head = Buffer.from(`${JSON.stringify({ type: 'image', ...image.reference }).slice(0, -1)},"data":"`);
    const byteLength = head.length + base64Length(image.bytes.byteLength) + TAIL.length;
    if (!this.#memory.hasRoom(byteLength)) this.#memory.makeRoom(byteLength);
    const room = this.#memory.take(byteLength);
    const frame: Frame = { bytes: encode(head, image.bytes, byteLength), room, holders: 0 };
    this.#frames.set(image.reference.imageId, frame);
    return frame;
  }
}

const TAIL = Buffer.from('"}');
const base64Length = (byteLength: number): number => 4 * Math.ceil(byteLength / 3);

function encode(head: Buffer, bytes: Uint8Array, byteLength: number): Buffer {
  const frame = Buffer.allocUnsafeSlow(byteLength);
  const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  head.copy(frame);
  frame.write(base64, head.length, 'latin1');
  TAIL.copy(frame, byteLength - TAIL.length);
  return frame;
}
