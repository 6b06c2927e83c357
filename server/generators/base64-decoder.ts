/**
 * Base64, decoded and hashed while it arrives: in either alphabet, with or without padding, white space and a `data:` address around it.
 */
import { createHash } from 'node:crypto';

const address = /^data:[^,]{0,200};base64,/i;
/** Longer than the beginning of any such address. */
const START_CHARACTERS = 256;

/** Why a text was not decoded: it has more bytes than the limit allows, or is not base64. */
export type Base64Rejection = 'too big' | 'not base64';

/** A text that was decoded. Its bytes are joined when they are first read. */
export class DecodedText {
  /** The first 256 characters or fewer, without white space before them. */
  readonly start: string;
  readonly isEmpty: boolean;
  /** Of the decoded bytes, in hexadecimal. Undefined after a rejection. */
  readonly sha256: string | undefined;
  readonly #decoded: readonly Buffer[] | Base64Rejection;

  constructor(start: string, isEmpty: boolean, decoded: readonly Buffer[] | Base64Rejection, sha256?: string) {
    this.start = start;
    this.isEmpty = isEmpty;
    this.sha256 = sha256;
    this.#decoded = decoded;
  }

  read(): Buffer | Base64Rejection {
    return typeof this.#decoded === 'string' ? this.#decoded : Buffer.concat(this.#decoded);
  }
}

export class Base64Decoder {
  readonly #maxBytes: number;
  readonly #hash = createHash('sha256');
  readonly #parts: Buffer[] = [];
  #byteLength = 0;
  #start: string | undefined;
  /** The beginning, as long as it may belong to an address; then fewer than four characters. */
  #pending = '';
  #isEmpty = true;
  #isPadded = false;
  #rejection: Base64Rejection | undefined;

  /** The length is checked before anything is decoded (rule S4). */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  write(text: string): this {
    if (text === '' || this.#rejection) return this;
    this.#isEmpty = false;
    const all = this.#pending + text;
    if (this.#start !== undefined) this.#take(all, false);
    else {
      this.#pending = all.trimStart();
      if (this.#pending.length >= START_CHARACTERS) this.#take(this.#withoutAddress(), false);
    }
    return this;
  }

  end(): DecodedText {
    this.#take(this.#start === undefined ? this.#withoutAddress() : this.#pending, true);
    const start = this.#start ?? '';
    if (this.#rejection) return new DecodedText(start, this.#isEmpty, this.#rejection);
    return new DecodedText(start, this.#isEmpty, this.#parts, this.#hash.digest('hex'));
  }

  #withoutAddress(): string {
    this.#start = this.#pending.slice(0, START_CHARACTERS);
    return this.#pending.replace(address, '');
  }

  /** Decodes groups of four characters, and at the end what is left. */
  #take(text: string, isLast: boolean): void {
    if (this.#rejection) return;
    const groups = isLast ? text : text.slice(0, text.length - (text.length % 4));
    const byteLength = Buffer.byteLength(groups, 'base64');
    const isTooBig = this.#byteLength + byteLength > this.#maxBytes;
    const bytes = isTooBig ? undefined : Buffer.from(groups, 'base64');
    // The decoder skips characters that are not base64, and then returns fewer bytes than the text's length promises.
    if (bytes?.length !== byteLength || (this.#isPadded && text !== '')) {
      const bare = text.replace(/\s+/g, '');
      if (bare !== text) return this.#take(bare, isLast);
      return this.#reject(isTooBig ? 'too big' : 'not base64');
    }
    this.#isPadded ||= groups.endsWith('=');
    this.#byteLength += byteLength;
    this.#hash.update(bytes);
    this.#parts.push(bytes);
    this.#pending = text.slice(groups.length);
  }

  #reject(rejection: Base64Rejection): void {
    this.#rejection = rejection;
    this.#parts.length = 0;
  }
}
