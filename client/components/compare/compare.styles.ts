import { css } from '../ui/css.ts';

export const compare = css`
  dialog {
    inline-size: 100%;
    block-size: 100%;
    max-inline-size: none;
    max-block-size: none;
    padding: 0;
    overflow: hidden;
    border: none;
    border-radius: 0;
    background: var(--paper);
    box-shadow: none;
    container-type: inline-size;
  }

  dialog[open] {
    grid-template-rows: auto auto minmax(0, 1fr);
    gap: 0;
  }

  dialog header {
    display: grid;
    grid-template: 'mode close' auto 'zoom zoom' auto / minmax(0, 1fr) auto;
    align-items: center;
    gap: 0 0.5rem;
    padding: 0.375rem 0.75rem 0;
  }

  dialog header .button {
    margin: 0;
  }

  .status:not(:empty) {
    padding: 0.375rem 0.75rem 0;
    text-align: center;
  }

  h2 {
    position: absolute;
    clip-path: inset(50%);
  }

  /* In place of the choice of a mode. */
  .single h2 {
    position: static;
    grid-area: mode;
    clip-path: none;
  }

  .modes {
    grid-area: mode;
    display: inline-flex;
    inline-size: fit-content;
    min-inline-size: 0;
    margin: 0;
    padding: 0;
    border: 1px solid var(--edge);
    border-radius: var(--radius);
    background: var(--surface);
  }

  .mode {
    display: flex;
    align-items: center;
    min-block-size: 44px;
    padding-inline: 0.875rem;
    border-radius: calc(var(--radius) - 1px);
    color: var(--ink-soft);
    cursor: pointer;
  }

  .mode:has(:checked) {
    background: var(--ink);
    color: var(--surface);
  }

  .mode:has(:focus-visible) {
    outline: 2px solid var(--ink);
    outline-offset: 3px;
  }

  proof-zoom-tools {
    grid-area: zoom;
    justify-self: center;
  }

  header > .button {
    grid-area: close;
    inline-size: 44px;
    padding: 0;
  }

  .layout {
    display: grid;
    grid-template-columns: minmax(0, 1fr) 44px minmax(0, 1fr);
    gap: 0.5rem 0.25rem;
    min-block-size: 0;
    padding: 0.25rem 0.75rem 0.5rem;
  }

  .layout > .button {
    padding: 0;
  }

  .layout > :is(proof-zoom-pane, .gone, proof-compare-side) {
    grid-column: 1 / -1;
  }

  /* One above the other, each with its buttons below it. */
  .side-by-side {
    grid-template-rows: auto minmax(0, 1fr) auto minmax(0, 1fr) auto;
  }

  .side-by-side > proof-compare-side.side-0 {
    grid-row: 3;
  }

  .side-by-side > :is(proof-zoom-pane, .gone).side-1 {
    grid-row: 4;
  }

  .side-by-side > proof-compare-side.side-1 {
    grid-row: 5;
  }

  .slider {
    grid-template-rows: auto minmax(0, 1fr) auto auto;
  }

  .layout.single {
    grid-template-rows: minmax(0, 1fr) auto;
  }

  .choice {
    padding-block: 0.25rem;
    font-size: var(--small);
    text-overflow: ellipsis;
  }

  .gone {
    display: grid;
    place-content: center;
    border-radius: 2px;
    background: var(--backdrop);
    text-align: center;
  }

  @container (inline-size >= 40rem) {
    dialog header {
      grid-template: 'mode zoom close' auto / auto minmax(0, 1fr) auto;
      gap: 1rem;
      padding: 0.75rem 1.25rem 0.25rem;
    }

    dialog header > .button {
      margin-inline-end: -0.75rem;
    }

    proof-zoom-tools {
      justify-self: end;
    }

    .layout {
      column-gap: 0.5rem;
      padding: 0.5rem 1.25rem 0.875rem;
    }

    .layout > :is(proof-zoom-pane, .gone).side-0 {
      grid-area: 2 / 1 / auto / span 2;
      margin-inline-end: 26px;
    }

    .layout > :is(proof-zoom-pane, .gone).side-1 {
      grid-area: 2 / 2 / auto / span 2;
      margin-inline-start: 26px;
    }

    .side-by-side,
    .slider {
      grid-template-rows: auto minmax(0, 1fr) auto;
    }

    .layout > proof-compare-side.side-0 {
      grid-area: 3 / 1;
    }

    .layout > proof-compare-side.side-1 {
      grid-area: 3 / 3;
    }
  }

  @container (inline-size >= 60rem) {
    dialog header {
      grid-template: 'title mode zoom close' auto / auto auto minmax(0, 1fr) auto;
      column-gap: 1.5rem;
    }

    h2 {
      position: static;
      clip-path: none;
    }

    .single h2 {
      grid-area: title;
    }
  }

  @media (forced-colors: active) {
    .mode:has(:checked) {
      forced-color-adjust: none;
      background: Highlight;
      color: HighlightText;
    }
  }
`;
