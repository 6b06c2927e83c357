/** Returns the position of the next such byte at `from` or after it, or the length. Calls go forward, and no byte is searched twice. */
export function byteFinder(bytes: Buffer, byte: number): (from: number) => number {
  let found = -1;
  return (from) => {
    if (found < from) {
      const position = bytes.indexOf(byte, from);
      found = position < 0 ? bytes.length : position;
    }
    return found;
  };
}
