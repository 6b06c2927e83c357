/** The record in a dialog and on paper. */
import { css } from '../ui/css.ts';

export const recordStyles = css`
  ol,
  h4 {
    margin: 0;
    padding: 0;
  }

  h4 {
    font-size: var(--body);
    font-weight: 640;
  }

  h4:focus {
    outline: none;
  }

  .outcome {
    font-size: var(--lead);
    font-weight: 560;
  }

  .entries {
    display: grid;
    list-style: none;
  }

  .entry,
  .head {
    display: grid;
    grid-template-columns: 4rem minmax(0, 1fr);
    gap: 1rem;
    break-inside: avoid;
  }

  .entry,
  .picture {
    padding-block: 0.875rem;
    border-block-start: 1px solid var(--line);
  }

  .entry > div,
  .about {
    display: grid;
    gap: 0.375rem;
    align-content: start;
    min-inline-size: 0;
  }

  .entry > :empty {
    visibility: hidden;
  }

  .sentence,
  .about {
    overflow-wrap: anywhere;
  }

  .withdrawn-later .sentence {
    color: var(--ink-soft);
  }

  .tag {
    display: inline-block;
    padding: 0 0.5em;
    border: 1px solid var(--edge);
    border-radius: 999px;
    font-size: 0.75rem;
    font-weight: 560;
  }

  .fact {
    white-space: nowrap;
  }

  blockquote {
    padding-inline-start: 0.875rem;
    border-inline-start: 2px solid var(--edge);
  }

  .head {
    grid-template-columns: 9rem minmax(0, 1fr);
    break-after: avoid;
  }

  .short {
    break-inside: avoid;
  }

  .thumbnail {
    display: grid;
    align-content: start;
    gap: 0.375rem;
  }

  dl {
    line-height: 1.5;
  }

  .facts {
    display: grid;
    grid-template-columns: minmax(6rem, auto) minmax(0, 1fr);
    gap: 0.375rem 1rem;
  }

  .texts {
    margin-block-start: 0.75rem;
    padding-inline-start: 10rem;
  }

  .texts dd:not(:last-child) {
    margin-block-end: 0.5rem;
  }

  dt {
    color: var(--ink-soft);
    break-after: avoid;
  }

  dd {
    overflow-wrap: anywhere;
  }

  code {
    font-family: var(--mono);
    font-size: 0.9375em;
  }
`;
