/** A built page in its smallest form. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Writes what `npm run build` would leave in `builtFolder`, and beside it a `secret.txt` that nobody is to be served. */
export async function writePage(builtFolder: string): Promise<void> {
  await mkdir(join(builtFolder, 'page/assets'), { recursive: true });
  await writeFile(join(builtFolder, 'page/index.html'), '<!doctype html><title>Proofroom</title>');
  await writeFile(join(builtFolder, 'page/not-found.html'), '<!doctype html><title>Nothing here · Proofroom</title>');
  await writeFile(join(builtFolder, 'page/assets/page-abc123.js'), 'export {};\n');
  await writeFile(join(builtFolder, 'page/favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  await writeFile(join(builtFolder, 'embed.js'), 'export const embedded = true;\n');
  await writeFile(join(builtFolder, 'secret.txt'), 'not to be served');
}
