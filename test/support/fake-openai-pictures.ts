/** The pictures of the fake image services: real image files, no two of them the same. */
import { createCanvas } from '@napi-rs/canvas';

export interface PictureOrder {
  readonly prompt: string;
  /** Pictures of the same prompt differ by their number. */
  readonly number: number;
  /** How much of the picture is drawn, from 0 to 1. */
  readonly progress: number;
  readonly size: PictureSize;
  readonly format: 'png' | 'jpeg' | 'webp';
}

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** The encoded bytes of one picture. */
export function paintPicture({ prompt, number, progress, size, format }: PictureOrder): Promise<Buffer> {
  const { width, height } = size;
  const canvas = createCanvas(width, height);
  const context = canvas.getContext('2d');
  const hue = hueOf(prompt, number);
  context.fillStyle = `hsl(${hue} 55% 92%)`;
  context.fillRect(0, 0, width, height);
  const bands = 12;
  for (let band = 0; band < bands * progress; band++) {
    context.fillStyle = `hsl(${hue + band * 9} 60% ${30 + band * 4}%)`;
    context.fillRect(
      (band * width) / bands,
      height * (0.15 + 0.05 * ((band + number) % 5)),
      width / bands,
      height * 0.6,
    );
  }
  context.fillStyle = `hsl(${hue} 60% 18%)`;
  context.font = `${Math.round(height / 14)}px sans-serif`;
  context.fillText(`${number} · ${Math.round(progress * 100)}%  ${prompt.slice(0, 40)}`, width * 0.04, height * 0.95);
  switch (format) {
    case 'png':
      return canvas.encode('png');
    case 'jpeg':
      return canvas.encode('jpeg', 85);
    case 'webp':
      return canvas.encode('webp', 85);
  }
}

function hueOf(prompt: string, number: number): number {
  let hash = number * 47;
  for (const letter of prompt) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 360;
  return hash;
}
