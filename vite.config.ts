import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import compile from 'icu-minify/compile';
import { defineConfig, type Plugin, type UserConfig } from 'vite';
import { compression } from 'vite-plugin-compression2';
import { isOnFirstScreen } from './client/model/first-screen.ts';

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
  plugins: [languages(), terseTemplates(), brotli()],
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
  plugins: [languages(), terseTemplates(), brotli()],
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
  plugins: [languages(), server()],
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

/** Takes comments and indentation out of the styles and the markup in components, which the minifier leaves as they are. */
function terseTemplates(): Plugin {
  return {
    name: 'proofroom-terse-templates',
    enforce: 'pre',
    transform: {
      filter: { id: /\/client\/components\/.*\.ts$/ },
      handler: (code) => ({ code: terse(code), map: null }),
    },
  };
}

const terse = (code: string): string => code.replace(/\bcss`(?:\\.|[^`\\])*`/g, terseStyles).replace(/\n\s+/g, '\n');

const terseStyles = (styles: string): string =>
  styles
    .replace(/\/\*.*?\*\//gs, '')
    .replace(/\s+/g, ' ')
    .replace(/ ?([{};]) ?/g, '$1')
    .replace(/([:,]) /g, '$1')
    .replaceAll(';}', '}');

/** Compresses scripts and styles once, so that the server need not: each file `x` gets an `x.br` beside it. */
function brotli() {
  return compression({ algorithms: ['brotliCompress'], include: /\.(js|css)$/ });
}

export default defineConfig(({ command, mode }) => {
  if (command === 'serve') return development;
  return mode === 'embed' ? embed : page;
});

/**
 * Compiles the messages of the languages, so that the page needs no parser for them, and fills the HTML: `{{key}}` becomes a message. The build writes each HTML file in English under its own name, and in `de`, say, as `<name>.de.html`.
 */
export function languages(): Plugin {
  let isServed = false;
  return {
    name: 'proofroom-languages',
    enforce: 'post',
    configResolved({ command }) {
      isServed = command === 'serve';
    },
    transformIndexHtml: {
      order: 'pre',
      handler: async (html) => (isServed ? inLanguage(html, 'en', await messagesIn(languageFile('en'))) : html),
    },
    async generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type !== 'asset' || !file.fileName.endsWith('.html')) continue;
        const html = String(file.source);
        for (const name of readdirSync(languageFolder)) {
          const language = name.slice(0, -'.ts'.length);
          const chunk = Object.values(bundle).find(
            (one) => one.type === 'chunk' && one.facadeModuleId === `${fileURLToPath(languageFile(language))}?first`,
          );
          const source = inLanguage(html, language, await messagesIn(languageFile(language)), chunk?.fileName);
          if (language === 'en') file.source = source;
          else this.emitFile({ type: 'asset', fileName: file.fileName.replace(/html$/, `${language}.html`), source });
        }
      }
    },
    async load(id) {
      const [path = '', query] = id.split('?');
      if (!/\/languages\/[^/]+\.ts$/.test(path)) return undefined;
      this.addWatchFile(path);
      const messages = compileMessages(partOf(await messagesIn(pathToFileURL(path)), query));
      return { code: `export default ${JSON.stringify(messages)};`, moduleType: 'js' };
    },
  };
}

type Messages = Readonly<Record<string, string>>;

/** `?first`: the messages of the first screen; `?rest`: the others; otherwise all. */
function partOf(messages: Messages, query: string | undefined): Messages {
  if (query !== 'first' && query !== 'rest') return messages;
  return Object.fromEntries(Object.entries(messages).filter(([key]) => isOnFirstScreen(key) === (query === 'first')));
}

const languageFolder = new URL('client/languages/', import.meta.url);
const languageFile = (language: string): URL => new URL(`${language}.ts`, languageFolder);

/** As they are now: in development the file may have changed. */
async function messagesIn(file: URL): Promise<Messages> {
  const { default: messages } = await import(`${file}?${Date.now()}`);
  return messages;
}

/** @param chunk the file of the language, which the page is going to load */
function inLanguage(html: string, language: string, messages: Messages, chunk?: string): string {
  const preload =
    chunk && html.includes('type="module"') ? `<link rel="modulepreload" crossorigin href="./${chunk}" />\n  ` : '';
  return html.replace('</head>', `${preload}</head>`).replace(/\{\{([\w.]+)\}\}/g, (_, key: string) => {
    const text = key === 'language' ? language : messages[key];
    if (text === undefined) throw new Error(`There is no message ${key} in ${language}`);
    return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
  });
}

/** @param messages in ICU MessageFormat, by key */
export function compileMessages(messages: Messages): Record<string, unknown> {
  return Object.fromEntries(Object.entries(messages).map(([key, message]) => [key, isolated(compile(message))]));
}

/**
 * A text that is filled in, `["name"]`, may be in another direction than the sentence, and must not change the order of the words around
 * it: U+2068 isolates it, up to U+2069. https://www.unicode.org/reports/tr9/#Explicit_Directional_Isolates
 */
function isolated(node: unknown): unknown {
  if (Array.isArray(node)) {
    return node.flatMap((child: unknown) =>
      Array.isArray(child) && child.length === 1 ? ['\u2068', child, '\u2069'] : [isolated(child)],
    );
  }
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(Object.entries(node).map(([name, child]) => [name, isolated(child)]));
}

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
