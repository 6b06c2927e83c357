/** An image's bytes over HTTP: to save it, and for clients that joined with `images: 'url'`. */
import { Hono } from 'hono';
import type { HttpContext, HttpEnv } from './http-context.ts';
import type { NotFound } from './not-found.ts';

/** The path of an image, below the path that the app is mounted at. */
export const imagePath = (sessionId: string, imageId: string): string => `/api/sessions/${sessionId}/images/${imageId}`;

/** Knowing the session id is what lets one look (rule W5). */
export function imageRoutes({ sessions, allowedOrigins, telemetry }: HttpContext, notFound: NotFound): Hono<HttpEnv> {
  return new Hono<HttpEnv>().get(imagePath(':sessionId', ':imageId'), async (context) => {
    const session = sessions.view(context.req.param('sessionId') ?? '');
    const image = session?.visibleImage(context.req.param('imageId') ?? '');
    if (!session || !image) {
      telemetry.requestRefused(404);
      return notFound(context, 'image_not_found', 'There is no such image.');
    }
    const { mediaType, byteLength, sha256 } = image.reference;
    const origin = context.req.header('Origin');
    if (origin !== undefined && allowedOrigins.includes(origin)) {
      context.header('Access-Control-Allow-Origin', origin);
      context.header('Cross-Origin-Resource-Policy', 'cross-origin');
    }
    const tag = `"${sha256}"`;
    context.header('Vary', 'Origin');
    context.header('Cache-Control', 'private, immutable, max-age=86400');
    context.header('ETag', tag);
    if (isNotModified(tag, context.req.header('If-None-Match'))) return context.body(null, 304);
    context.header('Content-Type', mediaType);
    context.header('Content-Length', String(byteLength));
    context.header('Content-Disposition', disposition(session.fileName(image)));
    // Nothing in the bytes runs, whatever they hold (rule S6).
    context.header('Content-Security-Policy', "default-src 'none'; sandbox");
    // The bytes count as long as a slow reader holds them, though the session may drop the image (rule R7).
    const held = image.reservation.hold();
    const response = context.env?.outgoing;
    // A host program may hand on a response that is closed already: `close` comes only once.
    if (response && !response.closed) response.once('close', () => held.release());
    else held.release();
    return context.body(Buffer.from(image.bytes.buffer as ArrayBuffer, image.bytes.byteOffset, byteLength));
  });
}

/** https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2 */
function isNotModified(tag: string, ifNoneMatch = ''): boolean {
  return ifNoneMatch === '*' || ifNoneMatch.split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
}

/** RFC 6266: a plain name for old clients, and the real one in UTF-8. */
function disposition(fileName: string): string {
  const plain = fileName.replace(/[^\w.-]/g, '_');
  return `inline; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(fileName)}`;
}
