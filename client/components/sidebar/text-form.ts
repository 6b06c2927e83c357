/** What the forms for a prompt and for feedback have in common: styles, the notes beneath the field, and the key that sends. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Texts } from '../../model/texts.ts';
import { css } from '../ui/css.ts';

export const textForm = css`
  form {
    display: grid;
    gap: 0.5rem;
  }

  textarea {
    display: block;
    field-sizing: content;
    min-block-size: 6.5rem;
    max-block-size: 18rem;
    padding: 0.875rem 1rem;
    resize: vertical;
    line-height: 1.5;
  }

  .field-notes {
    display: flex;
    justify-content: space-between;
    gap: 1rem;
  }

  .field-notes:not(:has(.count)) .problem:empty,
  .hint:empty {
    display: none;
  }

  .count {
    margin-inline-start: auto;
    white-space: nowrap;
  }

  .send {
    display: flex;
    flex-wrap: wrap;
    align-items: start;
    justify-content: space-between;
    gap: 0.5rem 1rem;
  }

  .send .button {
    margin-inline-start: auto;
    min-inline-size: 8.5rem;
  }

  @media (hover: none) and (pointer: coarse) {
    .keys,
    .hint:not(:has(> :not(.keys, :empty))):has(> .keys) {
      display: none;
    }

    textarea:focus {
      max-block-size: min(18rem, 30dvh);
      scroll-margin-block-end: 5rem;
    }

    /* While somebody types, the button stays in reach above the keyboard. */
    textarea:focus ~ .send:not(:has([open])) {
      position: sticky;
      inset-block-end: var(--keyboard-height, 0px);
      z-index: 1;
      padding-block: 0.5rem;
      background: var(--surface);
    }
  }
`;

interface FieldNotes {
  readonly text: string;
  /** The longest text, in UTF-16 units. */
  readonly limit: number;
  /** What is wrong besides the length; empty if nothing is. */
  readonly problem: string;
  /** The sentence about a text that is too long. */
  readonly tooLong: 'prompt.tooLong' | 'text.tooLong';
}

/** Says what is wrong with a text, and counts its characters once it is near the limit. */
export function fieldNotes(t: Texts, { text, limit, problem, tooLong }: FieldNotes): TemplateResult {
  const over = text.length - limit;
  return html`<div class="field-notes">
    <p id="problem" class="problem" role="alert">${over > 0 ? t(tooLong, { count: over }) : problem}</p>
    ${
      text.length < limit * 0.9
        ? nothing
        : html`<p class="count small soft figures">${t('text.count', { count: text.length, limit })}</p>`
    }
  </div>`;
}

/** Which keys do what. On a touch screen that has no such keys, the button sends. */
export const keysHint = (t: Texts): TemplateResult => html`<span id="keys" class="keys">${t('text.keys')}</span>`;

/** An on-screen keyboard has no Shift that Enter could be pressed with. */
const isTouch = matchMedia('(hover: none) and (pointer: coarse)');

/**
 * Whether the key sends the text: Enter, with Ctrl or Cmd as well; on a touch screen only with them. Shift or Alt with Enter makes a
 * new line. The Enter that ends a composition sends nothing: Safari reports it after the composition, with the key code 229.
 */
export function isSendKey({ key, keyCode, shiftKey, altKey, ctrlKey, metaKey, isComposing }: KeyboardEvent): boolean {
  if (key !== 'Enter' || shiftKey || altKey || isComposing || keyCode === 229) return false;
  return ctrlKey || metaKey || !isTouch.matches;
}
