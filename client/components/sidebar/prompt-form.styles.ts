/** The prompt form: a sheet to write on. */
import { css } from 'lit';

export const promptForm = css`
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

  :host([purpose='generate']) textarea {
    min-block-size: 8.5rem;
    padding: 1.125rem 1.25rem;
    font-size: 1.125rem;
    box-shadow: var(--shadow);
  }

  .notes {
    display: flex;
    justify-content: space-between;
    gap: 1rem;
  }

  .notes:not(:has(.count)) .problem:empty,
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

  proof-options {
    flex: 1 1 6rem;
    min-inline-size: 0;
    /* What is chosen stands in one line, cut off at its end: however long it is, it makes the form no wider. */
    contain: inline-size;
  }

  proof-options[open] {
    flex-basis: 100%;
  }

  .send .button {
    margin-inline-start: auto;
    min-inline-size: 8.5rem;
  }
`;
