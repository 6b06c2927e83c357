/**
 * Standard error for the log. A full disk, or a pipe that nobody reads, must not stop the server: no write waits, lines that find no room
 * are lost and counted, and the end of the process does not wait for them. `sonic-boom`, which pino would use, tries a full disk again for
 * ever when the process ends, and does nothing else meanwhile.
 */
import { constants, openSync, write, writeSync } from 'node:fs';

/** How many characters may wait to be written. */
const MAX_WAITING_CHARACTERS = 1024 * 1024;
/** A reader of a pipe that was full may have made room after this time. */
const RETRY_MS = 100;

export class StandardErrorStream {
  readonly #descriptor = openNonBlocking(2);
  #waiting: string[] = [];
  #waitingCharacters = 0;
  /** What is being written, or waits to be tried again. */
  #chunk = Buffer.alloc(0);
  #linesInChunk = 0;
  #isWriting = false;
  #isFull = false;
  #lostLines = 0;

  constructor() {
    process.once('exit', () => this.#writeOnce());
  }

  get lostLines(): number {
    return this.#lostLines;
  }

  /** Takes one line with its line break. */
  write(line: string): void {
    if (this.#waitingCharacters + line.length > MAX_WAITING_CHARACTERS) {
      this.#lostLines += 1;
      return;
    }
    this.#waiting.push(line);
    this.#waitingCharacters += line.length;
    if (!this.#isWriting) this.#writeNext();
  }

  #writeNext(): void {
    this.#chunk = Buffer.from(this.#waiting.join(''));
    this.#linesInChunk = this.#waiting.length;
    this.#waiting = [];
    this.#waitingCharacters = 0;
    this.#isWriting = this.#chunk.length > 0;
    if (this.#isWriting) this.#writeChunk();
  }

  #writeChunk(): void {
    this.#isFull = false;
    write(this.#descriptor, this.#chunk, (error, writtenBytes) => {
      if (error?.code === 'EAGAIN') {
        this.#isFull = true;
        setTimeout(() => this.#writeChunk(), RETRY_MS).unref();
        return;
      }
      if (error) this.#lostLines += this.#linesInChunk;
      this.#chunk = error ? Buffer.alloc(0) : this.#chunk.subarray(writtenBytes);
      if (this.#chunk.length > 0) this.#writeChunk();
      else this.#writeNext();
    });
  }

  /** At the end of the process, what finds no room is lost. A thread goes on with what it has begun to write. */
  #writeOnce(): void {
    const chunk = this.#isFull ? this.#chunk : Buffer.alloc(0);
    try {
      writeSync(this.#descriptor, Buffer.concat([chunk, Buffer.from(this.#waiting.join(''))]));
    } catch {
      // The disk or the pipe is full.
    }
  }
}

/**
 * Opens what a file descriptor leads to once more, so that only this stream does not block: the process that started this one may share
 * the descriptor itself. A socket can't be opened again, and neither can anything on Windows.
 */
function openNonBlocking(descriptor: number): number {
  try {
    return openSync(`/dev/fd/${descriptor}`, constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK);
  } catch {
    return descriptor;
  }
}
