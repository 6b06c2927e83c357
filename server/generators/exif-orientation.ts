/** The orientation in an image's Exif data. https://www.cipa.jp/std/documents/e/DC-X008-Translation-2019-E.pdf, 4.6.4 */

const ORIENTATION = 0x0112;
const SHORT = 3;
const ENTRY_BYTES = 12;

/**
 * Whether browsers turn the image by a quarter, so that its width and height are swapped when it is shown.
 * @param exif a TIFF structure, without the `Exif` that stands before it in a JPEG. It may be damaged, and then turns nothing.
 */
export function isTurnedByQuarter(exif: Buffer): boolean {
  const order = exif.toString('latin1', 0, 4);
  if (order !== 'II*\0' && order !== 'MM\0*') return false;
  const isLittleEndian = order === 'II*\0';
  // Beyond the end everything is 0, which ends the search.
  const number = (at: number, bytes: 2 | 4): number => {
    if (at + bytes > exif.length) return 0;
    return isLittleEndian ? exif.readUIntLE(at, bytes) : exif.readUIntBE(at, bytes);
  };
  const directory = number(4, 4);
  const entries = number(directory, 2);
  for (let index = 0; index < entries; index += 1) {
    const entry = directory + 2 + index * ENTRY_BYTES;
    if (number(entry, 2) !== ORIENTATION) continue;
    const orientation = number(entry + 8, 2);
    return number(entry + 2, 2) === SHORT && number(entry + 4, 4) === 1 && orientation >= 5 && orientation <= 8;
  }
  return false;
}
