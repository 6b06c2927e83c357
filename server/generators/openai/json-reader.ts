/**
 * Reads one JSON value while its bytes arrive. The texts of images, which are nearly all of an answer, are decoded as they come, and only
 * the small rest is parsed at the end.
 */
import { Base64Decoder, type DecodedText } from '../base64-decoder.ts';
import { byteFinder } from './byte-finder.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The fields that hold images in any of the APIs. */
const imageFields = ['result', 'partial_image_b64', 'b64_json', 'url'];
const imageTextBegins = new RegExp(`(?<!\\\\)"(?:${imageFields.join('|')})"\\s*:\\s*"$`);
/** Enough for the longest of these fields, with some white space. */
const TAIL_CHARACTERS = 64;
/** An escape sequence that the text ends in, such as `\u00`. */
const escapeBegins = /\\(?:u[0-9a-f]{0,3})?$/i;
const ESCAPE_CHARACTERS = 5;

export class JsonReader {
  readonly #maxImageBytes: number;
  /** All bytes but the texts of images, of which only the index is left. */
  readonly #rest: Buffer[] = [];
  /** The last characters of the rest. */
  #tail = '';
  readonly #images: DecodedText[] = [];
  /** Of the image whose text is being read. */
  #decoder: Base64Decoder | undefined;
  /** The beginning of an escape sequence in the text of an image. */
  #escape = '';
  #isInString = false;
  /** The last byte was a backslash, so a quote that follows ends no string. */
  #isEscaped = false;

  /** Images of more than `maxImageBytes` are not decoded (rule S4). */
  constructor(maxImageBytes: number) {
    this.#maxImageBytes = maxImageBytes;
  }

  write(bytes: Buffer): void {
    const [findQuote, findBackslash] = [byteFinder(bytes, QUOTE), byteFinder(bytes, BACKSLASH)];
    for (let start = 0; start < bytes.length; ) {
      if (this.#isInString) {
        const end = this.#endOfString(bytes.length, start, findQuote, findBackslash);
        if (this.#decoder) this.#decode(this.#decoder, bytes.toString('latin1', start, end));
        else this.#keep(bytes.subarray(start, end));
        if (end < bytes.length) this.#endString();
        start = end + 1;
      } else {
        const quote = findQuote(start);
        this.#keep(bytes.subarray(start, quote + 1));
        if (quote < bytes.length) this.#beginString();
        start = quote + 1;
      }
    }
  }

  /**
   * The value. The fields `result`, `partial_image_b64`, `b64_json` and `url` hold a `DecodedText` in place of a text, and null in place of
   * an empty one.
   * @throws {SyntaxError} if it is not JSON
   */
  end(): unknown {
    return JSON.parse(Buffer.concat(this.#rest).toString(), (field, value: unknown) =>
      typeof value === 'string' && imageFields.includes(field) ? this.#imageOf(value) : value,
    );
  }

  /** A field that is written in an unusual way, with an escape say, still has its text. */
  #imageOf(text: string): DecodedText | null {
    if (text === '') return null;
    return this.#images[Number(text)] ?? new Base64Decoder(this.#maxImageBytes).write(text).end();
  }

  /** Where the string ends that goes on at `start`; the end of the bytes if it goes on beyond them. */
  #endOfString(
    length: number,
    start: number,
    findQuote: (from: number) => number,
    findBackslash: (from: number) => number,
  ): number {
    let from = this.#isEscaped ? start + 1 : start;
    while (findBackslash(from) < findQuote(from)) from = findBackslash(from) + 2;
    this.#isEscaped = from > length;
    return findQuote(from);
  }

  #beginString(): void {
    this.#isInString = true;
    if (imageTextBegins.test(this.#tail)) this.#decoder = new Base64Decoder(this.#maxImageBytes);
  }

  #endString(): void {
    this.#isInString = false;
    if (this.#decoder) {
      const image = this.#decoder.write(this.#escape).end();
      this.#escape = '';
      this.#decoder = undefined;
      if (!image.isEmpty) this.#keep(Buffer.from(String(this.#images.push(image) - 1)));
    }
    this.#keep(Buffer.from('"'));
  }

  /** Some servers write `+`, `/`, `=` or line ends as escape sequences. */
  #decode(decoder: Base64Decoder, text: string): void {
    const all = this.#escape + text;
    this.#escape = escapeBegins.exec(all.slice(-ESCAPE_CHARACTERS))?.[0] ?? '';
    const whole = all.slice(0, all.length - this.#escape.length);
    decoder.write(whole.includes('\\') ? unescaped(whole) : whole);
  }

  #keep(bytes: Buffer): void {
    this.#rest.push(bytes);
    const end = bytes.toString('latin1', Math.max(0, bytes.length - TAIL_CHARACTERS));
    this.#tail = (this.#tail + end).slice(-TAIL_CHARACTERS);
  }
}

/** A text with a damaged escape sequence stays as it is: a backslash makes no image. */
function unescaped(text: string): string {
  try {
    return JSON.parse(`"${text}"`);
  } catch {
    return text;
  }
}
