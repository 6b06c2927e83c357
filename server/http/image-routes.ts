/** An image's bytes over HTTP: to save it, and for clients that joined with `images: 'url'`. */
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { imageFileName } from '../../shared/file-name.ts';
import type { ImageReference } from '../../shared/model.ts';
import { find } from '../session/attempts.ts';
import type { Session } from '../session/session.ts';
import type { Nothing } from './not-found.ts';
import type { RoutesContext } from './routes.ts';

/** The session's id is what lets one look (rule W5), so the address serves nobody who has not been given it. */
export function imageRoutes(
  { sessions, config, journal }: RoutesContext,
  nothing: Nothing,
): Hono<{ Bindings: HttpBindings }> {
  const { allowedOrigins } = config;
  return new Hono<{ Bindings: HttpBindings }>().get('/api/sessions/:sessionId/images/:imageId', async (context) => {
    const { sessionId, imageId } = context.req.param();
    const session = sessions.find(sessionId);
    const image = session?.visibleImage(imageId);
    if (!session || !image) {
      journal.requestRefused(404);
      return nothing(context, 'image_not_found', 'There is no such image.');
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
    if (isHeld(tag, context.req.header('If-None-Match'))) return context.body(null, 304);
    context.header('Content-Type', mediaType);
    context.header('Content-Length', String(byteLength));
    context.header('Content-Disposition', disposition(fileNameIn(session, image.reference)));
    // Whatever the bytes hold, nothing in them runs (rule S6).
    context.header('Content-Security-Policy', "default-src 'none'; sandbox");
    // Whoever reads slowly holds the bytes, though the session may drop them (rule R7).
    const room = image.room?.hold();
    context.env.outgoing.once('close', () => room?.release());
    return context.body(Buffer.from(image.bytes.buffer as ArrayBuffer, image.bytes.byteOffset, byteLength));
  });
}

/** Whether `If-None-Match` names the tag: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2. */
function isHeld(tag: string, held = ''): boolean {
  return held === '*' || held.split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
}

function fileNameIn({ state }: Session, { imageId, mediaType }: ImageReference): string {
  const attempt = find([...state.attempts, ...state.discarded], imageId);
  const generation = state.stage === 'generating' ? state.generation : undefined;
  const approved = state.stage === 'final' && state.approved.imageId === imageId;
  return imageFileName((attempt ?? generation)?.prompt ?? '', mediaType, approved);
}

/** RFC 6266: a plain name for old clients, and the real one in UTF-8. */
function disposition(fileName: string): string {
  const plain = fileName.replace(/[^\w.-]/g, '_');
  return `inline; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(fileName)}`;
}
