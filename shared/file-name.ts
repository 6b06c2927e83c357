/** What a downloaded image is called. */
import type { MediaType } from './model.ts';

const extensions = { 'image/png': 'png', 'image/jpeg': 'jpg', 'image/webp': 'webp' } as const satisfies Record<
  MediaType,
  string
>;
const LONGEST = 60;

/** A name from the prompt's first words, with `-unapproved` in it until the image is approved. */
export function imageFileName(prompt: string, mediaType: MediaType, approved: boolean): string {
  return `${slug(prompt) || 'image'}${approved ? '' : '-unapproved'}.${extensions[mediaType]}`;
}

function slug(prompt: string): string {
  const words = prompt
    .normalize('NFC')
    .toLowerCase()
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter(Boolean);
  let name = '';
  for (const word of words) {
    const longer = name ? `${name}-${word}` : word;
    if (longer.length > LONGEST) return name || [...word].slice(0, LONGEST / 2).join('');
    name = longer;
  }
  return name;
}
