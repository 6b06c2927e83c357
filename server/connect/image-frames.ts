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

  #build(image: StoredImage): Frame {
    const bytes = encode(image);
    const frame: Frame = { bytes, room: this.#memory.take(bytes.byteLength), holders: 0 };
    this.#frames.set(image.reference.imageId, frame);
    return frame;
  }
}

function encode({ reference, bytes }: StoredImage): Buffer {
  const head = Buffer.from(`${JSON.stringify({ type: 'image', ...reference }).slice(0, -1)},"data":"`);
  const tail = Buffer.from('"}');
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  const frame = Buffer.allocUnsafeSlow(head.length + data.length + tail.length);
  head.copy(frame);
  frame.write(data, head.length, 'latin1');
  tail.copy(frame, head.length + data.length);
  return frame;
}
