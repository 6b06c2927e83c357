/** What a visitor does to the bytes of its frames. */
import { encodeFrame, opcodes } from './frames.ts';
import type { Random } from './random.ts';

export interface Salvo {
  readonly bytes: Buffer;
  readonly frames: number;
  /** Afterwards the two ends no longer agree where a frame begins: nothing that follows can be understood. */
  readonly isOutOfStep: boolean;
  /** There is a close frame in it, or may be one by chance. */
  readonly mayEcho: boolean;
}

type Aftermath = 'in_step' | 'out_of_step' | 'closing';

const salvo = (frames: readonly Buffer[], aftermath: Aftermath = 'in_step'): Salvo => ({
  bytes: Buffer.concat(frames),
  frames: frames.length,
  isOutOfStep: aftermath === 'out_of_step',
  mayEcho: aftermath !== 'in_step',
});

export const whole = (random: Random, text: string): Salvo =>
  salvo([encodeFrame({ payload: Buffer.from(text), mask: random.bytes(4) })]);

/** The same text in pieces, with a ping between some of them: still one message. */
export function inPieces(random: Random, text: string): Salvo {
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
  return salvo(frames);
}

/** Frames that keep their own length: the connection may be closed for them, but never falls out of step. */
export function bentBytes(random: Random, text: string): Salvo {
  const payload = Buffer.from(text);
  const mask = random.bytes(4);
  return random.pick<() => Salvo>([
    () => salvo([encodeFrame({ payload: flipped(random, payload), mask })]),
    () => salvo([encodeFrame({ payload: flipped(random, payload), mask })]),
    () => salvo([encodeFrame({ payload: payload.subarray(0, random.below(payload.length + 1)), mask })]),
    () => salvo([encodeFrame({ payload: random.bytes(random.below(300)), mask })]),
    () => salvo([encodeFrame({ payload, opcode: opcodes.binary, mask })]),
    () => salvo([encodeFrame({ payload: Buffer.from([0xf0, 0x9f, 0x92]), mask })]),
    () => salvo([encodeFrame({ payload, mask, lengthBytes: payload.length < 65_536 ? 2 : 8 })]),
    () => salvo([encodeFrame({ payload, mask, lengthBytes: 8 })]),
    () => salvo([encodeFrame({ payload: random.bytes(125), opcode: opcodes.pong, mask })]),
    () => salvo([encodeFrame({ payload: Buffer.from(String(random.below(1e9))), opcode: opcodes.pong, mask })]),
    () => salvo([encodeFrame({ payload: random.bytes(random.below(126)), opcode: opcodes.ping, mask })]),
    () => inPieces(random, text),
  ])();
}

/** Frames after which a server must end the connection, or can wait for ever for what was promised. */
export function brokenBytes(random: Random, text: string): Salvo {
  const payload = Buffer.from(text);
  const mask = random.bytes(4);
  const oversize = Buffer.alloc(64 * 1024 + random.between(1, 2_000), 'x');
  const lies = [1n << 62n, (1n << 63n) + 5n, 0xffff_ffff_ffff_ffffn, 65_537n, 4_000_000_000n] as const;
  return random.pick<() => Salvo>([
    () => salvo([encodeFrame({ payload })]),
    () => salvo([encodeFrame({ payload, mask, reserved: random.between(1, 7) })]),
    () => salvo([encodeFrame({ payload, mask, opcode: random.pick([3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) })]),
    () => salvo([encodeFrame({ payload, mask, opcode: opcodes.continuation })]),
    () => salvo([encodeFrame({ payload, mask, isLast: false }), encodeFrame({ payload, mask })]),
    () => salvo([encodeFrame({ payload: random.bytes(126), mask, opcode: random.pick([8, 9, 10]), lengthBytes: 2 })]),
    () => salvo([encodeFrame({ payload: random.bytes(5), mask, opcode: random.pick([8, 9, 10]), isLast: false })]),
    () =>
      salvo(
        [encodeFrame({ payload: random.bytes(random.pick([1, 2, 3, 40])), mask, opcode: opcodes.close })],
        'closing',
      ),
    () => salvo([encodeFrame({ payload: closePayload(random), mask, opcode: opcodes.close })], 'closing'),
    () => salvo([encodeFrame({ payload: oversize, mask })]),
    () =>
      salvo([
        encodeFrame({ payload: oversize.subarray(0, 40_000), mask, isLast: false }),
        encodeFrame({ payload: oversize.subarray(0, 40_000), mask, opcode: opcodes.continuation }),
      ]),
    () => salvo([encodeFrame({ payload, mask, claimedLength: random.pick(lies), lengthBytes: 8 })], 'out_of_step'),
    () =>
      salvo(
        [encodeFrame({ payload, mask, claimedLength: BigInt(payload.length + random.between(1, 500)) })],
        'out_of_step',
      ),
    () => salvo([random.bytes(random.between(1, 400))], 'out_of_step'),
    () => salvo([Buffer.from('GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')], 'out_of_step'),
    () => {
      const cut = encodeFrame({ payload, mask });
      return salvo([cut.subarray(0, random.below(cut.length))], 'out_of_step');
    },
  ])();
}

function closePayload(random: Random): Buffer {
  const codes = [0, 999, 1000, 1001, 1004, 1005, 1006, 1012, 1015, 1016, 2999, 3000, 4403, 4999, 5000, 65_535] as const;
  const code = Buffer.alloc(2);
  code.writeUInt16BE(random.pick(codes));
  return Buffer.concat([code, random.oneIn(2) ? random.bytes(random.below(100)) : Buffer.from('so long')]);
}

function flipped(random: Random, payload: Buffer): Buffer {
  const bytes = Buffer.from(payload);
  for (let times = random.between(1, 4); times > 0 && bytes.length > 0; times -= 1) {
    const at = random.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  }
  return bytes;
}
