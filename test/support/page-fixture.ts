/** The smallest built page. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { onTestFinished } from 'vitest';

/** A folder with a built page. It goes with the test. */
export async function builtFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'proofroom-page-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writePage(folder);
  return folder;
}

/** Writes the files that `npm run build` makes, and beside the page a `secret.txt` that must never be served. */
export async function writePage(folder: string): Promise<void> {
  await mkdir(join(folder, 'page/assets'), { recursive: true });
  const script = 'export {};\n';
  const head = '<title>Proofroom</title><meta name="proofroom-server" content="" />';
  const page = `<!doctype html>${head}<script type="module" src="./assets/page-abc123.js"></script>`;
  await writeFile(join(folder, 'page/index.html'), page);
  await writeFile(join(folder, 'page/not-found.html'), '<!doctype html><title>Nothing here · Proofroom</title>');
  await writeFile(join(folder, 'page/index.de.html'), page.replace('<title>', '<html lang="de"><title>'));
  await writeFile(join(folder, 'page/not-found.de.html'), '<!doctype html><title>Nichts gefunden · Proofroom</title>');
  await writeFile(join(folder, 'page/assets/page-abc123.js'), script);
  await writeFile(join(folder, 'page/assets/page-abc123.js.br'), brotliCompressSync(script));
  await writeFile(join(folder, 'page/favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  await writeFile(join(folder, 'embed.js'), 'export const embedded = true;\n');
  await writeFile(join(folder, 'secret.txt'), 'not to be served');
}
