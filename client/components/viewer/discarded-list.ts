/** What was put aside, closed until somebody wants it: each with who did so, and the way back. */
import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { DiscardedAttempt } from '../../../shared/model.ts';
import { attemptNumber } from '../../model/attempt-label.ts';
import type { ReceivedImage } from '../../session/session-state.ts';
import { button } from '../ui/button.ts';
import * as icons from '../ui/icons.ts';
import './thumbnail.ts';

interface DiscardedListOptions {
  readonly discarded: readonly DiscardedAttempt[];
  readonly images: ReadonlyMap<string, ReceivedImage>;
  /** This person's own connection. */
  readonly connectionId: string | undefined;
  readonly decides: boolean;
  readonly unavailable: boolean;
  readonly isBusy: (imageId: string) => boolean;
  readonly restore: (imageId: string) => void;
  /** Opened, or closed again. */
  readonly unfolded: () => void;
}

export function discardedList(options: DiscardedListOptions): TemplateResult | typeof nothing {
  const { discarded, unfolded } = options;
  if (discarded.length === 0) return nothing;
  return html`<details @toggle=${unfolded}>
    <summary class="figures">${icons.chevron()}Discarded (${discarded.length})</summary>
    <ul class="aside">
      ${repeat(
        discarded,
        ({ image }) => image.imageId,
        (attempt) => item(attempt, options),
      )}
    </ul>
  </details>`;
}

function item(attempt: DiscardedAttempt, options: DiscardedListOptions): TemplateResult {
  const { image, discarded } = attempt;
  const number = attemptNumber(attempt, options.discarded);
  const who = discarded.connectionId === options.connectionId ? 'you' : html`<bdi>${discarded.by}</bdi>`;
  return html`<li data-image-id=${image.imageId}>
    <proof-thumbnail .image=${image} .picture=${options.images.get(image.imageId)}></proof-thumbnail>
    <div>
      <p class="figures">${number}<span class="small soft">, by ${who}</span></p>
      ${
        options.decides
          ? button({
              label: 'Restore',
              name: `Restore ${number}`,
              kind: 'quiet',
              busy: options.isBusy(image.imageId),
              unavailable: options.unavailable,
              press: () => options.restore(image.imageId),
            })
          : nothing
      }
    </div>
  </li>`;
}
