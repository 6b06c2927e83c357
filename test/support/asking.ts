/** Steps of the end-to-end tests around generations: refine, cancel, options, candidates. */
import type { Locator } from 'playwright';
import { type Room, see } from './room.ts';

/** Refines the attempt in view. */
export async function refine(room: Room, words: string, number: number): Promise<void> {
  await room.feedback.fill(words);
  await room.press(`Refine No. ${number}`);
}

/** Cancels the running generation with a reason. */
export async function reject(room: Room, reason: string): Promise<void> {
  await see(room.root.getByText('A cancelled drawing may still be billed.')).toBeVisible();
  await room.reason.fill(reason);
  await room.press('Cancel');
}

export async function openOptions(room: Room): Promise<void> {
  await room.root.locator('summary').filter({ hasText: 'Options' }).click();
  await see(room.root.getByLabel('Size')).toBeVisible();
}

/** Chooses the number of candidates. */
export async function choose(room: Room, count: number): Promise<void> {
  await room.root.getByRole('radio', { name: String(count), exact: true }).check({ force: true });
}

/** What `chooseAll` chooses, as parameters of OpenAI's image tool. */
export const CHOSEN = {
  type: 'image_generation',
  model: 'another-model',
  size: '1024x1536',
  quality: 'high',
  background: 'opaque',
  output_format: 'webp',
  output_compression: 40,
  partial_images: 3,
};

export async function chooseAll({ root }: Room): Promise<void> {
  for (const [list, label] of [
    ['Model', 'another-model'],
    ['Size', 'Portrait'],
    ['Quality', 'High'],
    ['Background', 'Opaque'],
    ['Format', 'WebP'],
    ['Previews', '3'],
  ] as const) {
    await root.getByRole('combobox', { name: list, exact: true }).selectOption({ label });
  }
  const compression = root.getByLabel('Compression, 0 to 100');
  await compression.fill('40');
  await compression.press('Tab');
}

/** The candidates in the viewer. */
export const cells = ({ root }: Room): Locator =>
  root.getByRole('list', { name: /^\d pictures of one prompt$/ }).getByRole('listitem');
export const finished = (room: Room): Locator => cells(room).getByRole('button');
