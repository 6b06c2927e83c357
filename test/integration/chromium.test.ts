/** What `npm test` does where there is no Chromium yet; nothing is installed here. */
import { spawnSync } from 'node:child_process';
import { access, chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';

// A process takes its time to start, on a slow machine even more.
vi.setConfig({ testTimeout: 30_000 });

const program = join(import.meta.dirname, '../support/chromium.ts');
const isRoot = process.getuid?.() === 0;
const INSTALL = 'install --yes --no-install-recommends chromium';

/** A machine with this `apt-get` and nothing else on its PATH; Playwright has no browser there, and can't get one. */
async function machine(aptGet?: string) {
  const folder = await mkdtemp(join(tmpdir(), 'proofroom-chromium-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const log = join(folder, 'apt.log');
  await writeFile(log, '');
  if (aptGet !== undefined) await addProgram('apt-get', `echo "$DEBIAN_FRONTEND: $*" >> '${log}'\n${aptGet}`);
  // Below a file there is no folder for browsers, so that nothing is ever downloaded.
  const nowhere = { PLAYWRIGHT_BROWSERS_PATH: join(log, 'browsers'), PLAYWRIGHT_DOWNLOAD_HOST: 'http://127.0.0.1:9' };
  return { folder, addProgram, run, asked: async () => (await readFile(log, 'utf8')).split('\n').filter(Boolean) };

  async function addProgram(name: string, script: string): Promise<void> {
    await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, name), 0o755);
  }

  function run() {
    const env = { PATH: folder, HOME: folder, ...nowhere };
    const { status, stderr } = spawnSync(process.execPath, [program], { env, encoding: 'utf8' });
    return { status, complaints: stderr.split('\n').filter((line) => line.includes('Chromium')) };
  }
}

test('a Chromium that is there is used, and nothing is installed', async () => {
  const { addProgram, run, asked } = await machine('exit 1');
  await addProgram('chromium', '');
  expect(run()).toEqual({ status: 0, complaints: [] });
  expect(await asked()).toEqual([]);
});

test.runIf(isRoot)('where there is none, root installs Debian’s, without being asked anything', async () => {
  const { folder, run, asked } = await machine(
    `[ "$1" = update ] || { echo > "$PATH/chromium" && /bin/chmod 755 "$PATH/chromium"; }`,
  );
  expect(run()).toEqual({ status: 0, complaints: [] });
  expect(await asked()).toEqual(['noninteractive: update', `noninteractive: ${INSTALL}`]);
  await access(join(folder, 'chromium'));
});

// A Mac's own browsers stand where no PATH leads.
test.runIf(process.platform === 'linux').each([
  ['there is no apt-get', undefined, []],
  ['apt-get has no network', 'exit 100', ['update']],
  ['apt-get does not know it', '[ "$1" = update ]', ['update', INSTALL]],
  ['what apt-get installs is none', 'exit 0', ['update', INSTALL]],
])('where %s, one line says how to come by one', async (_, aptGet, calls) => {
  const { run, asked } = await machine(aptGet);
  const { status, complaints } = run();
  expect(status).toBe(1);
  expect(complaints).toEqual([
    expect.stringMatching(/apt-get install chromium.*npx playwright install chromium.*PROOFROOM_CHROMIUM/),
  ]);
  expect(await asked()).toEqual(isRoot ? calls.map((call) => `noninteractive: ${call}`) : []);
});
