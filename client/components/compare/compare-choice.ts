/** What is chosen above a comparison: the way to compare, and a picture for each side. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Attempt } from '../../../shared/model.ts';
import { attemptNumber, firstWords } from '../../model/attempt-label.ts';

export type Way = 'beside' | 'over';
export type Side = 0 | 1;

const ways = { beside: 'Side by side', over: 'Slider' } as const satisfies Record<Way, string>;
const ordinals = ['First', 'Second'] as const;

export function wayChoice(chosen: Way, choose: (way: Way) => void): TemplateResult {
  const choice = (way: Way) => html`<label class="way">
    <input class="unseen" type="radio" name="way" .checked=${chosen === way} @change=${() => choose(way)} />${ways[way]}
  </label>`;
  return html`<fieldset class="ways">
    <legend class="unseen">How to compare</legend>
    ${choice('beside')}${choice('over')}
  </fieldset>`;
}

interface PictureChoice {
  readonly side: Side;
  readonly attempts: readonly Attempt[];
  /** An image id, of an attempt that may be gone. */
  readonly chosen: string | undefined;
  readonly choose: (imageId: string) => void;
}

export function pictureChoice({ side, attempts, chosen, choose }: PictureChoice): TemplateResult {
  const isGone = !attempts.some(({ image }) => image.imageId === chosen);
  const changed = ({ target }: Event): void => {
    if (target instanceof HTMLSelectElement) choose(target.value);
  };
  return html`<select class=${`choice side-${side}`} aria-label=${`${ordinals[side]} picture`} @change=${changed}>
    ${isGone ? html`<option value="" .selected=${true} disabled>Choose a picture</option>` : nothing}
    ${attempts.map(
      (attempt) =>
        html`<option value=${attempt.image.imageId} .selected=${attempt.image.imageId === chosen}>
          ${attemptNumber(attempt, attempts)}: ${firstWords(attempt.feedback ?? attempt.prompt)}
        </option>`,
    )}
  </select>`;
}
