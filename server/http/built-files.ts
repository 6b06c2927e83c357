/** The files that `npm run build` wrote. They are read once: all requests share their bytes, and none reaches the disk. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { getMimeType } from 'hono/utils/mime';

export interface BuiltFile {
  readonly bytes: Uint8Array;
  /** The same, compressed by Brotli, if the build wrote it. */
  readonly brotli?: Uint8Array;
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
  const plain = [...names, 'embed.js'].filter((name) => !name.endsWith('.br'));
  return new Map(plain.map((name) => [name.replaceAll(sep, '/'), readBuiltFile(join(folder, name))]));
}

function readBuiltFile(path: string): BuiltFile {
  const bytes = readFileSync(path);
  const brotli = existsSync(`${path}.br`) ? readFileSync(`${path}.br`) : undefined;
  const mediaType = getMimeType(path) ?? 'application/octet-stream';
  return { bytes, ...(brotli && { brotli }), mediaType, tag: tagOf(bytes) };
}

/** For `ETag`: the same for the same bytes. */
export const tagOf = (bytes: Uint8Array): string =>
  `"${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}"`;
