import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { chromiumLaunchOptions } from './test/support/chromium.ts';
import { languages } from './vite.config.ts';

/** A slow machine takes this long for what takes a moment: `expect.poll` waits for a second by itself. */
const expect = { poll: { timeout: 10_000 } };

/** See test/README.md for what belongs where. */
export default defineConfig({
  plugins: [languages()],
  test: {
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'], expect, testTimeout: 15_000 } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          expect,
          // Some start a Redis, or a server, of their own.
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          setupFiles: ['test/support/browser-texts.ts'],
          include: ['test/browser/**/*.test.ts'],
          expect,
          testTimeout: 15_000,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: chromiumLaunchOptions() }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          // No test changes a module, so the files can share them: loading them takes a second each time.
          isolate: false,
          include: ['test/e2e/**/*.test.ts'],
          expect,
          // Each test opens several pages and waits for a server, which takes long on a slow machine.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      { test: { name: 'simulator', include: ['test/simulator/**/*.test.ts'], testTimeout: 60_000 } },
      {
        test: {
          name: 'faults',
          include: [
            'test/faults/**/*.test.ts',
            'test/cluster/**/*.test.ts',
            'test/fuzz/**/*.test.ts',
            'test/bench/bench.test.ts',
          ],
          expect,
          // Rules that speak of real seconds, over real sockets, in processes of their own.
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
