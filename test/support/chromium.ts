/**
 * Finds the Chromium that browser tests run in: the one that the environment names, one on PATH, or Playwright's own. Run as a program,
 * this file installs one when it finds none.
 */
import { join } from 'node:path';
import { chromium, type LaunchOptions } from 'playwright';
import { firstExecutable, installPackage, isRoot, pathsOf, run } from './programs.ts';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'microsoft-edge'];

const installedPaths = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** The path of an executable. `PROOFROOM_CHROMIUM` and `CHROME_BIN` come first. */
export function findChromium(): string | undefined {
  const { PROOFROOM_CHROMIUM, CHROME_BIN } = process.env;
  return firstExecutable([
    PROOFROOM_CHROMIUM,
    CHROME_BIN,
    ...pathsOf(names),
    ...installedPaths,
    chromium.executablePath(),
  ]);
}

/** How every test launches its browser: without network traffic of its own. */
export function chromiumLaunchOptions(): Pick<LaunchOptions, 'executablePath' | 'args'> {
  const executablePath = findChromium();
  const args = [
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
    // Each window loads two pages of the browser's own for its address bar, while the test's page is at work.
    '--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup',
    // Chromium's sandbox refuses to run as root.
    ...(isRoot() ? ['--no-sandbox'] : []),
  ];
  return executablePath === undefined ? { args } : { executablePath, args };
}

function installChromium(): void {
  installPackage('chromium');
  if (findChromium() !== undefined) return;
  run(process.execPath, join(import.meta.dirname, '../../node_modules/playwright/cli.js'), 'install', 'chromium');
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
