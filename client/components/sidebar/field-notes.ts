/** What stands beneath a field for many words: what is wrong with them, and how many there are once that matters. */
import { html, nothing, type TemplateResult } from 'lit';

interface FieldNotes {
  readonly text: string;
  /** In UTF-16 units. */
  readonly limit: number;
  /** What is wrong besides the length. */
  readonly problem: string;
  /** The subject of the sentence about a text that is too long. */
  readonly subject: string;
}

export function fieldNotes({ text, limit, problem, subject }: FieldNotes): TemplateResult {
  const over = text.length - limit;
  return html`<div class="notes">
    <p id="problem" class="problem" role="alert">${over > 0 ? `${subject} is ${characters(over)} too long.` : problem}</p>
    ${
      text.length < limit * 0.9
        ? nothing
        : html`<p class="count small soft figures">${number(text.length)} of ${number(limit)}</p>`
    }
  </div>`;
}

/** Enter alone makes a new line. */
export const isSendKey = ({ key, ctrlKey, metaKey, isComposing }: KeyboardEvent): boolean =>
  key === 'Enter' && (ctrlKey || metaKey) && !isComposing;

const number = (count: number): string => count.toLocaleString('en');
const characters = (count: number): string => `${number(count)} ${count === 1 ? 'character' : 'characters'}`;
