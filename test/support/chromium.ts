/**
 * Finds the Chromium that browser tests run in: the one that the environment names, one on PATH, or Playwright's own. Run as a program,
 * this file installs one when it finds none.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type LaunchOptions } from 'playwright';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'microsoft-edge'];

const installedPaths = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** The path of an executable. `PROOFROOM_CHROMIUM` and `CHROME_BIN` come first. */
export function findChromium(): string | undefined {
  const { PROOFROOM_CHROMIUM, CHROME_BIN, PATH = '' } = process.env;
  const onPath = PATH.split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  const candidates = [PROOFROOM_CHROMIUM, CHROME_BIN, ...onPath, ...installedPaths, chromium.executablePath()];
  return candidates.find((path) => path !== undefined && isExecutable(path));
}

/** How every test launches its browser: without network traffic of its own. */
export function chromiumLaunchOptions(): Pick<LaunchOptions, 'executablePath' | 'args'> {
  const executablePath = findChromium();
  const args = [
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
    // Chromium's sandbox refuses to run as root.
    ...(isRoot() ? ['--no-sandbox'] : []),
  ];
  return executablePath === undefined ? { args } : { executablePath, args };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function installChromium(): void {
  if (isRoot() && run('apt-get', 'update')) run('apt-get', 'install', '--yes', '--no-install-recommends', 'chromium');
  if (findChromium() !== undefined) return;
  run(process.execPath, join(import.meta.dirname, '../../node_modules/playwright/cli.js'), 'install', 'chromium');
}

function run(command: string, ...args: string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env }).status === 0;
}

if (import.meta.main) {
  if (findChromium() === undefined) installChromium();
  if (findChromium() === undefined) {
    console.error(
      'No Chromium for the browser tests: run apt-get install chromium as root, or npx playwright install chromium, ' +
        'or name an executable in PROOFROOM_CHROMIUM.',
    );
    process.exitCode = 1;
  }
}
