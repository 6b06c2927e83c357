import { css } from '../ui/css.ts';

export const sidebar = css`
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

  /* Long texts are cut or scroll, so that the controls below stay near. */
  blockquote {
    --lines: 7;
  }

  .stage > p {
    max-block-size: 15rem;
    overflow-y: auto;
  }

  .stage:not(:has(*)) {
    display: none;
  }

  .notices:not(:has([shown])) {
    margin-block-end: -1.5rem;
  }

  .notices > [shown] ~ [shown] {
    margin-block-start: 0.75rem;
  }

  proof-progress ~ proof-watch-note,
  .divided {
    padding-block-start: 1.5rem;
    border-block-start: 1px solid var(--line);
  }

  .form:has(> [folded]) {
    display: none;
  }

  .kept {
    padding-block: 0.75rem;
  }

  .more {
    display: grid;
    margin-block-start: auto;
    padding-block-start: 0.5rem;
  }

  .record .button {
    margin-inline-start: -0.5rem;
    padding-inline: 0.5rem;
    font-size: var(--small);
  }

  blockquote {
    padding-inline-start: 0.875rem;
    border-inline-start: 2px solid var(--line);
    color: var(--ink-soft);
    overflow-wrap: anywhere;
    white-space: pre-line;
  }

  @container (inline-size < 56rem) {
    blockquote {
      --lines: 4;
    }

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
