/** What a picture was asked for: the words, the options and the picture to start from. */
import { createHash } from 'node:crypto';
import type { GeneratorSupports } from '../../server/generators/generator.ts';
import type { Options } from '../../shared/model.ts';

export interface Ask {
  readonly prompt: string;
  readonly feedback?: string;
  readonly options: Options;
  /** The SHA-256 of the bytes to start from, where words say what should change in them. */
  readonly parent?: string;
}

export const supports = {
  models: ['simulated-1', 'simulated-2'],
  sizes: ['64x48', '48x64'],
  qualities: ['low', 'high'],
  backgrounds: ['opaque', 'transparent'],
  formats: ['png', 'jpeg', 'webp'],
  compression: true,
  partialImages: 2,
  refine: true,
} as const satisfies GeneratorSupports;

/** Whether the service that draws knows all of it, told without the server's own check. */
export function isOffered({ model, size, quality, background, format, compression, partialImages }: Options): boolean {
  const knows = (offered: readonly string[], value = 'auto') => value === 'auto' || offered.includes(value);
  const isLossy = format === 'jpeg' || format === 'webp';
  return (
    knows(supports.models, model) &&
    knows(supports.sizes, size) &&
    knows(supports.qualities, quality) &&
    knows(supports.backgrounds, background) &&
    knows(supports.formats, format) &&
    !(background === 'transparent' && format === 'jpeg') &&
    (compression === undefined || isLossy) &&
    (partialImages ?? 0) <= supports.partialImages
  );
}

/** The picture's bytes: first what it was asked for, and `mark`, which no other one has. */
export function paint(ask: Ask, mark: object, byteLength: number, fill: number): Uint8Array {
  const head = Buffer.from(`${JSON.stringify({ ask, ...mark })}\n`);
  const bytes = new Uint8Array(Math.max(byteLength, head.byteLength)).fill(fill);
  bytes.set(head);
  return bytes;
}

/** What a picture says that it was asked for; undefined where it is none of ours. */
export function askIn(bytes: Uint8Array): Ask | undefined {
  const end = bytes.indexOf('\n'.charCodeAt(0));
  try {
    return JSON.parse(Buffer.from(bytes.subarray(0, end)).toString()).ask;
  } catch {
    return undefined;
  }
}

export const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
