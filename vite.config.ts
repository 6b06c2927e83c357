import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { defineConfig, type Plugin, type UserConfig } from 'vite';

const HOST = '127.0.0.1';
/** In development the page has the port that the server has in production, and the server the next one. */
const PAGE_PORT = Number(process.env.PORT ?? 3000);
const SERVER_PORT = PAGE_PORT + 1;

/**
 * The page and the 404 page, in dist/page: assets are hashed and nothing is inline, so that the server's CSP allows them (rule S5).
 * All addresses are relative, so that the page works under any path; the server adapts those in the HTML to the depth of the request.
 */
const page: UserConfig = {
  root: 'client/page',
  base: './',
  build: {
    outDir: '../../dist/page',
    license: { fileName: 'licenses.md' },
    rolldownOptions: { input: ['client/page/index.html', 'client/page/not-found.html'] },
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
};

/** `npx vite build --mode embed`: dist/embed.js, one classic script that brings `<proof-room>` into other people's pages. */
const embed: UserConfig = {
  root: 'client',
  publicDir: false,
  build: {
    outDir: '../dist',
    license: { fileName: 'embed.licenses.md' },
    emptyOutDir: false,
    lib: { entry: 'embed.ts', formats: ['iife'], name: 'Proofroom', fileName: () => 'embed.js' },
  },
};

/** `npm run dev`: the page reloads by itself, and so does the server behind it. */
const development: UserConfig = {
  ...page,
  plugins: [server()],
  server: {
    host: HOST,
    port: PAGE_PORT,
    strictPort: true,
    proxy: Object.fromEntries(
      ['/ws', '/api', '/healthz', '/readyz', '/metrics', '/embed.js'].map((path) => [
        path,
        { target: `http://${HOST}:${SERVER_PORT}`, ws: path === '/ws' },
      ]),
    ),
  },
};

export default defineConfig(({ command, mode }) => {
  if (command === 'serve') return development;
  return mode === 'embed' ? embed : page;
});

/** Runs the server beside the page: it starts, restarts and ends with it. */
function server(): Plugin {
  return {
    name: 'proofroom-server',
    configureServer({ config, httpServer }) {
      const child = spawn(process.execPath, ['--watch', '--watch-preserve-output', 'server/main.ts'], {
        env: { ...process.env, HOST, PORT: String(SERVER_PORT) },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      for (const input of [child.stdout, child.stderr]) {
        createInterface({ input }).on('line', (line) => config.logger.info(`  server  ${line}`));
      }
      const hint = `\n  Open http://${HOST}:${PAGE_PORT}/ (port ${SERVER_PORT} is the server behind it, without reloading)`;
      httpServer?.once('listening', () => config.logger.info(hint));
      httpServer?.once('close', () => child.kill());
      // Vite ends itself only on SIGTERM. On the other signals the server would go on without it.
      for (const signal of ['SIGINT', 'SIGHUP'] as const)
        process.once(signal, () => process.kill(process.pid, 'SIGTERM'));
      process.once('exit', () => child.kill());
    },
  };
}
