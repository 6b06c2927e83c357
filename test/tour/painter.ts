/** Lets the fake OpenAI draw with the demo generator, so that the screenshots show real pictures. */
import { createDemoGenerator } from '../../server/generators/demo/demo-generator.ts';
import type { PictureOrder } from '../support/fake-openai-pictures.ts';

const generator = createDemoGenerator({ stepMs: 0 });

/** The previews of one picture, and last the picture. */
async function draw({ prompt, number, size, format }: PictureOrder): Promise<Buffer[]> {
  const previews: Buffer[] = [];
  const options = { size: `${size.width}x${size.height}`, format } as const;
  const { image } = await generator.generate(
    { prompt, options, attempt: number },
    {
      signal: new AbortController().signal,
      onProgress: (progress) => progress.phase === 'partial' && previews.push(Buffer.from(progress.image.bytes)),
    },
  );
  return [...previews, Buffer.from(image.bytes)];
}

const drawings = new Map<string, Promise<Buffer[]>>();

export async function paint(order: PictureOrder): Promise<Buffer> {
  const { prompt, number, size, format, progress } = order;
  const key = JSON.stringify([prompt, number, size, format]);
  const drawing = drawings.get(key) ?? draw(order);
  drawings.set(key, drawing);
  const images = await drawing;
  return images[Math.floor(progress * (images.length - 1))] ?? Buffer.alloc(0);
}
