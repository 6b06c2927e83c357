/** What is known of a picture: terms and values, closed until somebody wants them. */
import { css } from 'lit';

export const attemptFacts = css`
  :host {
    display: block;
    min-inline-size: 0;
  }

  .text {
    display: block;
    max-block-size: 15rem;
    overflow-y: auto;
    white-space: pre-line;
  }

  summary {
    color: var(--ink-soft);
  }

  dl {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: 0.5rem 1rem;
    padding-block: 0.25rem 0.5rem;
    font-size: var(--small);
    line-height: 1.5;
  }

  dt {
    color: var(--ink-soft);
  }

  dd {
    overflow-wrap: anywhere;
  }

  .digest {
    font-family: var(--mono);
  }
`;
