/** What lies on the mat: told from the session's state alone. */

import type { Options } from '../shared/session.ts';
import type { ReceivedImage, SessionState } from './session-state.ts';

export type Showing =
  /** Nothing was asked for yet. */
  | { readonly kind: 'nothing' }
  /** Something is on its way; `ratio` is width by height, as far as it is known. */
  | { readonly kind: 'blank'; readonly ratio: number }
  /** A picture that an earlier generation made, while another is drawn. */
  | { readonly kind: 'previous'; readonly picture: ReceivedImage; readonly alt: string }
  | { readonly kind: 'partial'; readonly picture: ReceivedImage; readonly alt: string }
  | { readonly kind: 'finished'; readonly picture: ReceivedImage; readonly alt: string }
  | { readonly kind: 'approved'; readonly picture: ReceivedImage; readonly alt: string };

export function showing(state: SessionState): Showing {
  const { snapshot } = state;
  if (!snapshot) return { kind: 'nothing' };
  switch (snapshot.stage) {
    case 'initial_input':
      return { kind: 'nothing' };
    case 'generating': {
      const partial = state.partials.get(0);
      if (partial) {
        return { kind: 'partial', picture: partial, alt: `Preview, still being drawn: ${snapshot.generation.prompt}` };
      }
      const last = snapshot.image;
      const picture = last && state.images.get(last.imageId);
      if (last && picture)
        return { kind: 'previous', picture, alt: `Previous image: ${promptOf(state, last.imageId)}` };
      return { kind: 'blank', ratio: last ? last.width / last.height : ratioOf(snapshot.generation.options) };
    }
    case 'user_feedback':
    case 'final': {
      const reference = snapshot.stage === 'final' ? snapshot.approved : snapshot.image;
      const picture = state.images.get(reference.imageId);
      if (!picture) return { kind: 'blank', ratio: reference.width / reference.height };
      const kind = snapshot.stage === 'final' ? 'approved' : 'finished';
      return { kind, picture, alt: `Generated image: ${promptOf(state, reference.imageId)}` };
    }
  }
}

/** The prompt that an image was drawn from, or the draft where the attempt is no longer kept. */
export function promptOf(state: SessionState, imageId: string): string {
  const attempt = state.snapshot?.attempts.find(({ image }) => image.imageId === imageId);
  return attempt?.prompt ?? state.draft;
}

/** Width by height of a size such as `1536x1024`; 1 where the size is the generator's choice. */
export function ratioOf(options: Options): number {
  const [width, height] = (options.size ?? '').split('x').map(Number);
  return width && height ? width / height : 1;
}
