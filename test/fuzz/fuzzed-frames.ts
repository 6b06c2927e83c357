/** Frames whose bytes are changed at random, so that they are unusual, invalid or broken. */
import type { SeededRandom } from '../support/seeded-random.ts';
import { encodeFrame, opcodes } from './websocket-frames.ts';

export interface FrameBatch {
  readonly bytes: Buffer;
  readonly frames: number;
  /** Afterwards the two ends disagree about where a frame begins, so nothing that follows is understood. */
  readonly isOutOfSync: boolean;
  /** It has a close frame, or may have one by chance, which the server answers with the same code. */
  readonly mayClose: boolean;
}

type Effect = 'in sync' | 'out of sync' | 'closing';

const batch = (frames: readonly Buffer[], effect: Effect = 'in sync'): FrameBatch => ({
  bytes: Buffer.concat(frames),
  frames: frames.length,
  isOutOfSync: effect === 'out of sync',
  mayClose: effect !== 'in sync',
});

export const wholeFrame = (random: SeededRandom, text: string): FrameBatch =>
  batch([encodeFrame({ payload: Buffer.from(text), mask: random.bytes(4) })]);

/** The text in several frames of one message, with a ping between some of them. */
export function fragmented(random: SeededRandom, text: string): FrameBatch {
  const payload = Buffer.from(text);
  const cuts = Array.from({ length: random.between(1, 6) }, () => random.below(payload.length + 1)).toSorted(
    (a, b) => a - b,
  );
  const edges = [0, ...cuts, payload.length];
  const frames = edges.slice(1).flatMap((end, index) => {
    const isLast = index === edges.length - 2;
    const opcode = index === 0 ? opcodes.text : opcodes.continuation;
    const piece = encodeFrame({ payload: payload.subarray(edges[index], end), opcode, isLast, mask: random.bytes(4) });
    const ping = encodeFrame({ payload: random.bytes(random.below(126)), opcode: opcodes.ping, mask: random.bytes(4) });
    return random.oneIn(3) && !isLast ? [piece, ping] : [piece];
  });
  return batch(frames);
}

/** Frames with a right length in their headers: the server may close the connection, but can read what follows. */
export function unusualFrames(random: SeededRandom, text: string): FrameBatch {
  const payload = Buffer.from(text);
  const mask = random.bytes(4);
  return random.pick<() => FrameBatch>([
    () => batch([encodeFrame({ payload: flipped(random, payload), mask })]),
    () => batch([encodeFrame({ payload: flipped(random, payload), mask })]),
    () => batch([encodeFrame({ payload: payload.subarray(0, random.below(payload.length + 1)), mask })]),
    () => batch([encodeFrame({ payload: random.bytes(random.below(300)), mask })]),
    () => batch([encodeFrame({ payload, opcode: opcodes.binary, mask })]),
    () => batch([encodeFrame({ payload: Buffer.from([0xf0, 0x9f, 0x92]), mask })]),
    () => batch([encodeFrame({ payload, mask, lengthBytes: payload.length < 65_536 ? 2 : 8 })]),
    () => batch([encodeFrame({ payload, mask, lengthBytes: 8 })]),
    () => batch([encodeFrame({ payload: random.bytes(125), opcode: opcodes.pong, mask })]),
    () => batch([encodeFrame({ payload: Buffer.from(String(random.below(1e9))), opcode: opcodes.pong, mask })]),
    () => batch([encodeFrame({ payload: random.bytes(random.below(126)), opcode: opcodes.ping, mask })]),
    () => fragmented(random, text),
  ])();
}

/** More than one message may have, also where prompts may be long. */
const TOO_MANY_BYTES = 101_000;

/** Frames after which a server has to close the connection, or waits for bytes that never come. */
export function brokenFrames(random: SeededRandom, text: string): FrameBatch {
  const payload = Buffer.from(text);
  const mask = random.bytes(4);
  const oversize = Buffer.alloc(TOO_MANY_BYTES + random.between(1, 2_000), 'x');
  const lies = [1n << 62n, (1n << 63n) + 5n, 0xffff_ffff_ffff_ffffn, BigInt(TOO_MANY_BYTES), 4_000_000_000n] as const;
  return random.pick<() => FrameBatch>([
    () => batch([encodeFrame({ payload })]),
    () => batch([encodeFrame({ payload, mask, reserved: random.between(1, 7) })]),
    () => batch([encodeFrame({ payload, mask, opcode: random.pick([3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) })]),
    () => batch([encodeFrame({ payload, mask, opcode: opcodes.continuation })]),
    () => batch([encodeFrame({ payload, mask, isLast: false }), encodeFrame({ payload, mask })]),
    () => batch([encodeFrame({ payload: random.bytes(126), mask, opcode: random.pick([8, 9, 10]), lengthBytes: 2 })]),
    () => batch([encodeFrame({ payload: random.bytes(5), mask, opcode: random.pick([8, 9, 10]), isLast: false })]),
    () =>
      batch(
        [encodeFrame({ payload: random.bytes(random.pick([1, 2, 3, 40])), mask, opcode: opcodes.close })],
        'closing',
      ),
    () => batch([encodeFrame({ payload: closePayload(random), mask, opcode: opcodes.close })], 'closing'),
    () => batch([encodeFrame({ payload: oversize, mask })]),
    () =>
      batch([
        encodeFrame({ payload: oversize.subarray(0, 60_000), mask, isLast: false }),
        encodeFrame({ payload: oversize.subarray(0, 60_000), mask, opcode: opcodes.continuation }),
      ]),
    () => batch([encodeFrame({ payload, mask, claimedLength: random.pick(lies), lengthBytes: 8 })], 'out of sync'),
    () =>
      batch(
        [encodeFrame({ payload, mask, claimedLength: BigInt(payload.length + random.between(1, 500)) })],
        'out of sync',
      ),
    () => batch([random.bytes(random.between(1, 400))], 'out of sync'),
    () => batch([Buffer.from('GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')], 'out of sync'),
    () => {
      const cut = encodeFrame({ payload, mask });
      return batch([cut.subarray(0, random.below(cut.length))], 'out of sync');
    },
  ])();
}

function closePayload(random: SeededRandom): Buffer {
  const codes = [0, 999, 1000, 1001, 1004, 1005, 1006, 1012, 1015, 1016, 2999, 3000, 4403, 4999, 5000, 65_535] as const;
  const code = Buffer.alloc(2);
  code.writeUInt16BE(random.pick(codes));
  return Buffer.concat([code, random.oneIn(2) ? random.bytes(random.below(100)) : Buffer.from('goodbye')]);
}

function flipped(random: SeededRandom, payload: Buffer): Buffer {
  const bytes = Buffer.from(payload);
  for (let times = random.between(1, 4); times > 0 && bytes.length > 0; times -= 1) {
    const at = random.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  }
  return bytes;
}
