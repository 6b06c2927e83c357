/** What the forms for a prompt and for feedback have in common: styles, the notes beneath the field, and the key that sends. */
import { html, nothing, type TemplateResult } from 'lit';
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
`;

interface FieldNotes {
  readonly text: string;
  /** The longest text, in UTF-16 units. */
  readonly limit: number;
  /** What is wrong besides the length; empty if nothing is. */
  readonly problem: string;
  /** The subject of the sentence about a text that is too long. */
  readonly subject: string;
}

/** Says what is wrong with a text, and counts its characters once it is near the limit. */
export function fieldNotes({ text, limit, problem, subject }: FieldNotes): TemplateResult {
  const over = text.length - limit;
  return html`<div class="field-notes">
    <p id="problem" class="problem" role="alert">${over > 0 ? `${subject} is ${characters(over)} too long.` : problem}</p>
    ${
      text.length < limit * 0.9
        ? nothing
        : html`<p class="count small soft figures">${number(text.length)} of ${number(limit)}</p>`
    }
  </div>`;
}

/** Ctrl or Cmd with Enter; Enter alone makes a new line. */
export const isSendKey = ({ key, ctrlKey, metaKey, isComposing }: KeyboardEvent): boolean =>
  key === 'Enter' && (ctrlKey || metaKey) && !isComposing;

const number = (count: number): string => count.toLocaleString('en');
const characters = (count: number): string => `${number(count)} ${count === 1 ? 'character' : 'characters'}`;
