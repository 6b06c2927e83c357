/** One line while folded, a grid of fields while unfolded. */
import { css } from '../ui/css.ts';

export const promptOptions = css`
  .grid {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr));
    gap: 0.75rem;
    padding-block: 0.25rem 0.5rem;
  }

  .field {
    display: grid;
    gap: 0.375rem;
    align-content: start;
    min-inline-size: 0;
    font-size: var(--small);
    font-weight: 500;
    color: var(--ink-soft);
  }

  /* Names of models often differ only at their ends, so they get the whole width. */
  .field.model {
    grid-column: 1 / -1;
  }

  select,
  input[type='number'] {
    color: var(--ink);
    text-overflow: ellipsis;
  }

  select {
    padding-inline-end: 0.25rem;
  }

  summary {
    max-inline-size: 100%;
  }

  .chosen {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    font-weight: 420;
    color: var(--ink-soft);
  }

  fieldset {
    grid-column: 1 / -1;
    min-inline-size: 0;
    margin: 0;
    padding: 0;
    border: 0;
  }

  legend {
    margin-block-end: 0.375rem;
    padding: 0;
  }

  .segments {
    display: grid;
    grid-auto-flow: column;
    grid-auto-columns: minmax(0, 1fr);
    max-inline-size: 20rem;
    border: 1px solid var(--edge);
    border-radius: var(--radius);
    background: var(--surface);
  }

  .segment {
    display: grid;
    place-items: center;
    color: var(--ink);
    font-size: var(--body);
    cursor: pointer;
  }

  .segment + .segment {
    border-inline-start: 1px solid var(--line);
  }

  .segment > * {
    grid-area: 1 / 1;
  }

  .segment input {
    appearance: none;
    min-block-size: 44px;
    margin: 0;
    padding: 0;
    border: 0;
    border-radius: calc(var(--radius) - 1px);
    background: transparent;
    cursor: inherit;
  }

  .segment input:checked {
    background: var(--ink);
  }

  .segment input:checked + span {
    color: var(--paper);
    font-weight: 620;
  }

  .segment span {
    z-index: 1;
    pointer-events: none;
  }

  .segment input:focus-visible {
    outline-offset: 3px;
  }

  .billed:empty {
    display: none;
  }

  @media (forced-colors: active) {
    .segment input:checked,
    .segment input:checked + span {
      forced-color-adjust: none;
      color: HighlightText;
    }

    .segment input:checked {
      background: Highlight;
    }
  }
`;
