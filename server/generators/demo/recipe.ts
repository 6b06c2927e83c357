/** What a picture is made from. It is chosen by the prompt, written into the image file, and read back by a refinement. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { GenerateRequest } from '../generator.ts';
import { city } from './compositions/city.ts';
import { hills } from './compositions/hills.ts';
import { sea } from './compositions/sea.ts';
import { tiles } from './compositions/tiles.ts';
import { moodKeywords, palettes } from './palettes.ts';

export const compositions = { hills, sea, city, tiles } as const;

export interface Recipe {
  readonly composition: keyof typeof compositions;
  readonly palette: keyof typeof palettes;
  /** Decides where everything stands: a whole number from 0 up to 2 ** 32. */
  readonly seed: number;
}

const compositionNames = Object.keys(compositions) as Recipe['composition'][];
const paletteNames = Object.keys(palettes) as Recipe['palette'][];

/** The same request gives the same recipe. A refinement keeps its parent's composition and seed, and gets other colours. */
export function chooseRecipe({ prompt, feedback = '', parent, attempt }: GenerateRequest): Recipe {
  const before = parent && readRecipe(parent.bytes);
  const text = before ? feedback : `${prompt} ${feedback}`;
  const wishes = (name: Recipe['palette']) =>
    sum(palettes[name].moods.map((mood) => mentions(text, moodKeywords[mood])));
  if (before) {
    const { moods } = palettes[before.palette];
    const others = paletteNames.filter((name) => name !== before.palette);
    // Among palettes that follow the feedback equally well, prefer one that resembles the parent's.
    const score = (name: Recipe['palette']) =>
      wishes(name) + sum(palettes[name].moods.map((mood) => (moods.includes(mood) ? 0.1 : 0)));
    return { ...before, palette: choose(others, score, text, attempt) };
  }
  return {
    composition: choose(compositionNames, (name) => mentions(text, compositions[name].keywords), prompt, attempt),
    palette: choose(paletteNames, wishes, prompt, attempt),
    seed: hash(`${attempt} ${prompt}`),
  };
}

/** One of the names with the highest score: another one for each attempt, in an order that depends on `salt`. */
function choose<Name extends string>(names: Name[], score: (name: Name) => number, salt: string, attempt: number) {
  const best = Math.max(...names.map(score));
  const choice = names.filter((name) => score(name) === best).sort((a, b) => hash(a + salt) - hash(b + salt));
  return choice[attempt % choice.length] as Name;
}

/** How often one of `keywords`, which `|` separates, is in `text`. Negated ones count against it: `less dark`, `too dark`. */
function mentions(text: string, keywords: string): number {
  const pattern = `(?<!\\p{L})(less |not |no |too |weniger |nicht |zu )?(?:${keywords})(?:e?[rsnm]|e|est|ish)?(?!\\p{L})`;
  return sum([...text.matchAll(new RegExp(pattern, 'giu'))].map(([, negation]) => (negation ? -1 : 1)));
}

const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0);

const hash = (text: string): number => createHash('sha256').update(text).digest().readUInt32BE();

const MARK = 'proofroom-demo-painter';

/** Returns a copy of the image file with the recipe in a comment, which decoders skip. */
export function withRecipe(image: Buffer, format: 'png' | 'jpeg' | 'webp', recipe: Recipe): Buffer {
  const text = Buffer.from(`${MARK} ${recipe.composition} ${recipe.palette} ${recipe.seed}`.padEnd(64));
  const insert = (at: number, ...parts: Buffer[]) =>
    Buffer.concat([image.subarray(0, at), ...parts, image.subarray(at)]);
  // A comment segment after the JFIF header.
  if (format === 'jpeg') return insert(4 + image.readUInt16BE(4), Buffer.from([0xff, 0xfe, 0, text.length + 2]), text);
  if (format === 'png') {
    // A tEXt chunk after the signature and the header: https://www.w3.org/TR/png-3/#11tEXt
    const chunk = Buffer.concat([Buffer.from('tEXtComment\0'), text]);
    return insert(33, uint32(chunk.length - 4), chunk, uint32(crc32(chunk)));
  }
  // WebP has no comments, but allows unknown chunks: https://www.rfc-editor.org/rfc/rfc9649#name-unknown-chunks
  const file = insert(image.length, Buffer.from('NOTE'), uint32(text.length).reverse(), text);
  file.writeUInt32LE(file.length - 8, 4);
  return file;
}

/** @returns `undefined` for an image of another generator */
function readRecipe(image: Uint8Array): Recipe | undefined {
  const file = Buffer.from(image.buffer, image.byteOffset, image.byteLength);
  const start = file.indexOf(MARK);
  const fields = start < 0 ? [] : file.toString('latin1', start, start + 64).split(' ');
  const composition = compositionNames.find((name) => name === fields[1]);
  const palette = paletteNames.find((name) => name === fields[2]);
  return composition && palette && { composition, palette, seed: Number(fields[3]) >>> 0 };
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
