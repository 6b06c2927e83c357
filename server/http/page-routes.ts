/** The page, its assets, and the script that other people's pages embed. */
import { brotliCompressSync } from 'node:zlib';
import { type Context, Hono } from 'hono';
import { accepts } from 'hono/accepts';
import { detectFromHeader } from 'hono/language';
import { type BuiltFile, tagOf } from './built-files.ts';
import type { HttpContext, HttpEnv } from './http-context.ts';
import { isNotModified, sendBytes } from './shared-bytes.ts';

export function pageRoutes({ files, allowedOrigins, expected }: HttpContext): Hono<HttpEnv> {
  const isolation = isolationHeaders(allowedOrigins);
  const pageHeaders = {
    ...isolation,
    'Content-Security-Policy': contentSecurityPolicy(allowedOrigins),
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cache-Control': 'no-cache',
  };
  // Other origins load the script: as a script, as a module, and from pages that isolate themselves.
  const embedHeaders = {
    'Access-Control-Allow-Origin': '*',
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'Cache-Control': 'no-cache',
  };
  const assetHeaders = { ...isolation, 'Cache-Control': 'public, max-age=31536000, immutable' };
  /** The page as it goes out, by its language and the depth of its path. */
  const pages = new Map<string, BuiltFile>();
  const page = (context: Context) => {
    const file = pageFor(context, files, 'index');
    if (!file) return context.notFound();
    const { path } = context.req;
    const key = `${levelsOf(path)} ${file.tag}`;
    const adapted = pages.get(key) ?? compressed(withRelativePaths(withExpected(file, expected), path));
    pages.set(key, adapted);
    return send(context, adapted, pageHeaders);
  };
  return new Hono<HttpEnv>()
    .get('/', page)
    .get('/index.html', page)
    .get('/s/:sessionId', page)
    .get('/embed.js', (context) => {
      const file = files.get('embed.js');
      return file ? send(context, file, embedHeaders) : context.notFound();
    })
    .get('*', (context) => {
      const { path } = context.req;
      const file = files.get(`page${path}`);
      return file ? send(context, file, path.startsWith('/assets/') ? assetHeaders : pageHeaders) : context.notFound();
    });
}

function send(context: Context, file: BuiltFile, headers: Readonly<Record<string, string>>): Response {
  for (const [name, value] of Object.entries(headers)) context.header(name, value);
  if (file.brotli) context.header('Vary', 'Accept-Encoding', { append: true });
  const { bytes, tag, encoding } = encodingFor(context, file);
  context.header('ETag', tag);
  if (isNotModified(tag, context.req.header('If-None-Match'))) return context.body(null, 304);
  context.header('Content-Type', file.mediaType);
  if (encoding) context.header('Content-Encoding', encoding);
  return sendBytes(context, bytes);
}

/** The same file in two encodings needs two tags: https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3.3 */
function encodingFor(context: Context, { bytes, brotli, tag }: BuiltFile) {
  const isTaken = accepts(context, { header: 'Accept-Encoding', supports: ['br'], default: '' }) === 'br';
  return brotli && isTaken ? { bytes: brotli, tag: tag.replace(/"$/, '-br"'), encoding: 'br' } : { bytes, tag };
}

/** The page in the language that the browser prefers, of those that it was built in; otherwise in English. */
export function pageFor(
  context: Context,
  files: HttpContext['files'],
  name: 'index' | 'not-found',
): BuiltFile | undefined {
  const pattern = new RegExp(`^page/${name}\\.(.+)\\.html$`);
  const translations = [...files.keys()].flatMap((path) => pattern.exec(path)?.[1] ?? []);
  const language = detectFromHeader(context, { ...headerOptions, supportedLanguages: ['en', ...translations] });
  context.header('Vary', 'Accept-Language', { append: true });
  return files.get(language === undefined || language === 'en' ? `page/${name}.html` : `page/${name}.${language}.html`);
}

/** Those that matter for the header are set with the languages. */
const headerOptions: Parameters<typeof detectFromHeader>[1] = {
  order: ['header'],
  lookupQueryString: '',
  lookupCookie: '',
  lookupFromPathIndex: 0,
  lookupFromHeaderKey: 'Accept-Language',
  caches: false,
  ignoreCase: true,
  fallbackLanguage: 'en',
  supportedLanguages: [],
};

/** Tells the page in its head what it may expect of this server, so that it can show a prompt field before it has asked. */
function withExpected(page: BuiltFile, expected: HttpContext['expected']): BuiltFile {
  if (expected === undefined) return page;
  const html = new TextDecoder().decode(page.bytes).replace(EXPECTED, `$1${expected}"`);
  const bytes = new TextEncoder().encode(html);
  return { ...page, bytes, tag: tagOf(bytes) };
}

const EXPECTED = /(<meta name="proofroom-server" content=")"/;

/** The built pages name their assets relative to the root of the app (`./`). From a deeper path that is one or more levels up. */
export function withRelativePaths(page: BuiltFile, path: string): BuiltFile {
  const levels = levelsOf(path);
  if (levels <= 0) return page;
  const html = new TextDecoder().decode(page.bytes).replaceAll('="./', `="${'../'.repeat(levels)}`);
  return { ...page, bytes: new TextEncoder().encode(html) };
}

/** Below the root of the app. */
const levelsOf = (path: string): number => path.split('/').length - 2;

const compressed = (page: BuiltFile): BuiltFile => ({ ...page, brotli: brotliCompressSync(page.bytes) });

/** Who may load what is served: the pages of the server itself, and those that embed it, also where they isolate themselves (COEP). */
export function isolationHeaders(allowedOrigins: readonly string[]) {
  return {
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Cross-Origin-Resource-Policy': allowedOrigins.length > 0 ? 'cross-origin' : 'same-origin',
  } as const;
}

/** No inline script or style, no eval, Trusted Types, and frames only for those who may embed (rule S5). */
export function contentSecurityPolicy(allowedOrigins: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob:",
    "font-src 'self'",
    "connect-src 'self' blob:",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    ["frame-ancestors 'self'", ...allowedOrigins].join(' '),
    "require-trusted-types-for 'script'",
    'trusted-types lit-html',
  ].join('; ');
}
