/** An image's bytes over HTTP: to save it, and for clients that joined with `images: 'url'`. */
import { Hono } from 'hono';
import { Counts } from '../platform/counts.ts';
import { whileAvailable } from '../session/availability.ts';
import { sentenceOf } from '../session/rejections.ts';
import type { HttpContext, HttpEnv } from './http-context.ts';
import type { NotFound } from './not-found.ts';
import { isNotModified, sendBytes } from './shared-bytes.ts';

/** The path of an image, below the path that the app is mounted at. */
export const imagePath = (sessionId: string, imageId: string): string => `/api/sessions/${sessionId}/images/${imageId}`;

/** Knowing the image's id is what lets one see it: 128 random bits that are told to the session's connections alone (rule W5). */
export function imageRoutes(context: HttpContext, notFound: NotFound): Hono<HttpEnv> {
  const { sessions, addresses, limits, allowedOrigins, telemetry } = context;
  const readers = new Counts();
  return new Hono<HttpEnv>().get(imagePath(':sessionId', ':imageId'), async (context) => {
    const [sessionId, wanted] = [context.req.param('sessionId') ?? '', context.req.param('imageId') ?? ''];
    const found = await whileAvailable(async () => {
      const session = await sessions.open(sessionId);
      const image = await session?.loadImage(wanted);
      return { session, image };
    });
    if ('code' in found) {
      telemetry.requestRefused(503);
      context.header('Retry-After', '1');
      return context.json({ code: found.code, message: sentenceOf(found) }, 503);
    }
    const { session, image } = found;
    if (!session || !image) {
      telemetry.requestRefused(404);
      return notFound(context, 'image_not_found', 'There is no such image.');
    }
    const { imageId, mediaType, sha256 } = image.reference;
    const origin = context.req.header('Origin');
    if (origin !== undefined && allowedOrigins.includes(origin)) {
      context.header('Access-Control-Allow-Origin', origin);
    }
    // An `<img>` of another site names no origin.
    const isShared = allowedOrigins.length > 0;
    context.header('Cross-Origin-Resource-Policy', isShared ? 'cross-origin' : 'same-origin');
    context.header('Vary', 'Origin');
    const tag = `"${sha256}"`;
    const isCached = isNotModified(tag, context.req.header('If-None-Match'));
    const { incoming, outgoing } = context.env ?? {};
    const reader = `${incoming ? addresses.clientOf(incoming) : ''} ${imageId}`;
    if (!isCached && readers.of(reader) >= limits.IMAGE_READERS_PER_ADDRESS) {
      telemetry.requestRefused(429);
      context.header('Retry-After', '1');
      return context.json({ code: 'rate_limited', message: 'Too many requests read this image at once.' }, 429);
    }
    // They are set after the refusal above, which a cache could otherwise store as the image.
    context.header('ETag', tag);
    // An image that nobody approved must not outlive its session on anybody's disk.
    context.header('Cache-Control', session.isApproved(imageId) ? 'private, no-cache' : 'no-store');
    if (isCached) return context.body(null, 304);
    context.header('Content-Type', mediaType);
    context.header('Content-Disposition', disposition(session.fileName(image)));
    // Nothing in the bytes runs, whatever they hold (rule S6).
    context.header('Content-Security-Policy', "default-src 'none'; sandbox");
    // A host program may hand on a response that is closed already: `close` comes only once.
    if (outgoing && !outgoing.closed) {
      // The bytes count as long as a slow reader holds them, though the session may drop the image (rule R7).
      const held = image.reservation.hold();
      readers.add(reader, 1);
      outgoing.once('close', () => {
        held.release();
        readers.add(reader, -1);
      });
    }
    return sendBytes(context, image.bytes);
  });
}

/** RFC 6266: a plain name for old clients, and the real one in UTF-8. */
function disposition(fileName: string): string {
  const plain = fileName.replace(/[^\w.-]/g, '_');
  return `inline; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(fileName)}`;
}
