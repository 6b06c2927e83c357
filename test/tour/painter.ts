/** The demo painter in the place of OpenAI's models: pictures that are worth looking at. */
import { createDemoGenerator } from '../../server/generators/demo/demo-generator.ts';
import type { PictureOrder } from '../support/fake-openai-pictures.ts';

const painter = createDemoGenerator({ stepMs: 0 });

/** All states of one picture, the finished one last. */
async function statesOf({ prompt, number, size, format }: PictureOrder): Promise<Buffer[]> {
  const states: Buffer[] = [];
  const options = { size: `${size.width}x${size.height}`, format } as const;
  const { image } = await painter.generate(
    { prompt, options, attempt: number },
    {
      signal: new AbortController().signal,
      onProgress: (progress) => progress.phase === 'partial' && states.push(Buffer.from(progress.image.bytes)),
    },
  );
  return [...states, Buffer.from(image.bytes)];
}

const painted = new Map<string, Promise<Buffer[]>>();

export async function paint(order: PictureOrder): Promise<Buffer> {
  const { prompt, number, size, format, progress } = order;
  const name = JSON.stringify([prompt, number, size, format]);
  const states = painted.get(name) ?? statesOf(order);
  painted.set(name, states);
  const all = await states;
  return all[Math.floor(progress * (all.length - 1))] ?? Buffer.alloc(0);
}
