/** Sets text in Jost, a typeface after Futura: https://indestructibletype.com/Jost.html */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Canvas, CanvasKit } from 'canvaskit-wasm/full';

const require = createRequire(import.meta.url);
/** Each file has the letters of one script, and is registered as a family of its own. */
const files = [
  require.resolve('@fontsource/jost/files/jost-latin-500-normal.woff2'),
  require.resolve('@fontsource/jost/files/jost-latin-ext-500-normal.woff2'),
  require.resolve('@fontsource/jost/files/jost-cyrillic-500-normal.woff2'),
];

/** Text whose size and line breaks are settled. Lengths are in pixels. */
export interface Lettering {
  readonly height: number;
  draw(canvas: Canvas, x: number, y: number, colour: string): void;
}

export function createTypesetter(kit: CanvasKit) {
  const fonts = kit.TypefaceFontProvider.Make();
  const faces = files.map((file) => {
    const font = readFileSync(file);
    fonts.registerFont(font, file);
    return kit.Typeface.MakeTypefaceFromData(new Uint8Array(font).buffer);
  });
  const has = (sign: string) => faces.some((face) => (face?.getGlyphIDs(sign)[0] ?? 0) !== 0);

  /**
   * The part of `text` that the typeface can show: without emoji, and without words that have a missing letter.
   * @returns an empty string when more than a third of the words would be missing
   */
  function letterable(text: string): string {
    const words = text
      .normalize('NFC')
      .split(/[\s\p{C}]+/u)
      .map((word) => [...word].filter((sign) => /[\p{L}\p{N}\p{M}]/u.test(sign) || has(sign)).join(''))
      .filter((word) => word !== '');
    const lettered = words.filter((word) => [...word].every(has));
    const isText = lettered.length * 3 >= words.length * 2 && /[\p{L}\p{N}]/u.test(lettered.join());
    return isText ? lettered.join(' ') : '';
  }

  function set(text: string, size: number, width: number, colour = '#000000') {
    const textStyle = {
      color: kit.parseColorString(colour),
      fontFamilies: files,
      fontSize: size,
      letterSpacing: size * -0.016,
      heightMultiplier: 1.12,
      halfLeading: true,
    };
    const builder = kit.ParagraphBuilder.MakeFromFontProvider(new kit.ParagraphStyle({ textStyle }), fonts);
    builder.addText(text);
    const paragraph = builder.build();
    paragraph.layout(width);
    return paragraph;
  }

  /**
   * Sets text in the first size that suits its length. The first two sizes allow one line, the next two allow two lines, and so on.
   * Text that is too long for the last size is cut off between two words.
   * @param width the longest line, in pixels
   * @param sizes in pixels, from large to small
   * @returns `undefined` when the typeface can show too little of the text, or the letters would be too small
   */
  function setToFit(text: string, width: number, sizes: readonly number[]): Lettering | undefined {
    let lettered = letterable(text);
    for (const [index, size] of sizes.entries()) {
      // Smaller letters are illegible.
      if (lettered === '' || size < 9) return undefined;
      const paragraph = set(lettered, size, width);
      const rest = paragraph.getLineMetrics()[1 + (index >> 1)]?.startIndex;
      const fits = rest === undefined && paragraph.getMinIntrinsicWidth() <= width;
      if (!fits && index < sizes.length - 1) continue;
      if (rest !== undefined) lettered = lettered.slice(0, rest).replace(/(\s+\S*|.)\s*$/u, '…');
      // Balance the lines: find the narrowest measure that takes no additional line.
      let measure = width;
      const lines = set(lettered, size, width).getNumberOfLines();
      const canShrink = () => measure * 0.96 > paragraph.getMinIntrinsicWidth();
      while (canShrink() && set(lettered, size, measure * 0.96).getNumberOfLines() === lines) measure *= 0.96;
      const height = set(lettered, size, measure).getHeight();
      return {
        height,
        draw: (canvas, x, y, colour) => canvas.drawParagraph(set(lettered, size, measure, colour), x, y),
      };
    }
    return undefined;
  }

  return { letterable, setToFit };
}
