/** Skims a server's frames: what each begins with, and that it came to its end; a picture's bytes are counted and not kept. */
const KEPT_BYTES = 512;

export class FrameSkimmer {
  readonly #onFrame: (beginning: string) => void;
  #head = Buffer.alloc(0);
  /** Of the frame under way: undefined while its header is not whole. */
  #missingBytes: number | undefined;
  #beginning = '';

  /** `onFrame` hears of each frame that has come whole, with its first 512 bytes. */
  constructor(onFrame: (beginning: string) => void) {
    this.#onFrame = onFrame;
  }

  read(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) rest = this.#missingBytes === undefined ? this.#readHeader(rest) : this.#readBody(rest);
  }

  #readHeader(chunk: Buffer): Buffer {
    const head = Buffer.concat([this.#head, chunk.subarray(0, 10)]);
    const headerBytes = lengthOfHeader(head);
    const lacking = headerBytes - this.#head.length;
    if (head.length < headerBytes || chunk.length < lacking) {
      this.#head = Buffer.concat([this.#head, chunk]);
      return chunk.subarray(chunk.length);
    }
    this.#head = Buffer.alloc(0);
    this.#missingBytes = payloadLength(head);
    this.#beginning = '';
    if (this.#missingBytes === 0) this.#ended();
    return chunk.subarray(lacking);
  }

  #readBody(chunk: Buffer): Buffer {
    const body = chunk.subarray(0, this.#missingBytes);
    this.#missingBytes = (this.#missingBytes ?? 0) - body.length;
    if (this.#beginning.length < KEPT_BYTES) this.#beginning += body.toString('latin1', 0, KEPT_BYTES);
    if (this.#missingBytes === 0) this.#ended();
    return chunk.subarray(body.length);
  }

  #ended(): void {
    this.#missingBytes = undefined;
    this.#onFrame(this.#beginning);
  }
}

function lengthOfHeader([, second = 0]: Buffer): number {
  const short = second & 0x7f;
  return short === 127 ? 10 : short === 126 ? 4 : 2;
}

function payloadLength(head: Buffer): number {
  const short = (head[1] ?? 0) & 0x7f;
  if (short === 127) return Number(head.readBigUInt64BE(2));
  return short === 126 ? head.readUInt16BE(2) : short;
}
