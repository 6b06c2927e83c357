/** The files that `npm run build` wrote. They are read once: all requests share their bytes, and none reaches the disk. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { getMimeType } from 'hono/utils/mime';

export interface BuiltFile {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  /** For `ETag`. */
  readonly tag: string;
}

/** By the path in the folder, such as `page/index.html`. A folder that does not exist has no files. */
export function readBuiltFiles(folder: string): ReadonlyMap<string, BuiltFile> {
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(join(folder, 'page'), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1));
  return new Map([...names, 'embed.js'].map((name) => [name.replaceAll(sep, '/'), readBuiltFile(join(folder, name))]));
}

function readBuiltFile(path: string): BuiltFile {
  const bytes = readFileSync(path);
  const digest = createHash('sha256').update(bytes).digest('hex');
  return { bytes, mediaType: getMimeType(path) ?? 'application/octet-stream', tag: `"${digest.slice(0, 32)}"` };
}
