import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as v from 'valibot';

const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');
const project = join(import.meta.dirname, '..', '..');

const Report = v.object({
  diagnostics: v.array(
    v.object({
      category: v.string(),
      location: v.object({ path: v.string(), start: v.object({ line: v.number() }) }),
    }),
  ),
});

export interface Diagnostic {
  /** Such as `lint/suspicious/noExplicitAny`. */
  readonly rule: string;
  /** Relative to the project's folder. */
  readonly path: string;
  /** From 1. */
  readonly line: number;
}

/**
 * What `npm run lint` would say if the project consisted of these files.
 * @param files texts by path, relative to the project's folder
 */
export async function lint(files: Readonly<Record<string, string>>): Promise<Diagnostic[]> {
  const folder = await mkdtemp(join(tmpdir(), 'proofroom-lint-'));
  try {
    for (const name of ['biome.json', 'package.json', '.gitignore'])
      await copyFile(join(project, name), join(folder, name));
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    const report = v.parse(v.pipe(v.string(), v.parseJson(), Report), await run(folder));
    return report.diagnostics.map(({ category, location: { path, start } }) => ({
      rule: category,
      path,
      line: start.line,
    }));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Biome's report as JSON; it ends with 1 when it has found something, which is no failure here. */
function run(folder: string): Promise<string> {
  const command = [biome, 'lint', '--reporter=json', '--max-diagnostics=none'];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, command, { cwd: folder }, (error, stdout) => {
      if (stdout === '') reject(error ?? new Error('Biome said nothing.'));
      else resolve(stdout);
    });
  });
}
