/** The painter's type: EB Garamond, which comes with the server, so that no font of the system is needed. */

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createCanvas, GlobalFonts, type SKRSContext2D } from '@napi-rs/canvas';

const require = createRequire(import.meta.url);

const scripts = ['latin', 'latin-ext', 'greek', 'greek-ext', 'cyrillic', 'cyrillic-ext', 'vietnamese'] as const;
const styles = { italic: '400-italic', roman: '500-normal' } as const;
type Style = keyof typeof styles;

/** The canvas falls back from one family to the next, so each part of the font is a family of its own. */
const familyOf = (style: Style, script: string) => `Proofroom ${style} ${script}`;

/**
 * Makes the fonts known to the canvas; a second call does nothing.
 * @throws {Error} when a font file is missing or can't be read
 */
export function loadFonts(): void {
  const files = join(dirname(require.resolve('@fontsource/eb-garamond/package.json')), 'files');
  for (const style of Object.keys(styles) as Style[]) {
    for (const script of scripts) {
      if (GlobalFonts.has(familyOf(style, script))) continue;
      const path = join(files, `eb-garamond-${script}-${styles[style]}.woff2`);
      if (GlobalFonts.registerFromPath(path, familyOf(style, script)) === null)
        throw new Error(`Can't read the font ${path}`);
    }
  }
}

/** A CSS font of `size` pixels. */
export function font(style: Style, size: number): string {
  return `${size.toFixed(2)}px ${scripts.map((script) => `"${familyOf(style, script)}"`).join(', ')}, serif`;
}

/** More than any caption holds; what comes after is not even looked at. */
const MOST_CHARACTERS = 700;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * `text` as one line that can be drawn: white space and control characters become single spaces, letters that no font here
 * has become `…`, other such characters are left out. Empty when nothing readable remains.
 */
export function letterable(text: string): string {
  let line = '';
  for (const { segment } of graphemes.segment(text.slice(0, MOST_CHARACTERS).toWellFormed().normalize('NFC'))) {
    if (/^[\s\p{Cc}]/u.test(segment)) line += ' ';
    else if ([...segment].every(drawable)) line += segment.replace(/\p{Cf}/gu, '');
    else if (/\p{L}/u.test(segment)) line += '…';
  }
  line = line.replace(/…+/g, '…').replace(/\s+/g, ' ').trim();
  if (!/[\p{L}\p{N}]/u.test(line)) return '';
  return text.length > MOST_CHARACTERS ? `${line}…` : line;
}

const known = new Map<string, boolean>();
const MOST_KNOWN = 4096;
const PROBE = 24;

/** Whether some font here has the character. Latin, Greek and Cyrillic letters need no look. */
function drawable(character: string): boolean {
  if (/^[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\x20-\x7e\p{M}\p{Cf}]$/u.test(character)) return true;
  if (character === '\ufffd') return false;
  const before = known.get(character);
  if (before !== undefined) return before;
  if (known.size >= MOST_KNOWN) known.clear();
  // The canvas doesn't tell which font it took, but a character that none has looks like one that can't exist.
  const result = !probe(character).equals(probe('\u{10ffff}'));
  known.set(character, result);
  return result;
}

function probe(character: string): Buffer {
  const ctx = createCanvas(PROBE, PROBE).getContext('2d');
  ctx.font = font('italic', PROBE * 0.7);
  ctx.fillText(character, 2, PROBE * 0.75);
  return Buffer.from(ctx.getImageData(0, 0, PROBE, PROBE).data.buffer);
}

/** Breaks `text` into at most `most` lines of `width` pixels in the current font; what doesn't fit ends in `…`. */
export function wrap(ctx: SKRSContext2D, text: string, width: number, most: number): string[] {
  const fits = (line: string) => ctx.measureText(line).width <= width;
  const lines: string[] = [];
  let rest = text;
  while (rest !== '' && lines.length < most) {
    if (fits(rest)) return [...lines, rest];
    const last = lines.length === most - 1;
    const line = longest(rest, (start) => fits(last ? `${start}…` : start));
    const space = line.lastIndexOf(' ');
    // A word longer than the line is broken where the line ends.
    const whole = rest[line.length] === ' ' || space <= 0 ? line : line.slice(0, space);
    lines.push(last ? `${whole.replace(/[\s,.;:…]+$/u, '')}…` : whole);
    rest = rest.slice(whole.length).trimStart();
  }
  return lines;
}

/** The longest start of `text`, one grapheme at least, that fits. */
function longest(text: string, fits: (start: string) => boolean): string {
  const ends = [...graphemes.segment(text)].map(({ index, segment }) => index + segment.length);
  let [low, high] = [0, ends.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(text.slice(0, ends[middle]))) low = middle;
    else high = middle - 1;
  }
  return text.slice(0, ends[low]);
}
