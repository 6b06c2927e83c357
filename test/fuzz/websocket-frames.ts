/** WebSocket frames as a client writes them (RFC 6455, 5.2), valid or not, and a reader for the server's. */

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface FrameParts {
  readonly payload: Uint8Array;
  readonly opcode?: number;
  readonly isLast?: boolean;
  /** The three reserved bits, 0 to 7. */
  readonly reserved?: number;
  /** Four bytes. Without them the frame is not masked, which no client may do. */
  readonly mask?: Uint8Array;
  /** The length in the header, when it is not the payload's. */
  readonly claimedLength?: bigint;
  /** How many bytes the length takes, when not the fewest possible. */
  readonly lengthBytes?: 1 | 2 | 8;
}

export function encodeFrame(parts: FrameParts): Buffer {
  const { payload, opcode = opcodes.text, isLast = true, reserved = 0, mask } = parts;
  const length = parts.claimedLength ?? BigInt(payload.length);
  const first = (isLast ? 0x80 : 0) | (reserved << 4) | opcode;
  const head = encodeLength(length, parts.lengthBytes ?? fewest(length), mask ? 0x80 : 0);
  const body = Buffer.from(payload);
  if (mask) for (let at = 0; at < body.length; at += 1) body[at] = (body[at] ?? 0) ^ (mask[at % 4] ?? 0);
  return Buffer.concat([Buffer.from([first]), head, mask ?? Buffer.alloc(0), body]);
}

function fewest(length: bigint): 1 | 2 | 8 {
  if (length < 126n) return 1;
  return length < 65_536n ? 2 : 8;
}

function encodeLength(length: bigint, lengthBytes: 1 | 2 | 8, maskBit: number): Buffer {
  if (lengthBytes === 1) return Buffer.from([maskBit | Number(length & 0x7fn)]);
  const head = Buffer.alloc(1 + lengthBytes);
  head[0] = maskBit | (lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) head.writeUInt16BE(Number(length & 0xffffn), 1);
  else head.writeBigUInt64BE(length & 0xffff_ffff_ffff_ffffn, 1);
  return head;
}

export interface ServerFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** Splits the server's bytes into frames. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** @throws {Error} for bytes that are no frames of our server: whole messages, not masked, without extensions */
  *read(chunk: Buffer): Generator<ServerFrame> {
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    for (let frame = this.#take(); frame; frame = this.#take()) yield frame;
  }

  #take(): ServerFrame | undefined {
    const rest = this.#rest;
    if (rest.length < 2) return undefined;
    const [first = 0, second = 0] = rest;
    if ((first & 0xf0) !== 0x80 || second >= 0x80) {
      throw new Error(`The server sent a frame that begins ${first} ${second}.`);
    }
    const lengthBytes = second < 126 ? 0 : second === 126 ? 2 : 8;
    if (rest.length < 2 + lengthBytes) return undefined;
    const length =
      lengthBytes === 0 ? second : lengthBytes === 2 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2));
    const end = 2 + lengthBytes + length;
    if (rest.length < end) return undefined;
    this.#rest = rest.subarray(end);
    return { opcode: first & 0x0f, payload: rest.subarray(2 + lengthBytes, end) };
  }
}
