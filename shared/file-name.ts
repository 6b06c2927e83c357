/** The names of downloaded images and records. */
import { isBlank } from './text.ts';

const extensions: ReadonlyMap<string, string> = new Map([
  ['image/png', '.png'],
  ['image/jpeg', '.jpg'],
  ['image/webp', '.webp'],
]);
const MAX_CHARACTERS = 60;
/** Windows takes these for devices, whatever the extension. https://learn.microsoft.com/windows/win32/fileio/naming-a-file */
const DEVICE = /^(?:con|prn|aux|nul|(?:com|lpt)[\d¹²³])$/;

/** A name made of the prompt's first words, with `-unapproved` in it until the image is approved. */
export function imageFileName(prompt: string, mediaType: string, approved: boolean): string {
  const words = firstWords(prompt) || 'image';
  const name = DEVICE.test(words) ? `${words}-image` : words;
  return `${name}${approved ? '' : '-unapproved'}${extensions.get(mediaType) ?? ''}`;
}

/** The same for the record of a session, by the prompt of the picture that it is about. */
export const recordFileName = (prompt: string): string => `${firstWords(prompt) || 'session'}-record.json`;

function firstWords(prompt: string): string {
  const words = prompt
    .normalize('NFC')
    .toLowerCase()
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((word) => !isBlank(word));
  let name = '';
  for (const word of words) {
    const longer = name ? `${name}-${word}` : word;
    if (longer.length > MAX_CHARACTERS) return name || [...word].slice(0, MAX_CHARACTERS / 2).join('');
    name = longer;
  }
  return name;
}
