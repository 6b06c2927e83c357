/** The rail beside the picture. */
import { css } from 'lit';

export const rail = css`
  :host {
    display: flex;
    flex-direction: column;
    gap: 1.5rem;
    min-inline-size: 0;
  }

  .stage {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 1rem;
  }

  /* A name may be one long word. */
  .stage > p {
    overflow-wrap: anywhere;
  }

  /* What was written may be very long; what can be done stays near. */
  blockquote,
  .stage > p {
    max-block-size: 15rem;
    overflow-y: auto;
  }

  .stage:not(:has(*)) {
    display: none;
  }

  .notes:not(:has([shown])) {
    margin-block-end: -1.5rem;
  }

  .notes > [shown] ~ [shown] {
    margin-block-start: 0.75rem;
  }

  proof-progress ~ proof-watch,
  .divided {
    padding-block-start: 1.5rem;
    border-block-start: 1px solid var(--line);
  }

  .form:has(> [hidden]) {
    display: none;
  }

  .more {
    display: grid;
    margin-block-start: auto;
    padding-block-start: 0.5rem;
  }

  blockquote {
    padding-inline-start: 0.875rem;
    border-inline-start: 2px solid var(--line);
    color: var(--ink-soft);
    overflow-wrap: anywhere;
    white-space: pre-line;
  }

  @container (inline-size < 56rem) {
    blockquote,
    .stage > p {
      max-block-size: 7.5rem;
    }
  }

  .headline {
    font-size: var(--headline);
    letter-spacing: -0.028em;
    line-height: 1.12;
  }
`;
